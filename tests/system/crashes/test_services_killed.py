"""
One month of twenty accounts in a real Airflow that loses its triggerer, a task and its scheduler on the way.

All are killed with SIGKILL and two of them started again, as a machine's own supervision would. Nobody repairs
anything: the run ends by itself, and each account has its month once.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool
from tests.system.airflow.conftest import GENESYS, SimulatorHere
from tests.system.crashes.conftest import a_vendor

from tieout_stack.airflow import COMPONENTS, AirflowStack
from tieout_stack.local_stack import LocalStack
from tieout_stack.processes import session_members, signal_session
from tieout_stack.stages import Stages
from tieout_stack.state import StateFolder
from tieout_stack.stop_signals import StopSignals
from vendor_simulator.testing import Simulator

ROOT = Path(__file__).resolve().parents[3]
LIKE, COUNT = "nord-contact", 20
SECONDS = 600
SCHEDULER, TRIGGERER = "airflow-scheduler", "airflow-triggerer"
# how soon Airflow notices that something died; its defaults are 30 s to 5 minutes
QUICK = {
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "15",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "15",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
}
MONTHS = """
    select m.account, i.invoice_id, i.total, r.results_sha256::text
    from billing.account_month m
    join billing.current_invoice i on (i.vendor, i.account, i.month) = (m.vendor, m.account, m.month)
    join billing.reconciliation r on r.reconciliation_id = m.reconciliation_id
"""


class QuickAirflow(AirflowStack):
    """Airflow as it always is, but soon aware of what died."""

    def environment(self) -> dict[str, str]:
        return super().environment() | QUICK


class QuickStack(LocalStack):
    """The local stack with it."""

    @property
    def airflow(self) -> QuickAirflow:
        usual = super().airflow
        return QuickAirflow(usual.checkout, usual.state, usual.metadata_url, usual.port)


@dataclass
class Services:
    """The running services, and how to kill them."""

    stack: QuickStack
    simulator: Simulator

    @cached_property
    def api(self) -> Any:
        return self.stack.airflow.api()

    def pid(self, name: str) -> int:
        records = json.loads(self.stack.state.processes.read_text(encoding="utf-8"))
        return next(record["pid"] for record in records if record["name"] == name)

    def start(self, name: str) -> None:
        command = [sys.executable, "-m", *COMPONENTS[name]]
        self.stack.supervisor.start(name, command, self.stack.airflow.environment())

    def tasks(self, run: str) -> list[dict[str, Any]]:
        return self.api.task_instances(GENESYS, run)

    def states(self, run: str, name: str) -> Counter[str]:
        return Counter(each["state"] for each in self.tasks(run) if each["task_id"].endswith(f".{name}"))

    def until(self, seen: Any, what: str) -> Any:
        deadline = time.monotonic() + SECONDS
        while not (found := seen()):
            assert time.monotonic() < deadline, f"{SECONDS} s were not enough until {what}"
            time.sleep(0.5)
        return found

    def a_task_process(self) -> int | None:
        """Give the process of a running task: the scheduler's workers start one for each."""
        scheduler = self.pid(SCHEDULER)
        parents = {pid: _parent(pid) for pid in session_members(scheduler)}
        workers = {pid for pid, parent in parents.items() if parent == scheduler}
        return next((pid for pid, parent in parents.items() if parent in workers), None)


def _parent(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return 0
    return int(stat.rpartition(")")[2].split()[1])


@pytest.fixture(scope="module")
def services(tmp_path_factory, watchdog) -> Iterator[Services]:
    with ExitStack() as opened, pytest.MonkeyPatch.context() as patch:
        simulator = opened.enter_context(a_vendor())
        (like,) = (each for each in simulator.world.accounts() if each["name"] == LIKE)
        accounts = tmp_path_factory.mktemp("accounts") / "accounts.yaml"
        copies = [{**like, "name": f"contact-{number:02}"} for number in range(COUNT)]
        accounts.write_text(yaml.safe_dump({"accounts": copies}), encoding="utf-8")
        patch.setenv("TIEOUT_ACCOUNTS", str(accounts))
        folder = Path(tempfile.mkdtemp(prefix="tieout-services-"))
        opened.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)  # the user who runs Postgres for root must get through
        watchdog.watch(folder)
        stack = QuickStack(ROOT, StateFolder(folder / "state"), Stages(), StopSignals())
        stack.simulator = SimulatorHere(simulator)  # type: ignore[assignment]  # the part of it that the stack needs
        running = Services(stack, simulator)
        opened.callback(stack.stop)
        stack.start()
        running.api.wait_for_dags([GENESYS], 240)
        yield running


