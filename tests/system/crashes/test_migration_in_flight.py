"""The schema moves while tasks run: a transaction is whole before it or refused after it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.system.crashes.conftest import CASES
from tests.system.crashes.killing import Ending, left
from tests.system.crashes.next_schema import NEXT, make_migrations, move
from tests.system.crashes.task_process import FORKED
from tests.system.crashes.test_races import DEADLOCKS
from tests.system.crashes.wire_proxy import BEFORE

from billing.storage.migrate import URL_VARIABLE
from billing.storage.revision import REVISION

ROOT = Path(__file__).resolve().parents[3]
RESTATED, _, FIRST, _ = CASES
WAITS = "select count(*) from pg_locks where locktype = 'advisory' and not granted and pid <> pg_backend_pid()"
REFUSED = (
    f"the billing database is at schema version {NEXT}, this code needs {REVISION}: run `python -m "
    "billing.storage.migrate` with the owner's URL, or install the Tieout version that made it"
)


def migration(place, folder, revision):
    process = FORKED.Process(target=move, args=(place.url, str(folder), revision))
    process.start()
    return process


def ended(process):
    process.join(60)
    return process.exitcode


@pytest.fixture(scope="module")
def migrations(tmp_path_factory):
    return make_migrations(tmp_path_factory.mktemp("future"))


@pytest.mark.parametrize("case", [RESTATED, FIRST], ids=lambda case: case.name)
@pytest.mark.parametrize("at", ["insert billing.payload", "insert billing.reconciliation", "commit"])
def test_a_migration_waits_for_the_transaction_in_flight_and_the_task_is_refused_after_it(
    killings, migrations, tally, case, at
):
    """The old code is refused until the schema is taken back (or new code comes); then the month is stored."""
    killing = killings(case)
    _, end, trace = killing.undisturbed
    number = [event.number for event in trace.sql if event.label == at][-1]
    with killing.stage.place() as place:
        running = []

        def let_the_schema_move(_session):
            running.append(migration(place, migrations, NEXT))
            deadline = time.monotonic() + 30
            while place.rows.send(WAITS) == [(0,)] and time.monotonic() < deadline:
                time.sleep(0.02)
            return True

        process = place.start(case.steps())
        place.sql.stop, place.sql.stop_at = let_the_schema_move, (number, BEFORE)
        told = process.wait()

        assert [ended(each) for each in running] == [0]
        assert place.rows.send("select version_num from billing.alembic_version") == [(NEXT,)]
        assert told.error in (None, ("StorageError", REFUSED))
        assert (told.error is None) == (len(told.given) == 2), told
        assert ended(migration(place, migrations, REVISION)) == 0
        killing.is_old_or_new(place, at)
        if at != "insert billing.payload":
            assert Ending.of(place).derived == end.derived, "the transaction in flight was whole"
        steps, fetched = left(case.steps(), told, None)
        place.run(steps, fetched=fetched)
        killing.ended_well(place, [at])
        ((deadlocks,),) = place.rows.send(DEADLOCKS)
    assert deadlocks == 0
    tally("races tried", "a migration during a run")


# what DAGs import for their tasks, by the step that calls it
ENTRIES = {
    "fetch": "fetch_month",
    "reconcile": "reconcile_fetched",
    "rederive": "rederive_month",
    "take_snapshot": "take_snapshot",
    "keep_running_month": "keep_running_month",
    "propose_accrual": "propose_accrual",
    "announce_month": "announce",
}
# these read what others have stored, and ask no vendor; they open the database by the same function, which refuses
READERS = {"close", "export_months", "tell_news"}


def test_these_are_all_the_tasks_that_need_the_database():
    imports = re.compile(r"^ +from billing_vendors\.base(?:\.\w+)* import (\w+)", re.MULTILINE)
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "dags").glob("*.py")]
    assert {name for text in texts for name in imports.findall(text)} == set(ENTRIES.values()) | READERS


HAS_NOT = {"fastly": "keep_running_month", "genesys_cloud": "take_snapshot"}


@pytest.mark.parametrize("version", [NEXT, "0000"], ids=["newer", "older"])
@pytest.mark.parametrize("case", [RESTATED, FIRST], ids=lambda case: case.vendor)
def test_every_task_refuses_a_schema_of_another_version_before_it_asks_anybody(killings, case, version):
    with killings(case).stage.place() as place:
        place.rows.send(f"update billing.alembic_version set version_num = '{version}'")
        for entry in ENTRIES.keys() - {HAS_NOT[case.vendor]}:
            told = place.start(case.steps(None, entry), fetched=1).wait()
            assert told.error == ("StorageError", REFUSED.replace(NEXT, version)), entry
            assert place.http.events == [], entry


@pytest.mark.parametrize("version", [NEXT, "0000"], ids=["newer", "older"])
def test_the_command_of_certificates_refuses_it_too(killings, version, tmp_path):
    with killings(FIRST).stage.place() as place:
        place.rows.send(f"update billing.alembic_version set version_num = '{version}'")
        command = [sys.executable, "-m", "billing.certificate", "month", FIRST.vendor, FIRST.account, "2026-07"]
        environment = os.environ | place.environment | {URL_VARIABLE: place.url}
        done = subprocess.run(
            [*command, "--to", tmp_path], env=environment, capture_output=True, text=True, check=False
        )
    assert (done.returncode, done.stderr.strip()) == (1, "tieout: " + REFUSED.replace(NEXT, version))
