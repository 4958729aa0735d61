"""
Compare the cost of a month with DAGs that do nothing, of the same shape and with as many tasks: Airflow's floor.

    python bench/month.py                 one month of each vendor, five rounds; backfills of 3 months, three rounds
    python bench/month.py --size L        two rounds, and one backfill of 36 months of both vendors: a quarter of an
                                          hour on two quiet cores, of which ours takes three fifths

Ours and the floor run in turn, in services of their own; figures are medians, ratios are ours to the floor's. CPU is of
Airflow with its tasks, and of Postgres; that of the simulated vendors is shown separately. They are ready at the first
attempt, so that no time is the vendor's; bench/waiting.py measures waiting. The table is printed in any case; exit
code 1 if a stored figure is wrong, a run failed or a ratio is above its limit.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from statistics import median
from typing import Any, TypeVar

from sqlalchemy import Row, text

from backfill import DAGS, Backfill, Pass, floor_shapes, read_accounts, say_faults
from services import Services, own_stack
from stored_truth import Accounts, faults_of_storage, open_database
from vendor_simulator.months import Month

FIRST = Month.parse("2023-07")  # in March and June one account has a bill of 5,000 lines
FLOORS = {f"floor_{vendor}": dag for vendor, dag in DAGS.items()}
SIMULATOR, POSTGRES = "vendor-simulator", "postgres"
# Ours to the floor's, of one month and of a backfill.
LIMITS_OF_ONE = {"wall s": 1.15, "CPU s": 1.35}
LIMITS_OF_MANY = {"wall s": 1.1, "CPU s": 1.2}
ROUNDS_OF_LARGE, MONTHS_OF_LARGE = 2, 36  # the simulated vendors' bills begin in 2023
SETTLED_SECONDS = 1.5  # the executor's workers have reaped the last task
Table = dict[str, tuple[list[Pass], list[Pass]]]
"""By what was run, the passes of ours and of the floor."""
T = TypeVar("T")
RUN = """
    select r.state, count(i.task_id) from dag_run r left join task_instance i using (dag_id, run_id)
    where r.dag_id = :dag and r.run_id = :run group by 1
"""


class Months:
    """Runs of single months, and of backfills, in one stack."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.metadata = open_database(services.url("airflow"))

    def warm_up(self) -> None:
        """Unpause every DAG: it runs its last month at once, which is not measured."""
        dags = [*DAGS.values(), *FLOORS]
        self.services.api.wait_for_dags(dags, 120)
        for dag in dags:
            self.services.api.set_paused(dag, paused=False)
        deadline = time.monotonic() + 300
        query = "select count(*) from dag_run where state = 'success'"
        while (ended := self._row(query)[0]) < len(dags):
            if time.monotonic() > deadline:
                raise SystemExit(f"only {ended} of the {len(dags)} first runs have succeeded after 300 s")
            time.sleep(0.5)

    def one(self, dag: str, month: Month) -> Pass:
        """Run one month as a person does who presses Trigger."""
        before, began = Counter(self.services.cpu_seconds()), time.monotonic()
        run = self.services.api.trigger(dag, {"month": str(month)})
        while (row := self._row(RUN, dag=dag, run=run))[0] not in {"success", "failed"}:
            time.sleep(0.1)
        wall = time.monotonic() - began
        if row[0] == "failed":
            raise SystemExit(f"{dag} {month} failed")
        time.sleep(SETTLED_SECONDS)
        return Pass(dag, wall, dict(Counter(self.services.cpu_seconds()) - before), [(dag, row[1], 0, 0)])

    def backfill(self, dags: list[str], first: Month, last: Month) -> Pass:
        """Run months of several DAGs at once."""
        return Backfill(self.services, first, last, 10).run(dags[0], dags, reprocess_behavior="none")

    def _row(self, query: str, **values: str) -> Row[*tuple[Any, ...]]:
        with self.metadata.connect() as connection:
            return connection.execute(text(query), values).one()


def airflow_cpu(each: Pass) -> float:
    return sum(seconds for name, seconds in each.cpu.items() if name not in {SIMULATOR, POSTGRES})


COLUMNS: dict[str, Callable[[Pass], float]] = {
    "wall s": lambda each: each.wall,
    "CPU s": lambda each: airflow_cpu(each) + each.cpu.get(POSTGRES, 0),
    "Airflow": airflow_cpu,
    "its tasks": lambda each: each.cpu.get("scheduler", 0),  # and the scheduler, which starts them
    "its API": lambda each: each.cpu.get("api-server", 0),
    "Postgres": lambda each: each.cpu.get(POSTGRES, 0),
    "vendors": lambda each: each.cpu.get(SIMULATOR, 0),
}


