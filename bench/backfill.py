"""
Three years of both vendors through Airflow's REST API: is every digit right, does a second pass change nothing, and
what does it cost compared with DAGs that do nothing?

    python bench/backfill.py                        36 months, in services of its own
    python bench/backfill.py --months 3             a quick run
    python bench/backfill.py --state .tieout        in a running demo; the floor is not measured there
    python bench/backfill.py --drawn 3 --mix 5      and three drawn accounts of each vendor, all with mixed readings
    python bench/backfill.py --reading fastly.v3_list_filter=none

Every month is stored by a backfill of each DAG, both at once. Each invoice is compared with what the simulated vendor
billed. A second backfill over the same months runs them again (``reprocess_behavior: completed``) and fetches
again (``again: true``); then every row of every table is compared with what it was. Exit code 1 if anything differs.
"""

import argparse
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import Any

import yaml
from sqlalchemy import text

from services import Services, own_stack
from stored_truth import Accounts, changes, faults_of_storage, open_database, remember
from tieout_stack.state import StateFolder
from vendor_simulator.months import Month
from vendor_simulator.readings import parse_readings
from vendor_simulator.world import World

ROOT = Path(__file__).resolve().parent.parent
DAGS = {"fastly": "invoices_fastly", "genesys_cloud": "invoices_genesys_cloud"}
ENDED = {"success", "failed"}
SHOWN = 20

TASKS = """
    select i.task_id, count(*), percentile_cont(0.5) within group (order by i.duration), sum(i.duration)
    from task_instance i join dag_run r using (dag_id, run_id)
    where i.dag_id = any(:dags) and r.logical_date between :first and :last and i.state = 'success'
    group by 1 order by 4 desc
"""
FAILED = """
    select i.dag_id, to_char(r.logical_date, 'YYYY-MM'), i.task_id, i.map_index
    from task_instance i join dag_run r using (dag_id, run_id)
    where i.dag_id = any(:dags) and r.logical_date between :first and :last and i.state = 'failed' order by 1, 2, 3
"""


STATES = """
    select state from dag_run where dag_id = any(:dags) and logical_date between :first and :last
"""


@dataclass
class Pass:
    """One backfill of all DAGs: wall and CPU seconds (by component), and its tasks: number, median, sum by name."""

    name: str
    wall: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)
    tasks: list[tuple[Any, ...]] = field(default_factory=list)
    load: float = 0.0

    @property
    def count(self) -> int:
        return sum(row[1] for row in self.tasks)

    @property
    def cpu_sum(self) -> float:
        return sum(self.cpu.values())


class Backfill:
    """The months of one benchmark, in one stack."""

    def __init__(self, services: Services, first: Month, last: Month, runs_at_once: int) -> None:
        self.services, self.first, self.last = services, first, last
        self.runs_at_once = runs_at_once
        self.metadata = open_database(services.url("airflow"))
        self.span = {"first": first.start, "last": last.end}

    def run(self, name: str, dags: list[str], **options: object) -> Pass:
        """Backfill these DAGs side by side and wait for the last run."""
        done = Pass(name, load=os.getloadavg()[0])
        print(f"{name}: {', '.join(dags)}, {self.first} to {self.last}", flush=True)
        self.services.api.wait_for_dags(dags, 120)
        self._wait_until_closed(dags)
        before, began = Counter(self.services.cpu_seconds()), time.monotonic()
        options |= {"max_active_runs": self.runs_at_once}
        for dag in dags:
            # the backfill comes first: a DAG that is unpaused runs its last month at once
            self.services.api.create_backfill(dag, self.first.start.isoformat(), self.last.end.isoformat(), **options)
            self.services.api.set_paused(dag, paused=False)
        self._wait(dags, began)
        done.wall = time.monotonic() - began
        done.cpu = dict(Counter(self.services.cpu_seconds()) - before)
        done.tasks = self._rows(TASKS, dags)
        if failed := self._rows(FAILED, dags):
            raise SystemExit("\n".join([f"{name} failed:", *(" ".join(map(str, row)) for row in failed[:SHOWN])]))
        return done

    def _wait(self, dags: Sequence[str], began: float) -> None:
        """Wait for the last run; print the progress every quarter of a minute."""
        months, said = self.last.index - self.first.index + 1, began
        while True:
            states = {dag: Counter(self._states(dag)) for dag in dags}
            if all(sum(count[state] for state in ENDED) == months for count in states.values()):
                return
            if time.monotonic() - said > 15:
                said = time.monotonic()
                told = (
                    f"{dag} {count['success']} of {months}, {count['running']} running"
                    + (f", {count['failed']} FAILED" if count["failed"] else "")
                    for dag, count in states.items()
                )
                print(f"    {said - began:6.0f} s  {'; '.join(told)}", flush=True)
            time.sleep(0.5)

    def _states(self, dag: str) -> list[str]:
        return [row[0] for row in self._rows(STATES, [dag])]

    def _wait_until_closed(self, dags: Sequence[str]) -> None:
        """Wait until Airflow has noticed that the backfills are complete: a DAG has one at a time."""
        for dag in dags:
            while any(
                each["completed_at"] is None
                for each in self.services.api.call("GET", "/backfills", dag_id=dag, limit=100)["backfills"]
            ):
                time.sleep(1)

    def _rows(self, query: str, dags: Sequence[str]) -> list[tuple[Any, ...]]:
        with self.metadata.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query), {"dags": dags, **self.span})]


