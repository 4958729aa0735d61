"""
Two hundred accounts, one month, through real Airflow: is all of it right, are the limits kept, is memory flat?

    python bench/load.py                     200 accounts of both vendors, the last month that was billed
    python bench/load.py --accounts 20       a quick run

Services of its own: Postgres, Airflow, and the simulator with many accounts (bench/many_accounts.py), each with its own
connection. Genesys Cloud's limit is the real one, 300 requests per minute and token; its usage reports are ready at
the second attempt, so every Genesys account waits in the triggerer. The pools are smaller than the executor, so they
set the limit. Exit code 1 if a figure is wrong, a limit was passed, or a process grew.
"""

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean, median
from typing import Any, Self
from urllib.request import ProxyHandler, Request, build_opener

import yaml
from sqlalchemy import Row, text

from many_accounts import ManyAccounts
from services import BENCH, BenchAirflow, BenchStack, Services, stat, temporary_stack
from stored_truth import faults_of_storage, open_database
from tieout_stack.simulator import SimulatorProcess
from tieout_stack.stages import Stages
from tieout_stack.state import StateFolder
from tieout_stack.stop_signals import StopSignals
from vendor_simulator.months import Month
from vendor_simulator.world import DEFAULT_SEED

DAGS = {"fastly": "invoices_fastly", "genesys_cloud": "invoices_genesys_cloud"}
CONTROL = "bench"
TOKEN_LIMIT = 300  # requests a minute that Genesys Cloud takes from one token
IN_TRIGGERER = 50  # requests at once to one host, of one triggerer: see billing_vendors.base.client.client
LATENCY = 0.2  # seconds until a vendor responds; with no delay there would never be two requests at once
GROWTH = 1.3  # the last sixth of a run may hold as much more memory than the third, when all has been imported
SAMPLE_SECONDS = 2
OTHERS = {"postgres", "vendor-simulator"}
ENDED = ("success", "failed")
TASKS = """
    select task_id, state, count(*), percentile_cont(0.5) within group (order by duration), max(duration),
           sum(case when try_number > 1 then 1 else 0 end)
    from task_instance group by 1, 2 order by 1, 2
"""


class ManyAccountsAirflow(BenchAirflow):
    """Airflow with more executor slots than the pools have."""

    parallelism = 8

    def environment(self) -> dict[str, str]:
        return super().environment() | {"AIRFLOW__CORE__PARALLELISM": str(self.parallelism)}


