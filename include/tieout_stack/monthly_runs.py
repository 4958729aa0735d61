"""Runs a month of each vendor through Airflow's REST API, and waits for it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tieout_stack.airflow_api import AirflowApi
from tieout_stack.errors import StackError
from tieout_stack.progress import FAILED, accounts, sentence

ENDED = frozenset({"success", "failed"})
PROGRESS_SECONDS = 4.0
POLL_SECONDS = 1.0
PARSE_SECONDS = 60.0
RUN_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class MonthlyRun:
    """One started run."""

    vendor: str
    dag_id: str
    run_id: str


def start_runs(api: AirflowApi, dags: Mapping[str, str], month: str) -> list[MonthlyRun]:
    """
    Start one run per vendor.

    :param dags: DAG id by vendor.
    :param month: ``YYYY-MM``.
    """
    api.wait_for_dags([*dags.values()], PARSE_SECONDS)
    return [_start(api, vendor, dag_id, month) for vendor, dag_id in dags.items()]


def _start(api: AirflowApi, vendor: str, dag_id: str, month: str) -> MonthlyRun:
    """
    Trigger the month, then let the DAG run.

    A DAG that leaves its pause makes the run of its last interval at once. Ours takes that interval, so that the
    month is not fetched twice side by side. All of it: with the logical date alone Airflow would infer another
    interval, and its scheduler would meet our run again and again instead of going on to the next month.
    """
    dag = api.call("GET", f"/dags/{dag_id}")
    interval = None
    if dag["is_paused"] and _is_past(dag["next_dagrun_run_after"]):
        interval = dag["next_dagrun_data_interval_start"], dag["next_dagrun_data_interval_end"]
    run_id = api.trigger(dag_id, {"month": month}, interval, f"Billing month {month}")
    api.set_paused(dag_id, paused=False)
    return MonthlyRun(vendor, dag_id, run_id)


def _is_past(moment: str | None) -> bool:
    return moment is not None and datetime.fromisoformat(moment) <= datetime.now(UTC)


def wait_for_runs(
    api: AirflowApi, runs: list[MonthlyRun], tell: Callable[[str], None], check: Callable[[], None]
) -> dict[MonthlyRun, str]:
    """
    Wait until all runs ended; returns the last state of each.

    :param tell: called every few seconds with what a run is doing.
    :param check: called in between; raises if the stack is broken.
    :raises StackError: they did not end in time.
    """
    deadline = time.monotonic() + RUN_SECONDS
    told_at, told = 0.0, [""] * len(runs)
    while True:
        check()
        states = {run: api.run_state(run.dag_id, run.run_id) for run in runs}
        if ENDED.issuperset(states.values()):
            return states
        if time.monotonic() - told_at >= PROGRESS_SECONDS:
            lines = [f"{run.vendor:14}{_doing(api, run, states[run])}" for run in runs]
            for line in [new for new, old in zip(lines, told, strict=True) if new != old] or ["(no change)"]:
                tell(line)
            told_at, told = time.monotonic(), lines
        if time.monotonic() > deadline:
            raise StackError(f"The runs did not end within {RUN_SECONDS:.0f} s: see the Airflow UI.")
        time.sleep(POLL_SECONDS)


def _doing(api: AirflowApi, run: MonthlyRun, state: str) -> str:
    if state in ENDED:
        return "all done" if state == "success" else "failed"
    return sentence(accounts(api.task_instances(run.dag_id, run.run_id)))


def failures(api: AirflowApi, run: MonthlyRun, logs: Path) -> list[str]:
    """
    Return the failed tasks of a run, each with its log file.

    :param logs: folder of Airflow's task logs.
    """
    return [
        f"{run.dag_id}: {task['task_id']} [{task['rendered_map_index'] or task['map_index']}] failed"
        f" at attempt {task['try_number']}: see {_task_log(run, task, logs)}"
        for task in api.task_instances(run.dag_id, run.run_id)
        if task["state"] in FAILED and task["state"] != "upstream_failed"
    ]


def _task_log(run: MonthlyRun, task: Mapping[str, Any], logs: Path) -> Path:
    folder = logs / f"dag_id={run.dag_id}" / f"run_id={run.run_id}" / f"task_id={task['task_id']}"
    if task["map_index"] >= 0:
        folder /= f"map_index={task['map_index']}"
    return folder / f"attempt={task['try_number']}.log"
