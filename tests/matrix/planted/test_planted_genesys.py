"""Every billing error that the simulator plants for Genesys Cloud is found, by the control meant for it alone."""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from billing.config.accounts import Account, load_accounts
from billing.month import Month
from billing.payloads import exact_json
from billing.reconciliation.reconciler import Rules, reconcile_month
from billing.storage.engine import engine_from_url
from billing.storage.payloads import Fetch
from billing_vendors.base.vendor import Document
from billing_vendors.genesys_cloud.settings import VENDOR, GenesysSettings
from billing_vendors.genesys_cloud.vendor import GENESYS_CLOUD
from vendor_simulator.months import Month as SimulatedMonth
from vendor_simulator.planted import Planted
from vendor_simulator.testing import Simulator
from vendor_simulator.web.settings import Settings
from vendor_simulator.world import World

# the first month, how many, and the errors planted in them; a part is tried in tests/matrix/readings
ALL = Month(2023, 1), 36, 31


@dataclass(frozen=True)
class Row:
    """One stored result that a person has to look at."""

    account: str
    month: str
    control: str
    subject: str
    state: str
    explanation: str


@dataclass(frozen=True)
class History:
    """What some months of all organisations came to."""

    planted: list[Planted]
    rows: list[Row]
    states: Counter[tuple[str, str]]
    errors_expected: int


@pytest.fixture(scope="module", params=[ALL], ids=["36 months"])
def history(request, postgres, migrated_template, tmp_path_factory) -> History:
    """The whole world, collected over HTTP, stored in Postgres and reconciled, account by account, month by month."""
    first, count, errors = request.param
    name = f"planted_genesys_{count}"
    postgres.create_database(name, template=migrated_template)
    engine = _pooled(postgres.url(name))
    poll_schedule = Settings(report_asks=0, report_seconds=0, rate_limit=1_000_000)
    with pytest.MonkeyPatch.context() as patch, Simulator(World(seed=7), settings=poll_schedule) as simulator:
        for conn_id, connection in simulator.connections().items():
            patch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection))
        for account in _accounts(simulator.world, tmp_path_factory.mktemp("accounts"), first):
            for months in range(count):
                _run(engine, account, first.shifted(months), tmp_path_factory.getbasetemp() / "documents")
        planted = simulator.world.planted(
            SimulatedMonth.parse(str(first)), SimulatedMonth.parse(str(first.shifted(count - 1)))
        )
    rows, states = _stored(engine)
    engine.dispose()
    postgres.drop_database(name)
    return History([error for error in planted if error.vendor == VENDOR], rows, states, errors)


def _pooled(url: str) -> Engine:
    """The product's engine but for a pool: its tasks are short processes, this is 144 of them in one."""
    return create_engine(
        engine_from_url(url).url,
        json_serializer=exact_json.dumps,
        json_deserializer=exact_json.loads_text,
        connect_args={"options": "-c timezone=UTC"},
    )


def _accounts(world: World, folder: Path, first: Month) -> list[Account[GenesysSettings]]:
    """The organisations as accounts.yaml has them; history begins with the first month looked at."""
    rows = [row for row in world.accounts() if row["vendor"] == VENDOR]
    path = folder / "accounts.yaml"
    path.write_text(json.dumps({"accounts": rows}))
    accounts = load_accounts(VENDOR, GenesysSettings, path)
    return [replace(account, first_month=max(account.first_month, first)) for account in accounts]


def _run(engine, account: Account[GenesysSettings], month: Month, documents: Path) -> None:
    named = {"vendor": VENDOR, "account": account.name, "month": month}
    fetch = Fetch(engine, documents, purpose="month", dag_run=f"manual__{month}", **named)
    for kept in GENESYS_CLOUD.load_implementation().collect(account, month):
        if isinstance(kept, Document):
            fetch.keep_document(kept.invoice_id, kept.file_format, kept.media_type, kept.request, kept.body)
        else:
            fetch.keep(kept)
    done = fetch.complete()

    def read_file(location: str) -> bytes:
        return (documents / location).read_bytes()

    rules = Rules(GENESYS_CLOUD.load_implementation().derive, GENESYS_CLOUD.controls(), read_file)
    reconcile_month(engine, rules, account, done.fetch_id)


def _stored(engine) -> tuple[list[Row], Counter]:
    results = "from billing.control_result c join billing.account_month m using (reconciliation_id) where m.vendor = %s"
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "select m.account, to_char(m.month, 'YYYY-MM'), c.control_id, c.subject, c.state, c.explanation "
            f"{results} and c.state in ('EXCEPTION', 'BLOCKED') order by 1, 2, 3, 4",
            (VENDOR,),
        )
        found = [Row(*row) for row in rows]
        counts = connection.exec_driver_sql(
            f"select c.control_id, c.state, count(*) {results} group by 1, 2", (VENDOR,)
        )
        states = Counter({(control_id, state): number for control_id, state, number in counts})
    return found, states


def test_each_planted_error_is_found_by_its_control_and_nothing_else_is(history):
    planted, rows = history.planted, history.rows
    exceptions: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if row.state == "EXCEPTION":
            exceptions[row.account, row.month].append(row)
    lines, missed = [], []
    for error in planted:
        here = exceptions[error.account, str(error.month)]
        found = [row for row in here if row.control == error.control]
        exceptions[error.account, str(error.month)] = [row for row in here if row not in found]
        subjects = ", ".join(sorted({row.subject for row in found})) or "NOT FOUND"
        lines.append(f"{error.month}  {error.account:15} {error.document:20} {error.control:4} {subjects}")
        if not found:
            missed.append(error)
    false_alarms = [row for left in exceptions.values() for row in left]
    sys.stdout.write(_table(lines, planted, missed, false_alarms))
    assert len(planted) == history.errors_expected
    assert not missed
    assert not false_alarms


def _table(lines: list[str], planted: list[Planted], missed: list[Planted], false_alarms: list[Row]) -> str:
    return "\n".join(
        [
            "\n\nplanted in Genesys Cloud's world, all organisations",
            "month    account         document             by   found in",
            *lines,
            f"planted {len(planted)}, found {len(planted) - len(missed)}, false alarms {len(false_alarms)}",
            *(f"  FALSE ALARM {row}" for row in false_alarms),
            "",
        ]
    )


def test_only_a_planted_currency_keeps_a_control_from_judging(history):
    """Amounts of two currencies are not compared; beyond that the world has every operand of every control."""
    currencies = {(error.account, str(error.month)) for error in history.planted if error.control == "G8"}
    blocked = [row for row in history.rows if row.state == "BLOCKED"]
    assert {row.control for row in blocked} == {"G2", "G5"}
    assert {(row.account, row.month) for row in blocked} == currencies


def test_every_control_judged_something(history):
    judged = {control for control, state in history.states if state not in {"NOT_APPLICABLE", "BLOCKED"}}
    assert judged == {control.control_id for control in GENESYS_CLOUD.controls()}