def say(table: Table) -> list[str]:
    """
    Print medians and ratios; list the ratios above their limits.
    """
    missed = []
    print(f"\n{'':34}{'rounds':>7}{'tasks':>7}" + "".join(f"{name:>10}" for name in COLUMNS) + f"{'CPU/task':>10}")
    for title, (ours, floors) in table.items():
        if not (ours and floors):  # a run failed before
            continue
        for name, passes in ((title, ours), ("  a DAG that does nothing", floors)):
            tasks = median(each.count for each in passes)
            figures = {head: median(map(measure, passes)) for head, measure in COLUMNS.items()}
            print(
                f"{name:34}{len(passes):7}{tasks:7.0f}"
                + "".join(f"{each:10.2f}" for each in figures.values())
                + f"{figures['CPU s'] / tasks:10.2f}"
            )
        limits = LIMITS_OF_ONE if title.startswith("one month") else LIMITS_OF_MANY
        ratios = {
            head: median(COLUMNS[head](one) for one in ours) / median(COLUMNS[head](one) for one in floors)
            for head in limits
        }
        print(f"{'  ratio':48}" + "".join(f"{ratio:10.2f}" for ratio in ratios.values()), end="")
        print(f"   limits {', '.join(map(str, limits.values()))}")
        missed += [
            f"{title}: {head} {ratio:.2f} > {limits[head]}" for head, ratio in ratios.items() if ratio > limits[head]
        ]
        if any(one.count != other.count for one, other in zip(ours, floors, strict=False)):
            print("  the numbers of tasks differ: bench/floor_dags/floor.py is not in the shape of the monthly DAGs")
    return missed


def say_tasks(passes: Iterable[Pass]) -> None:
    """Print how long the tasks of a backfill took, by name."""
    print(f"\n{'task':58}{'number':>8}{'median s':>10}{'sum s':>9}")
    for each in passes:
        for task, count, middle, seconds in each.tasks:
            print(f"{each.name:14}{task:44}{count:8}{middle:10.2f}{seconds:9.1f}")


def measure(services: Services, options: argparse.Namespace, accounts: Accounts) -> int:
    months = Months(services)
    months.warm_up()
    table: Table = {}
    try:
        month = run_all(months, table, options)
    finally:
        missed = say(table)
    say_tasks([passes[-1] for passes in list(table.values())[-1]])
    wrong, totals = faults_of_storage(
        open_database(services.url("billing")), accounts, str(FIRST), str(month.shift(-1))
    )
    print()
    for (vendor, currency), (invoices, lines, amount) in totals.items():
        print(f"{vendor:14}{invoices:6} invoices{lines:8} lines{amount:>32,} {currency}")
    say_faults("missing, too much or another figure", wrong)
    say_faults("ratios above their limits", missed)
    return 1 if wrong or missed else 0


def run_all(months: Months, table: Table, options: argparse.Namespace) -> Month:
    """
    Run ours and the floor in turn, the order changing from round to round; return the month after the last.

    :param table: takes the passes of ours and of the floor, by what was run.
    """
    month, large = FIRST, options.size == "L"
    for number in range(ROUNDS_OF_LARGE if large else options.rounds):
        print(f"round {number + 1}: {month}", flush=True)
        for vendor, dag in DAGS.items():
            passes = table.setdefault(f"one month of {vendor}", ([], []))
            for place, name in in_turn(number, dag, f"floor_{vendor}"):
                passes[place].append(months.one(name, month))
        month = month.shift(1)
    sizes = [MONTHS_OF_LARGE] if large else [options.months] * options.backfill_rounds
    for number, count in enumerate(sizes):
        passes = table.setdefault(f"{count} months of both, a backfill", ([], []))
        for place, dags in in_turn(number, list(DAGS.values()), list(FLOORS)):
            passes[place].append(months.backfill(dags, month, month.shift(count - 1)))
        month = month.shift(count)
    return month


def in_turn(number: int, *both: T) -> Iterable[tuple[int, T]]:
    """Return ours and the floor with their places, every other time the floor first."""
    pair = list(enumerate(both))
    return reversed(pair) if number % 2 else pair


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=["S", "L"], default="S")
    parser.add_argument("--rounds", type=int, default=5, help="of one month")
    parser.add_argument("--months", type=int, default=3, help="of a backfill in size S")
    parser.add_argument("--backfill-rounds", type=int, default=3)
    options = parser.parse_args()
    accounts = read_accounts()
    ready = ("--report-asks", "0", "--estimate-asks", "0")
    with own_stack(floor_shapes(accounts), 1_000_000, ready) as services:
        return measure(services, options, accounts)


if __name__ == "__main__":
    sys.exit(main())
