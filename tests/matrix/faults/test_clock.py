"""The clock as a fault: a month's edge, a leap February, zones with daylight saving time, another zone in Postgres."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
import time_machine
from sqlalchemy import text
from tests.matrix.faults.dump import Dump, JsonRows
from tests.matrix.faults.environment import Environment
from tests.matrix.faults.scenarios import LIMITS, SCENARIOS, Scenario, fetch_and_prove

MONTHS = [scenario for scenario in SCENARIOS if scenario.run is fetch_and_prove]
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@contextmanager
def at(environment: Environment, moment: datetime, zone: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let it be a moment, for us and for the vendors, in a process of another zone."""
    before = environment.simulator.state.fixed_now
    environment.simulator.set_now(moment)
    with monkeypatch.context() as patch, time_machine.travel(moment, tick=True):
        patch.setenv("TZ", zone)
        time.tzset()
        try:
            yield
        finally:
            environment.simulator.set_now(before)
            patch.undo()
            time.tzset()


def stored(environment: Environment, scenario: Scenario, month: str, zone: str = "UTC") -> JsonRows:
    """Give the rows of one month in a database that had none, whose sessions have a zone of their own."""
    with environment.copy_of(environment.empty) as engine:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"alter database \"{engine.url.database}\" set timezone = '{zone}'"))
        outcome = fetch_and_prove(scenario, LIMITS, month=month)
        assert outcome.error is None, outcome.error
        return Dump(engine).derived()


@pytest.mark.parametrize("scenario", MONTHS, ids=lambda scenario: scenario.name.replace(" ", "-"))
@pytest.mark.parametrize(
    ("month", "moment", "zone"),
    [
        ("2026-10", datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC), "Pacific/Kiritimati"),  # there it is tomorrow
        ("2026-10", datetime(2026, 11, 22, 0, 0, 0, tzinfo=UTC), "Pacific/Niue"),  # there it is yesterday
        ("2026-10", datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC), "Pacific/Auckland"),  # there it is December
        ("2026-10", datetime(2026, 12, 1, 0, 0, 0, tzinfo=UTC), "America/Los_Angeles"),  # there it is November
        ("2024-02", datetime(2026, 11, 22, 12, tzinfo=UTC), "Europe/Berlin"),  # a leap February
        ("2026-03", datetime(2026, 11, 22, 12, tzinfo=UTC), "Europe/Berlin"),  # an hour is missing in March
        ("2025-10", datetime(2026, 11, 22, 12, tzinfo=UTC), "America/New_York"),  # in Postgres too: see below
    ],
)
def test_a_month_is_the_same_wherever_and_whenever_it_is_read(scenario, month, moment, zone, environment, monkeypatch):
    with at(environment, moment, "UTC", monkeypatch):
        expected = stored(environment, scenario, month)
    with at(environment, moment, zone, monkeypatch):
        assert stored(environment, scenario, month, zone) == expected


@pytest.mark.parametrize("scenario", MONTHS, ids=lambda scenario: scenario.name.replace(" ", "-"))
def test_a_leap_day_is_in_its_month(scenario, environment):
    """29 February 2024 belongs to the month: the vendors' total of it is stored, to the last digit."""
    truth = environment.simulator.truth(scenario.vendor.name, scenario.account, "2024-02")
    with environment.copy_of(environment.empty) as engine:
        assert fetch_and_prove(scenario, LIMITS, month="2024-02").error is None
        with engine.connect() as connection:
            query = "select invoice_id, total from billing.current_invoice where month = '2024-02-01' order by 1"
            rows = [tuple(row) for row in connection.execute(text(query))]
    assert rows == sorted((invoice.invoice_id, invoice.total) for invoice in truth)
    assert rows
