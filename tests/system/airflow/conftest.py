"""
One session of real Airflow services for two small accounts, with the simulated vendors in this process in front.

The vendors are here, so that a test can spoil an answer and count what was asked. Tests share the services: each takes
months of its own.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
import yaml
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool
from tests.watchdog import Watchdog

from tieout_stack.airflow_api import AirflowApi
from tieout_stack.local_stack import LocalStack
from tieout_stack.stages import Stages
from tieout_stack.state import StateFolder
from tieout_stack.stop_signals import StopSignals
from vendor_simulator.testing import Simulator
from vendor_simulator.world import World

ROOT = Path(__file__).resolve().parents[3]
FASTLY, GENESYS = "invoices_fastly", "invoices_genesys_cloud"
ACCOUNTS = {FASTLY: "acme-media", GENESYS: "nord-contact"}
RUN_SECONDS = 300

T = TypeVar("T")


class SimulatorHere:
    """The simulator of this process, in the place of the stack's own."""

    def __init__(self, simulator: Simulator) -> None:
        self.base_url = simulator.base_url
        self.connections = simulator.connections

    def start(self, supervisor: object) -> None:
        """It runs."""

    wait_until_ready = start


@dataclass
class Services:
    """What the tests need of the running stack."""

    stack: LocalStack
    simulator: Simulator

    @cached_property
    def api(self) -> AirflowApi:
        """A client signed in as administrator."""
        return self.stack.airflow.api()

    def wait(self, dag_id: str, run_id: str) -> str:
        """Wait until a run has ended; give its state."""

        def ended() -> str | None:
            state = self.api.run_state(dag_id, run_id)
            return state if state in {"success", "failed"} else None

        return self.until(ended, f"{dag_id} {run_id} ends")

    def until(self, seen: Callable[[], T | None], what: str) -> T:
        """Look until there is something to see; give it."""
        deadline = time.monotonic() + RUN_SECONDS
        while not (found := seen()):
            self.stack.check()
            assert time.monotonic() < deadline, f"{RUN_SECONDS} s were not enough until {what}"
            time.sleep(0.5)
        return found

    def runs(self, dag_id: str, **query: str) -> list[dict[str, Any]]:
        """List runs, oldest first."""
        return self.api.call("GET", f"/dags/{dag_id}/dagRuns", limit=100, order_by="start_date", **query)["dag_runs"]

    def task(self, dag_id: str, run_id: str, name: str) -> dict[str, Any]:
        """Give the one task instance whose id ends with ``name``."""
        found = [each for each in self.api.task_instances(dag_id, run_id) if each["task_id"].rpartition(".")[2] == name]
        assert len(found) == 1, found
        return found[0]

    def log(self, task: dict[str, Any]) -> list[dict[str, Any]]:
        """Read a task's log as the UI does: one object per line, the last attempt's."""
        path = f"/dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}/taskInstances/{task['task_id']}"
        response = self.api.call("GET", f"{path}/logs/{task['try_number']}", map_index=task["map_index"])
        return [line for line in response["content"] if isinstance(line, dict)]

    def rows(self, query: str, **values: object) -> list[tuple[Any, ...]]:
        """Ask the billing database."""
        engine = create_engine(self.stack.billing_url, poolclass=NullPool)
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query), values)]


@pytest.fixture(scope="session")
def accounts_of_two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An accounts.yaml with one small account of each vendor."""
    accounts = yaml.safe_load((ROOT / "include" / "accounts.yaml").read_text(encoding="utf-8"))["accounts"]
    path = tmp_path_factory.mktemp("accounts") / "accounts.yaml"
    few = [account for account in accounts if account["name"] in ACCOUNTS.values()]
    path.write_text(yaml.safe_dump({"accounts": few}), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def services(accounts_of_two: Path, watchdog: Watchdog) -> Iterator[Services]:
    """The services; in the end every process is stopped and every file removed."""
    folder = Path(tempfile.mkdtemp(prefix="tieout-services-"))
    folder.chmod(0o755)  # the user who runs Postgres for root must get through
    watchdog.watch(folder)
    with Simulator(World(seed=7)) as simulator:
        stack = LocalStack(ROOT, StateFolder(folder / "state"), Stages(), StopSignals())
        stack.simulator = SimulatorHere(simulator)
        try:
            with pytest.MonkeyPatch.context() as patch:  # for its processes only, not for the tests that come after
                patch.setenv("TIEOUT_ACCOUNTS", str(accounts_of_two))
                stack.start()
            running = Services(stack, simulator)
            running.api.wait_for_dags([*ACCOUNTS], 120)
            yield running
        finally:
            stack.stop()
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def stack(services: Services) -> LocalStack:
    """The stack of these services."""
    return services.stack


@pytest.fixture(scope="session")
def scheduled(services: Services) -> dict[str, dict[str, Any]]:
    """Let both DAGs run: Airflow makes the run of the last finished interval at once. Gives it, ended, by DAG."""
    for dag_id in ACCOUNTS:
        services.api.set_paused(dag_id, paused=False)
    found = {}
    for dag_id in ACCOUNTS:
        runs = services.until(partial(services.runs, dag_id, run_type="scheduled"), f"{dag_id} is scheduled")
        services.wait(dag_id, runs[0]["dag_run_id"])
        (found[dag_id],) = services.runs(dag_id, run_type="scheduled")
    return found
