"""The services that a benchmark runs in: those of a running demo, or a stack of its own in a temporary folder."""

import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from operator import ne
from pathlib import Path
from typing import TypeVar

from tieout_stack.airflow import ADMIN, AirflowStack
from tieout_stack.airflow_api import AirflowApi
from tieout_stack.cleanup import postgres_of
from tieout_stack.local_stack import LocalStack
from tieout_stack.ports import LOOPBACK
from tieout_stack.postgres import SUPERUSER
from tieout_stack.processes import session_members
from tieout_stack.stages import Stages
from tieout_stack.state import StateFolder
from tieout_stack.stop_signals import StopRequested, StopSignals

BENCH = Path(__file__).resolve().parent
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Services:
    """A running stack, known by its state folder."""

    state: StateFolder

    @cached_property
    def api(self) -> AirflowApi:
        port = (self.state.root / "ui-port").read_text(encoding="utf-8")
        return AirflowApi(f"http://{LOOPBACK}:{port}", ADMIN, self.state.secrets().admin_password)

    def url(self, database: str) -> str:
        port = self._postmaster()[3]
        password = postgres_of(self.state).password
        return f"postgresql+psycopg2://{SUPERUSER}:{password}@{LOOPBACK}:{port}/{database}"

    def cpu_seconds(self) -> dict[str, float]:
        """CPU used so far, by component; the tasks' is the scheduler's, which starts them."""
        return {name: _cpu_seconds(pids) for name, pids in self.components().items()}

    def components(self) -> dict[str, list[int]]:
        """Return the processes of each component; the one that was started comes first."""
        records = json.loads(self.state.processes.read_text(encoding="utf-8"))
        leaders = {record["name"].removeprefix("airflow-"): record["pid"] for record in records}
        found = {name: sorted(session_members(pid), key=partial(ne, pid)) for name, pid in leaders.items()}
        return found | {"postgres": _with_children(int(self._postmaster()[0]))}

    def _postmaster(self) -> list[str]:
        return (postgres_of(self.state).data / "postmaster.pid").read_text(encoding="utf-8").splitlines()


def _cpu_seconds(pids: Iterable[int]) -> float:
    """Of these processes, with all that they have started and waited for."""
    return sum(sum(map(int, fields[11:15])) for fields in map(stat, pids) if fields) / TICKS


def _with_children(parent: int) -> list[int]:
    """A server of Postgres makes a session for each connection: its processes are known by their parent."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if pid == parent or ((fields := stat(pid)) and int(fields[1]) == parent)]


def stat(pid: int) -> list[str] | None:
    """Read /proc/PID/stat from the third field on: state, parent, …"""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None


class BenchAirflow(AirflowStack):
    """Airflow with the product's DAGs and those of the floor."""

    def environment(self) -> dict[str, str]:
        folders = {"product": self.checkout / "dags", "floor": BENCH / "floor_dags"}
        bundle = "airflow.dag_processing.bundles.local.LocalDagBundle"
        bundles = [{"name": name, "classpath": bundle, "kwargs": {"path": str(path)}} for name, path in folders.items()]
        return super().environment() | {"AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(bundles)}


class BenchStack(LocalStack):
    """The local stack, with the floor's DAGs and the product's."""

    airflow_type: type[BenchAirflow] = BenchAirflow

    @property
    def airflow(self) -> AirflowStack:
        usual = super().airflow
        return self.airflow_type(usual.checkout, usual.state, usual.metadata_url, usual.port)


Stack = TypeVar("Stack", bound=BenchStack)


@contextmanager
def own_stack(
    floor: Mapping[str, object], rate_limit: int, simulator: Sequence[str] = (), world: Sequence[str] = ()
) -> Iterator[Services]:
    """
    Start a stack; it is stopped and removed in the end, whatever ends the block.

    :param floor: the shapes that floor_dags/floor.py reads.
    :param rate_limit: requests a minute and token that the simulated Genesys Cloud takes; the vendor takes 300.
    :param simulator: further options of the simulator's ``serve``.
    :param world: options of the simulator that decide what it bills.
    """
    os.environ["BENCH_FLOOR"] = json.dumps(floor)
    with temporary_stack(BenchStack, ("--rate-limit", str(rate_limit), *simulator), world) as stack:
        yield Services(stack.state)


@contextmanager
def temporary_stack(kind: type[Stack], simulator: Sequence[str] = (), world: Sequence[str] = ()) -> Iterator[Stack]:
    """
    Start a stack in a temporary folder; it is stopped and removed in the end, whatever ends the block.

    :param kind: BenchStack or a subclass.
    :param simulator: further options of the simulator's ``serve``.
    :param world: options of the simulator that decide what it bills.
    """
    with tempfile.TemporaryDirectory(prefix="tieout-bench-") as folder, StopSignals() as signals:
        Path(folder).chmod(0o755)  # the user who runs Postgres for root must get through
        stack = kind(BENCH.parent, StateFolder(Path(folder) / "state"), Stages(), signals)
        stack.simulator.options += tuple(simulator)
        stack.simulator.world += tuple(world)
        try:
            stack.start()
            yield stack
        except StopRequested as request:
            sys.exit(128 + request.number)
        finally:
            signals.ignore()
            stack.stop()