def simulated_world(options: argparse.Namespace) -> World:
    """Create the world that is asked for; ``--mix`` gives each account random readings, ``--reading`` before them."""
    given = parse_readings(options.reading)
    world = World(drawn=options.drawn)
    draw = random.Random(options.mix)  # noqa: S311 (not a secret)
    mixed = {
        f"{account['name']}:{reading.key}": draw.choice(reading.values)
        for account in world.accounts()
        for reading in world.readings
        if options.mix is not None and reading.vendor == account["vendor"] and reading.key not in given
    }
    return World(drawn=options.drawn, readings={**mixed, **given})


def world_options(world: World, drawn: int) -> tuple[str, ...]:
    """Return the simulator's options that make the same world."""
    return ("--drawn", str(drawn), *(f"--reading={key}={value}" for key, value in world.readings.given().items()))


def read_accounts() -> list[dict[str, Any]]:
    path = Path(os.environ.get("TIEOUT_ACCOUNTS") or ROOT / "include" / "accounts.yaml")
    accounts: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))["accounts"]
    return accounts


def floor_shapes(accounts: Accounts) -> dict[str, dict[str, Any]]:
    """Return the shapes of the monthly DAGs for the DAGs that do nothing."""
    with TemporaryDirectory() as home:
        os.environ["AIRFLOW_HOME"] = home  # Airflow writes its settings there when it is imported
        from billing_vendors.registry import vendors  # noqa: PLC0415 (imports Airflow, which takes seconds)

    return {
        vendor.name: {
            "cron": vendor.schedule,
            "waits": len(vendor.make_sensors(account="any", month="2026-01")),
            "accounts": [(each["name"], each["first_month"]) for each in accounts if each["vendor"] == vendor.name],
        }
        for vendor in vendors()
    }


def say_passes(passes: Sequence[Pass], months: int) -> None:
    floor = next((each for each in passes if each.name == "floor"), None)
    print(
        f"\n{'pass':14}{'months':>7}{'tasks':>7}{'wall s':>9}{'CPU s':>9}{'tasks/s':>9}{'CPU/task':>10}{'load':>7}"
        f"{'wall/floor':>12}{'CPU/floor':>11}"
    )
    for each in passes:
        ratios = f"{each.wall / floor.wall:12.2f}{each.cpu_sum / floor.cpu_sum:11.2f}" if floor else ""
        print(
            f"{each.name:14}{months:7}{each.count:7}{each.wall:9.1f}{each.cpu_sum:9.1f}{each.count / each.wall:9.2f}"
            f"{each.cpu_sum / each.count:10.2f}{each.load:7.1f}{ratios}"
        )
    if floor and floor.count != passes[0].count:
        print(
            "the floor has another number of tasks: bench/floor_dags/floor.py is not in the shape of the monthly DAGs"
        )
    components = sorted({name for each in passes for name in each.cpu})
    print(f"\n{'CPU s by':14}" + "".join(f"{name:>18}" for name in components))
    for each in passes:
        print(f"{each.name:14}" + "".join(f"{each.cpu.get(name, 0):18.1f}" for name in components))
    print(f"\n{'pass':14}{'task':44}{'number':>8}{'median s':>10}{'sum s':>9}")
    for each in passes:
        for task, count, median, seconds in each.tasks:
            print(f"{each.name:14}{task:44}{count:8}{median:10.2f}{seconds:9.1f}")


