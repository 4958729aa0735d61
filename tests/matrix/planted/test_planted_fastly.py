"""Every billing error that the simulator plants for Fastly is found by the control meant for it; nothing else is."""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import Engine, create_engine, text

from billing.config.accounts import Account, load_accounts
from billing.month import Month
from billing.payloads import exact_json
from billing.reconciliation.reconciler import Rules, reconcile_month
from billing.storage.document_store import document_reader
from billing.storage.payloads import Fetch
from billing_vendors.base.vendor import Document
from billing_vendors.fastly.vendor import FASTLY
from vendor_simulator.months import Month as SimulatedMonth
from vendor_simulator.planted import Planted
from vendor_simulator.testing import Simulator
from vendor_simulator.world import World

# the first month, and how many; each has one planted error
ALL = Month(2023, 11), 36
THREE = Month(2024, 3), 3
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CURRENT = """
    select account, to_char(month, 'YYYY-MM'), control_id, subject, state, explanation
    from billing.current_control_result where state in ('EXCEPTION', 'BLOCKED') order by 1, 2, 3, 4
"""


@dataclass(frozen=True)
class Found:
    """One stored result that a person has to look at."""

    account: str
    month: str
    control: str
    subject: str
    state: str
    explanation: str


@dataclass(frozen=True)
class History:
    """What some months of all accounts came to."""

    planted: list[Planted]
    found: list[Found]
    states: Counter[str]
    months: int
    errors_expected: int


@pytest.fixture(
    scope="module", params=[pytest.param(THREE, marks=pytest.mark.sample), ALL], ids=["three months", "36 months"]
)
def history(request, postgres, migrated_template, tmp_path_factory) -> History:
    """The whole world, collected over HTTP, stored in Postgres and reconciled, account by account, month by month."""
    first, count = request.param
    name = f"planted_fastly_{count}"
    postgres.create_database(name, template=migrated_template)
    engine = _pooled(postgres.url(name))
    folder = tmp_path_factory.mktemp("planted_fastly")
    months = 0
    with pytest.MonkeyPatch.context() as patch, Simulator(World(seed=7), now=NOW) as simulator:
        for conn_id, connection in simulator.connections().items():
            patch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection))
        for account in _accounts(simulator.world, folder, first):
            for month in _months(account, first.shifted(count - 1)):
                _run(engine, account, month, folder / "documents")
                months += 1
        planted = [
            error
            for error in simulator.world.planted(
                SimulatedMonth.parse(str(first)), SimulatedMonth.parse(str(first.shifted(count - 1)))
            )
            if error.vendor == "fastly"
        ]
    with engine.connect() as connection:
        found = [Found(*row) for row in connection.execute(text(CURRENT))]
        rows = connection.execute(
            text("select state, count(*) as number from billing.current_control_result group by 1")
        )
        states = Counter({row.state: row.number for row in rows})
    engine.dispose()
    return History(planted, found, states, months, count)


def _pooled(url: str) -> Engine:
    """Keep connections: thousands of short transactions would each open one."""
    return create_engine(
        url,
        json_serializer=exact_json.dumps,
        json_deserializer=exact_json.loads_text,
        connect_args={"options": "-c timezone=UTC"},
    )


def _accounts(world: World, folder: Path, first: Month) -> list[Account[Any]]:
    """Load the simulator's own accounts; history begins with the first month looked at, so nothing is missing."""
    path = folder / "accounts.yaml"
    path.write_text(yaml.safe_dump({"accounts": world.accounts()}), encoding="utf-8")
    accounts = load_accounts(FASTLY.name, FASTLY.settings_type, path)
    return [replace(account, first_month=max(account.first_month, first)) for account in accounts]


def _months(account: Account[Any], last: Month) -> list[Month]:
    count = (last.year - account.first_month.year) * 12 + last.month - account.first_month.month + 1
    return [account.first_month.shifted(months) for months in range(count)]


def _run(engine: Engine, account: Account[Any], month: Month, documents: Path) -> None:
    fetch = Fetch(
        engine, documents, purpose="month", vendor=FASTLY.name, account=account.name, month=month, dag_run="backfill"
    )
    for kept in FASTLY.load_implementation().collect(account, month):
        if isinstance(kept, Document):
            fetch.keep_document(kept.invoice_id, kept.file_format, kept.media_type, kept.request, kept.body)
        else:
            fetch.keep(kept)
    fetch_id = fetch.complete().fetch_id
    rules = Rules(FASTLY.load_implementation().derive, FASTLY.controls(), document_reader(documents))
    reconcile_month(engine, rules, account, fetch_id)


def _expected(error: Planted) -> set[str]:
    return {error.control, *error.also}


def test_each_planted_error_is_found_by_its_control_and_nothing_else_is(history):
    """The table: what is planted, what found it, and how many exceptions nobody planted."""
    exceptions = [row for row in history.found if row.state == "EXCEPTION"]
    by_place = defaultdict(list)
    for row in exceptions:
        by_place[row.account, row.month].append(row.control)
    expected = {(e.account, str(e.month), control) for e in history.planted for control in _expected(e)}
    false_alarms = [row for row in exceptions if (row.account, row.month, row.control) not in expected]
    lines = [
        f"{error.month}  {error.account:16} {error.document:15} {error.control:4} found by "
        f"{', '.join(by_place[error.account, str(error.month)]) or 'NOTHING':9} {error.sentence}"
        for error in history.planted
    ]
    lines += [f"FALSE ALARM {row}" for row in false_alarms]
    found = sum(error.control in by_place[error.account, str(error.month)] for error in history.planted)
    sys.stdout.write("\n".join(lines) + "\n")  # seen if a test fails, or with -rP
    sys.stdout.write(
        f"fastly, {history.months} account-months: planted {len(history.planted)}, found {found}, "
        f"false alarms = {len(false_alarms)}; {dict(history.states)}\n"
    )
    assert false_alarms == []
    assert {(row.account, row.month, row.control) for row in exceptions} == expected
    assert len(history.planted) == history.errors_expected


@pytest.mark.sample
def test_the_36_months_hold_every_kind_of_error():
    planted = World(seed=7).planted(SimulatedMonth(2023, 11), SimulatedMonth(2026, 10))
    kinds = {error.control for error in planted if error.vendor == "fastly"}
    assert kinds == {"F1", "F2", "F4", "F6", "F11", "F12", "F13", "F14", "F15"}


def test_a_document_is_named_by_the_finding(history):
    """Where the error is in an invoice, the finding's subject is that invoice, or the month it bills."""
    subjects = {(row.account, row.month, row.control): row.subject for row in history.found}
    for error in history.planted:
        subject = subjects[error.account, str(error.month), error.control]
        assert subject in {error.document, str(error.month)}, error


def test_nothing_is_blocked_where_all_months_are_stored(history):
    """Neither API generation is a wall of BLOCKED: what v2 cannot give is NOT_APPLICABLE."""
    assert [row for row in history.found if row.state == "BLOCKED"] == []
