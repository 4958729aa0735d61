"""Postgres is killed under a running task: a clear error that is retried, or success; after the retry the same rows."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from itertools import product
from pathlib import Path

import psycopg2
import pytest
from airflow.sdk import RetryDecision
from tests.system.crashes.conftest import CASES, a_vendor
from tests.system.crashes.killing import Killing, left
from tests.system.crashes.stage import Stage
from tests.system.crashes.wire_proxy import ANSWERED, BEFORE

from billing.errors import StorageError
from billing.storage.migrate import upgrade
from billing_vendors.base.retries import VendorRetryPolicy
from tieout_stack.ports import free_ports
from tieout_stack.postgres import PostgresServer
from tieout_stack.processes import started_at

RESTATED, _, OF_A_PDF, _ = CASES
# what the run is at, and at which moment of it the server is killed
MOMENTS = {
    "while answers are kept": ("insert billing.payload", ANSWERED),
    "in a COPY": ("copied rows", BEFORE),
    "between two statements": ("insert billing.reconciliation", ANSWERED),
    "before the commit": ("commit", BEFORE),
    "when it has committed": ("commit", ANSWERED),
}


@pytest.fixture(scope="module")
def server(watchdog) -> Iterator[PostgresServer]:
    """A server that keeps what it has committed, on a port that it keeps, too."""
    folder = Path(tempfile.mkdtemp(prefix="tieout-postgres-"))
    folder.chmod(0o755)
    watchdog.watch(folder)
    try:
        with PostgresServer(folder, port=free_ports(1)[0]) as running:
            running.create_database("migrated")
            upgrade(running.url("migrated"))
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def killings(server, tmp_path_factory):
    """The undisturbed run of each case on this server."""
    made = {}
    with ExitStack() as opened:
        for case in (RESTATED, OF_A_PDF):
            folder, vendor = tmp_path_factory.mktemp("stage"), opened.enter_context(a_vendor())
            made[case] = Killing(opened.enter_context(closing(Stage(server, "migrated", vendor, folder, case))))
        yield made


def point_of(killing, moment):
    """Find the last such message before the month is stored: of several, that is the one in the long transaction."""
    label, of_message = MOMENTS[moment]
    _, _, trace = killing.undisturbed
    stored = max(event.number for event in trace.sql if event.label.endswith("billing.account_month"))
    first_commit_after = next(e.number for e in trace.sql if e.label == "commit" and e.number > stored)
    return max(e.number for e in trace.sql if e.label == label and e.number <= first_commit_after), of_message


@contextmanager
def back_again(server, seconds=60.0):
    """Wait, once the block is left, until the server has ended all sessions and takes new ones."""
    url = server.url("postgres").replace("+psycopg2", "")
    watch = psycopg2.connect(url)
    yield
    deadline = time.monotonic() + seconds
    with suppress(psycopg2.Error):
        while time.monotonic() < deadline:
            watch.cursor().execute("select 1")
    if not server.running:
        server.start()
    while time.monotonic() < deadline:
        with suppress(psycopg2.OperationalError):
            psycopg2.connect(url).close()
            return
        time.sleep(0.05)
    raise AssertionError(f"Postgres takes no session after {seconds} s: see {server.log}")


def kill_session(_server, session):
    """Kill the task's own session: Postgres ends all others and recovers."""
    os.kill(session.backend, signal.SIGKILL)


def stop_at_once(server, _session):
    """Shut the server down as ``pg_ctl stop -m immediate`` does: without a checkpoint, as if the power had failed."""
    pid = int((server.data / "postmaster.pid").read_text(encoding="utf-8").split()[0])
    os.kill(pid, signal.SIGQUIT)
    while started_at(pid) is not None:
        time.sleep(0.01)


WAYS = list(product((kill_session, stop_at_once), MOMENTS))
CASES_IN_TURN = (RESTATED, OF_A_PDF) * len(WAYS)


@pytest.mark.parametrize(
    ("case", "kill", "moment"),
    [(case, *way) for case, way in zip(CASES_IN_TURN, WAYS, strict=False)],
    ids=lambda value: getattr(value, "name", getattr(value, "__name__", value)),
)
def test_a_task_whose_database_is_killed_fails_clearly_and_its_retry_stores_the_month(
    killings, server, tally, case, kill, moment
):
    killing = killings[case]
    with killing.stage.place() as place:
        number, of_message = point_of(killing, moment)
        # a sequence of a database that was copied counts on, without a word in the log, until the first checkpoint;
        # a crash before it would set it back, which happens to no database that was made otherwise
        place.rows.send("checkpoint")
        with back_again(server):
            process = place.start(case.steps())
            place.sql.stop = lambda session: kill(server, session)
            place.sql.stop_at = (number, of_message)
            told = process.wait()

        assert told.exitcode == 0
        assert told.error is not None
        kind, message = told.error
        assert kind == "StorageError"
        assert message.startswith("the billing database (connection billing_db) failed: ")
        assert message.endswith("The task may be run again")
        assert "\n" not in message
        assert len(message) < 500
        assert VendorRetryPolicy().evaluate(StorageError(message), 1, 4) == RetryDecision.default()

        killing.is_old_or_new(place, moment)
        steps, fetched = left(case.steps(), told, None)
        place.run(steps, fetched=fetched)
        killing.ended_well(place, [moment])
    how = "restarted" if kill is stop_at_once else "recovered"
    tally("kills survived", f"Postgres {how}")