def test_a_month_of_twenty_accounts_outlives_triggerer_task_and_scheduler(services, tally):
    api, simulator = services.api, services.simulator
    simulator.settings.report_asks = 1_000_000  # the vendor is making its reports, and does not get done
    api.set_paused(GENESYS, paused=False)
    runs = services.until(lambda: api.call("GET", f"/dags/{GENESYS}/dagRuns")["dag_runs"], "a run is scheduled")
    run = runs[0]["dag_run_id"]

    # all wait, and hold nothing
    services.until(lambda: services.states(run, "wait_for_month")["deferred"] == COUNT, "all accounts wait")
    pool = api.call("GET", "/pools/default_pool")
    used = [api.call("GET", f"/pools/{name}")["occupied_slots"] for name in ("default_pool", "genesys_cloud")]
    assert used == [0, 0], pool

    # the triggerer dies; the reports get done while nobody looks
    signal_session(services.pid(TRIGGERER), signal.SIGKILL)
    simulator.settings.report_asks = 0
    assert services.states(run, "wait_for_month")["deferred"] == COUNT
    services.start(TRIGGERER)
    tally("kills survived", "Airflow: triggerer")

    # a task's process dies
    services.until(lambda: services.states(run, "fetch")["success"] >= 3, "tasks run")
    os.kill(services.until(services.a_task_process, "a task runs"), signal.SIGKILL)
    tally("kills survived", "Airflow: task")

    # the scheduler dies, and with it the tasks that its workers run, as in a container; workers that outlived it would
    # hold on to its sessions, in one of which the run is locked
    services.until(lambda: services.states(run, "reconcile")["success"] >= 3, "some accounts are through")
    signal_session(services.pid(SCHEDULER), signal.SIGKILL)
    services.start(SCHEDULER)
    tally("kills survived", "Airflow: scheduler")

    ended = services.until(lambda: _ended(api, run), "the run ends")
    tasks = services.tasks(run)
    assert ended == "success", Counter((each["task_id"], each["state"], each["try_number"]) for each in tasks)
    assert max(each["try_number"] for each in tasks) > 1, "the task that was killed was tried again"
    assert services.states(run, "wait_for_month") == {"success": COUNT}
    _every_account_has_its_month_once(services, runs[0]["data_interval_start"][:7])


def _ended(api, run):
    state = api.run_state(GENESYS, run)
    return state if state in {"success", "failed"} else None


def _every_account_has_its_month_once(services, month):
    engine = create_engine(services.stack.billing_url, poolclass=NullPool)
    with engine.connect() as connection:
        months = [tuple(row) for row in connection.execute(text(MONTHS))]
        versions = connection.execute(text("select distinct version from billing.record_version")).scalars().all()
        deadlocks = connection.execute(text("select sum(deadlocks)::int from pg_stat_database")).scalar_one()
    truth = {(each.invoice_id, each.total) for each in services.simulator.truth("genesys_cloud", LIKE, month)}
    by_account: dict[str, set[tuple[Any, ...]]] = {}
    for account, invoice_id, total, _ in months:
        by_account.setdefault(account, set()).add((invoice_id, total))
    assert by_account == {f"contact-{number:02}": truth for number in range(COUNT)}
    assert len({row[3] for row in months}) == 1, "the controls found the same of each"
    assert versions == [1]
    assert deadlocks == 0
