"""Tasks of one account that run at once: they wait for each other or do not meet; the rows are those of one after the
other, and Postgres never has to break a deadlock."""

from __future__ import annotations

import random
import time

import pytest
from tests.system.crashes.conftest import CASES
from tests.system.crashes.dump import differences
from tests.system.crashes.killing import certificates_say_what_the_rows_say
from tests.system.crashes.task_process import Step

RESTATED, _, FIRST, RESTATED_GENESYS = CASES
SOAK_ROUNDS = 25
SEED = 20260911
# what may be there once or more, as the tasks come; results in force are compared by their hashes in account_month
HISTORY = {"reconciliation", "control_result"}
DEADLOCKS = "select coalesce(sum(deadlocks), 0)::int from pg_stat_database where datname = current_database()"
TWICE = """
    select vendor, account, month, inputs_sha256::text, results_sha256::text from billing.reconciliation
    group by 1, 2, 3, 4, 5 having count(*) > 1
"""


def month(case, name):
    before, after = case.around
    return {"month": case.month, "before": before, "after": after}[name]


def steps(case, *names):
    """``month``: fetch and reconcile it; ``rederive month``: without asking the vendor."""
    made: list[Step] = []
    for name in names:
        *how, which = name.split()
        made += case.steps(month(case, which), *(how or ("fetch", "reconcile")))
    return made


RACES = {
    "the same month twice at once": [("month",), ("month",)],
    "a backfill over the month beside the scheduled run": [("before", "month", "after"), ("month",)],
    "a look-back during a rederive": [("month", "before"), ("rederive month", "rederive after")],
    "two months of one account at once": [("month",), ("before",), ("after",)],
}


def race(killing, tally, name, seeded):
    """Start all lanes, some of them a little later, and compare with the same steps one after the other."""
    case = killing.stage.case
    lanes = [steps(case, *lane) for lane in RACES[name]]
    with killing.stage.place() as place:
        for lane in lanes:
            place.run(lane)
        wanted = place.rows.dump()
    with killing.stage.place() as place:
        running = []
        for lane in lanes:
            running.append(place.start(lane))
            time.sleep(seeded.choice((0.0, 0.0, seeded.uniform(0, 0.4))))
        for process in running:
            told = process.wait()
            assert (told.exitcode, told.error) == (0, None), (name, told)
        found = place.rows.dump()
        rows = {table: rows for table, rows in wanted.items() if table not in HISTORY}
        assert differences(rows, found) == {}, name
        assert place.rows.send(TWICE) == [], name
        certificates_say_what_the_rows_say(place, case)
        ((deadlocks,),) = place.rows.send(DEADLOCKS)
        assert deadlocks == 0, name
        tally("races tried", name)


@pytest.mark.parametrize("name", RACES)
@pytest.mark.parametrize("case", [RESTATED, FIRST], ids=lambda case: case.name)
def test_tasks_that_race_store_what_they_store_one_after_the_other(killings, tally, case, name):
    seeded = random.Random(f"{SEED} {case.name} {name}")  # noqa: S311 (who starts when)
    race(killings(case), tally, name, seeded)


@pytest.mark.soak
@pytest.mark.parametrize("name", RACES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_tasks_that_race_often_store_what_they_store_one_after_the_other(killings, tally, case, name, soak_seed):
    seeded = random.Random(f"{soak_seed} {case.name} {name}")  # noqa: S311 (the same)
    for _ in range(SOAK_ROUNDS):
        race(killings(case), tally, name, seeded)