def say_faults(title: str, faults: Sequence[str]) -> None:
    print(f"{title}: {'nothing' if not faults else len(faults)}")
    print(*(f"    {fault}" for fault in faults[:SHOWN]), sep="\n" if faults else "", end="\n" if faults else "")


def measure(services: Services, options: argparse.Namespace, accounts: Accounts, world: World) -> int:
    backfill = Backfill(services, options.until.shift(1 - options.months), options.until, options.runs_at_once)
    billing = open_database(services.url("billing"))
    dags = list(DAGS.values())
    passes = [backfill.run("first", dags, reprocess_behavior=options.first_pass)]
    first, last = str(backfill.first), str(backfill.last)
    wrong, _ = faults_of_storage(billing, accounts, first, last, world)
    changed: list[str] = []
    if not options.once:
        remember(billing)
        again = {"dag_run_conf": {"again": True}}
        passes.append(backfill.run("second", dags, reprocess_behavior="completed", **again))
        changed = changes(billing)
    still_wrong, totals = faults_of_storage(billing, accounts, first, last, world)
    wrong += [fault for fault in still_wrong if fault not in wrong]
    if not options.state and not options.no_floor:
        passes.append(backfill.run("floor", [f"floor_{vendor}" for vendor in DAGS], reprocess_behavior="none"))
    say_passes(passes, options.months)
    print("\nstored, equal to what was billed to the last digit:" if not wrong else "\nstored:")
    for (vendor, currency), (invoices, lines, amount) in totals.items():
        print(f"    {vendor:14}{invoices:6} invoices{lines:8} lines{amount:>32,} {currency}")
    say_faults("missing, too much or another figure", wrong)
    if not options.once:
        say_faults("rows that the second pass changed, but for when something was seen", changed)
    return 1 if wrong or changed else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--months", type=int, default=36)
    parser.add_argument(
        "--until",
        type=Month.parse,
        default=Month.of(datetime.now(UTC) - timedelta(days=6)).shift(-1),
        metavar="YYYY-MM",
        help="the last month; by default the last that was billed",
    )
    parser.add_argument("--state", type=Path, help="state folder of a running demo to use")
    parser.add_argument("--runs-at-once", type=int, default=10, help="of each DAG")
    parser.add_argument(
        "--rate-limit",
        type=int,
        default=1_000_000,
        help="requests a minute that the simulated Genesys Cloud takes; the vendor takes 300",
    )
    parser.add_argument("--no-floor", action="store_true", help="do not measure the DAGs that do nothing")
    parser.add_argument(
        "--once", action="store_true", help="no second pass: is every digit right under these readings?"
    )
    parser.add_argument("--reading", action="append", default=[], metavar="[ACCOUNT:]KEY=VALUE", help="repeatable")
    parser.add_argument("--mix", type=int, metavar="SEED", help="give each account random readings by this seed")
    parser.add_argument("--drawn", type=int, default=0, metavar="N", help="further accounts of each vendor")
    options = parser.parse_args()
    options.first_pass = "completed" if options.state else "none"  # a demo may have run some of the months
    world = simulated_world(options)
    if options.state:
        return measure(Services(StateFolder(options.state)), options, read_accounts(), world)
    print(f"Genesys Cloud's limit is simulated as {options.rate_limit} requests a minute and token (it is 300)")
    with NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
        if options.drawn:
            yaml.safe_dump({"accounts": world.accounts()}, file, allow_unicode=True)
            file.flush()
            os.environ["TIEOUT_ACCOUNTS"] = file.name
        accounts = read_accounts()
        with own_stack(
            floor_shapes(accounts), options.rate_limit, world=world_options(world, options.drawn)
        ) as services:
            return measure(services, options, accounts, world)


if __name__ == "__main__":
    sys.exit(main())