class ManyAccountsStack(BenchStack):
    """The local stack with many accounts."""

    airflow_type = ManyAccountsAirflow

    def __init__(self, checkout: Path, state: StateFolder, stages: Stages, signals: StopSignals) -> None:
        super().__init__(checkout, state, stages, signals)
        self.simulator = SimulatorProcess(
            self.simulator.port,
            self.state.root / "simulator.ready",
            ("--control-token", CONTROL, "--rate-limit", str(TOKEN_LIMIT)),
            (str(BENCH / "many_accounts.py"), "--accounts", os.environ["BENCH_ACCOUNTS"]),
        )

    def control(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 (a JSON value)
        """Read the simulator's counts, or change its settings."""
        headers, data = {"X-Simulator-Token": CONTROL}, json.dumps(body).encode() if body else None
        request = Request(f"{self.simulator.base_url}/_simulator/{path}", data, headers, method=method)  # noqa: S310 (loopback)
        with build_opener(ProxyHandler({})).open(request) as response:
            return json.load(response)


class Memory:
    """PSS (what a process alone holds, and its share of the rest) by component, sampled while the block runs."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.series: dict[str, list[float]] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._over.wait(SAMPLE_SECONDS):
            for name, pids in self.services.components().items():
                for role, size in self._sizes(name, pids).items():
                    self.series.setdefault(role, []).append(size)

    @staticmethod
    def _sizes(name: str, pids: Sequence[int]) -> dict[str, float]:
        """The scheduler's children are the executor's workers, and theirs are tasks, which come and go."""
        if name != "scheduler":
            return {name: sum(map(pss, pids))}
        workers = [pid for pid in pids if parent(pid) == pids[0]]
        tasks = [pid for pid in pids[1:] if parent(pid) in workers]
        found = {name: pss(pids[0]), "one worker": mean(map(pss, workers)) if workers else 0}
        largest = max(map(pss, tasks), default=0)  # 0 where they have ended meanwhile
        return found | ({"the largest task": largest} if largest else {})

    def grown(self) -> list[str]:
        """Return the components of Airflow that use much more memory at the end than after a while."""
        ours = {role: values for role, values in self.series.items() if role not in OTHERS}
        return [role for role, values in ours.items() if sixth(values, 5) > GROWTH * sixth(values, 2)]


def sixth(values: Sequence[float], number: int) -> float:
    """Return the median of one sixth of the samples."""
    return median(values[len(values) * number // 6 : len(values) * (number + 1) // 6] or values)


def parent(pid: int) -> int:
    fields = stat(pid)
    return int(fields[1]) if fields else 0


def pss(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0)


def last_billed() -> Month:
    return Month.of(datetime.now(UTC) - timedelta(days=6)).shift(-1)


def run_month(services: Services, month: Month) -> tuple[float, dict[str, str], Sequence[Row[*tuple[Any, ...]]]]:
    """Run one month of both vendors and wait for the end; a DAG that is unpaused runs its last month anyway."""
    metadata = open_database(services.url("airflow"))
    services.api.wait_for_dags(list(DAGS.values()), 180)
    began = time.monotonic()
    for dag in DAGS.values():
        services.api.create_backfill(dag, month.start.isoformat(), month.end.isoformat(), max_active_runs=1)
        services.api.set_paused(dag, paused=False)
    said = began
    while True:
        with metadata.connect() as connection:
            states: dict[str, str] = dict(connection.execute(text("select run_id, state from dag_run")).all())
            if len(states) == len(DAGS) and all(state in ENDED for state in states.values()):
                return time.monotonic() - began, states, connection.execute(text(TASKS)).all()
            query = text("select state, count(*) from task_instance group by 1")
            tasks: dict[str, int] = dict(connection.execute(query).all())
        if time.monotonic() - said > 30:
            said = time.monotonic()
            print(f"    {said - began:5.0f} s  {tasks}", flush=True)
        time.sleep(1)


def say_tasks(tasks: Iterable[Row[*tuple[Any, ...]]]) -> None:
    print(f"\n{'task':36}{'state':>14}{'number':>8}{'median s':>10}{'max s':>8}{'tried again':>13}")
    for task, state, count, middle, longest, again in tasks:
        print(f"{task:36}{state!s:>14}{count:8}{middle or 0:10.2f}{longest or 0:8.2f}{again:13}")


def say_limits(stats: Mapping[str, Any], slots: int) -> list[str]:
    """Print what the vendors counted and what they, or the pools, allow; return the limits exceeded."""
    print(
        f"\n{'vendor':14}{'at once':>9}{'tasks may':>11}{'and triggers':>14}"
        f"{'a minute':>10}{'limit':>7}   (of one account)"
    )
    passed = []
    for vendor, name in (("fastly", "fastly"), ("genesys_cloud", "genesys")):
        counted = stats["vendors"][name]
        most, minute = counted["most_in_flight"], counted["most_of_an_account_in_a_minute"]
        limit = TOKEN_LIMIT if name == "genesys" else None
        print(f"{vendor:14}{most:9}{slots:11}{IN_TRIGGERER if limit else 0:14}{minute:10}{limit or 'none':>7}")
        passed += [f"{vendor}: {most} at once"] if most > slots + (IN_TRIGGERER if limit else 0) else []
        passed += [f"{vendor}: {minute} a minute"] if limit and minute > limit else []
    passed += [f"answered 429: {stats['rate_limited']}"] if stats["rate_limited"] else []
    print(f"{stats['requests']} requests, answered {stats['statuses']}")
    return passed


def say_memory(memory: Memory) -> None:
    print(f"\n{'MB (PSS)':20}{'first':>8}{'median':>8}{'last':>8}{'max':>8}")
    for role, values in memory.series.items():
        print(f"{role:20}{values[0]:8.0f}{median(values):8.0f}{values[-1]:8.0f}{max(values):8.0f}")


def say_cpu(wall: float, cpu: Mapping[str, float], tasks: Iterable[Row[*tuple[Any, ...]]]) -> None:
    count = sum(row[2] for row in tasks)
    print(f"\n{count} tasks in {wall:.1f} s: {count / wall:.2f} a second, {sum(cpu.values()) / count:.2f} CPU s each")
    print("CPU s: " + ", ".join(f"{name} {seconds:.1f}" for name, seconds in sorted(cpu.items())))


def measure(stack: ManyAccountsStack, options: argparse.Namespace, world: ManyAccounts) -> int:
    services = Services(stack.state)
    before = Counter(services.cpu_seconds())
    stack.control("POST", "faults", {"kind": "delay", "seconds": LATENCY, "times": None})
    for vendor in DAGS:
        pool = {"pool": vendor, "slots": options.slots, "include_deferred": False}
        services.api.call("PATCH", f"/pools/{vendor}", pool, update_mask="slots")
    with Memory(services) as memory:
        wall, states, tasks = run_month(services, options.month)
    cpu = dict(Counter(services.cpu_seconds()) - before)
    say_tasks(tasks)
    say_cpu(wall, cpu, tasks)
    passed = say_limits(stack.control("GET", "stats"), options.slots)
    say_memory(memory)
    month, accounts = str(options.month), world.accounts()
    wrong, totals = faults_of_storage(open_database(services.url("billing")), accounts, month, month, world)
    print(f"\n{len(accounts)} accounts, {month}:")
    for (vendor, currency), (invoices, lines, amount) in totals.items():
        print(f"    {vendor:14}{invoices:6} invoices{lines:8} lines{amount:>32,} {currency}")
    faults = {
        "missing, too much or another figure": wrong,
        "runs that did not succeed": [run for run, state in states.items() if state != "success"],
        "limits passed": passed,
        "grew": memory.grown(),
    }
    for title, found in faults.items():
        print(f"{title}: {'; '.join(found[:20]) or 'nothing'}")
    return 1 if any(faults.values()) else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=200)
    parser.add_argument("--month", type=Month.parse, default=last_billed(), metavar="YYYY-MM")
    parser.add_argument("--slots", type=int, default=3, help="of each vendor's pool")
    options = parser.parse_args()
    world = ManyAccounts(DEFAULT_SEED, options.accounts)
    os.environ["BENCH_ACCOUNTS"] = str(options.accounts)
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as accounts:
        yaml.safe_dump({"accounts": world.accounts()}, accounts, allow_unicode=True)
        accounts.flush()
        os.environ["TIEOUT_ACCOUNTS"] = accounts.name
        with temporary_stack(ManyAccountsStack) as stack:
            return measure(stack, options, world)


if __name__ == "__main__":
    sys.exit(main())
