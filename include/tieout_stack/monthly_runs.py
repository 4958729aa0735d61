"""Run months of all vendors through Airflow's REST API, and wait for them."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tieout_stack.airflow_api import AirflowApi, Interval
from tieout_stack.errors import StackError
from tieout_stack.progress import FAILED, sentence

ENDED = frozenset({"success", "failed"})
PROGRESS_SECONDS = 5.0
UNCHANGED_SECONDS = 30.0
POLL_SECONDS = 1.0
PARSE_SECONDS = 60.0
RUN_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class MonthlyRun:
    """One started run."""

    vendor: str
    dag_id: str
    month: str
    run_id: str


def start_runs(api: AirflowApi, dags: Mapping[str, str], months: Sequence[str]) -> list[MonthlyRun]:
    """
    Start one run per vendor and month, then unpause the DAGs.

    A DAG that is unpaused creates the run of its last interval at once. Our run of the last month takes that interval,
    so that no month is fetched twice at the same time.

    :param dags: DAG id by vendor.
    :param months: each ``YYYY-MM``, in order.
    """
    api.wait_for_dags([*dags.values()], PARSE_SECONDS)
    runs = []
    for vendor, dag_id in dags.items():
        for month in months:
            interval = _due_interval(api, dag_id) if month == months[-1] else None
            run_id = api.trigger(dag_id, {"month": month}, interval, f"Billing month {month}")
            runs.append(MonthlyRun(vendor, dag_id, month, run_id))
        api.set_paused(dag_id, paused=False)
    return runs


def _due_interval(api: AirflowApi, dag_id: str) -> Interval | None:
    """
    Return the data interval that the scheduler would run as soon as the DAG is unpaused.

    All of it: with the logical date alone Airflow would infer another interval, and its scheduler would find our run
    again and again instead of going on to the next month.
    """
    dag = api.call("GET", f"/dags/{dag_id}")
    if dag["is_paused"] and _is_past(dag["next_dagrun_run_after"]):
        return dag["next_dagrun_data_interval_start"], dag["next_dagrun_data_interval_end"]
    return None


def _is_past(moment: str | None) -> bool:
    return moment is not None and datetime.fromisoformat(moment) <= datetime.now(UTC)


def wait_for_runs(
    api: AirflowApi, runs: Sequence[MonthlyRun], report: Callable[[str], None], check: Callable[[], None]
) -> dict[MonthlyRun, str]:
    """
    Wait until all runs have ended; return the last state of each.

    :param report: called with one line of progress every 5 s if it is a new one, else every 30 s.
    :param check: called in between; raises if the stack is broken.
    :raises StackError: they did not end in time.
    """
    deadline = time.monotonic() + RUN_SECONDS
    next_look, repeat_at, reported = 0.0, 0.0, ""
    states: dict[MonthlyRun, str] = {}
    while True:
        check()
        states |= {run: api.run_state(run.dag_id, run.run_id) for run in runs if states.get(run) not in ENDED}
        if ENDED.issuperset(states.values()):
            return states
        now = time.monotonic()
        if now >= next_look:
            next_look = now + PROGRESS_SECONDS
            line = sentence([api.task_instances(run.dag_id, run.run_id) for run in runs])
            if line != reported or now >= repeat_at:
                report(line)
                repeat_at, reported = now + UNCHANGED_SECONDS, line
        if now > deadline:
            raise StackError(f"The runs did not end within {RUN_SECONDS:.0f} s: see the Airflow UI.")
        time.sleep(POLL_SECONDS)


def failures(api: AirflowApi, run: MonthlyRun, logs: Path) -> list[str]:
    """
    Return a sentence for each failed task of a run, with its log file.

    :param logs: folder of Airflow's task logs.
    """
    return [
        f"{run.dag_id} {run.month}: {task['task_id']} [{task['rendered_map_index'] or task['map_index']}] failed"
        f" at attempt {task['try_number']}: see {_task_log(run, task, logs)}"
        for task in api.task_instances(run.dag_id, run.run_id)
        if task["state"] in FAILED and task["state"] != "upstream_failed"
    ]


def _task_log(run: MonthlyRun, task: Mapping[str, Any], logs: Path) -> Path:
    folder = logs / f"dag_id={run.dag_id}" / f"run_id={run.run_id}" / f"task_id={task['task_id']}"
    if task["map_index"] >= 0:
        folder /= f"map_index={task['map_index']}"
    return folder / f"attempt={task['try_number']}.log"
