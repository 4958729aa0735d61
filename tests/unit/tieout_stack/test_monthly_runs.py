"""Months started and awaited, with a stand-in for Airflow's API that remembers what it was asked."""

import pytest

from tieout_stack.errors import StackError
from tieout_stack.monthly_runs import MonthlyRun, failures, start_runs, wait_for_runs

DUE = "2026-11-03T06:00:00Z"
INTERVAL = ("2026-10-03T06:00:00Z", DUE)


class Api:
    """One DAG; its runs end when they have been looked at twice."""

    def __init__(self, *, paused: bool = True, run_after: str | None = DUE) -> None:
        self.paused, self.run_after = paused, run_after
        self.steps: list[tuple[object, ...]] = []
        self.looks: dict[str, int] = {}

    def wait_for_dags(self, dag_ids: list[str], _seconds: float) -> None:
        self.steps.append(("wait", *dag_ids))

    def call(self, _method: str, _path: str) -> dict:
        start, end = INTERVAL
        return {
            "is_paused": self.paused,
            "next_dagrun_run_after": self.run_after,
            "next_dagrun_data_interval_start": start,
            "next_dagrun_data_interval_end": end,
        }

    def trigger(self, dag_id: str, conf: dict, interval: tuple[str, str] | None, _note: str) -> str:
        self.steps.append(("trigger", conf["month"], interval))
        return f"{dag_id} {conf['month']}"

    def set_paused(self, dag_id: str, *, paused: bool) -> None:
        self.steps.append(("paused", dag_id, paused))

    def run_state(self, _dag_id: str, run_id: str) -> str:
        self.looks[run_id] = self.looks.get(run_id, 0) + 1
        return "success" if self.looks[run_id] == 2 else "running"

    def task_instances(self, _dag_id: str, _run_id: str) -> list[dict]:
        task = {"map_index": 0, "rendered_map_index": "acme", "try_number": 4}
        return [
            {"task_id": "group.fetch", "state": "failed", **task},
            {"task_id": "group.reconcile", "state": "upstream_failed", **task},
        ]


def test_all_months_are_started_before_the_dag_runs_and_the_last_takes_the_due_interval():
    api = Api()
    runs = start_runs(api, {"acme": "invoices_acme"}, ["2025-10", "2026-09", "2026-10"])
    assert api.steps == [
        ("wait", "invoices_acme"),
        ("trigger", "2025-10", None),
        ("trigger", "2026-09", None),
        ("trigger", "2026-10", INTERVAL),
        ("paused", "invoices_acme", False),
    ]
    assert (runs[0].month, runs[0].run_id) == ("2025-10", "invoices_acme 2025-10")


@pytest.mark.parametrize("api", [Api(paused=False), Api(run_after="2999-01-01T00:00:00Z"), Api(run_after=None)])
def test_where_no_scheduled_run_is_due_no_interval_is_taken(api):
    start_runs(api, {"acme": "invoices_acme"}, ["2026-10"])
    assert ("trigger", "2026-10", None) in api.steps


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr("tieout_stack.monthly_runs.POLL_SECONDS", 0)


def test_every_run_is_awaited_and_progress_is_reported_once_while_it_does_not_change(impatient):
    runs = [MonthlyRun("acme", "invoices_acme", month, month) for month in ("2025-10", "2026-10")]
    lines: list[str] = []
    states = wait_for_runs(Api(), runs, lines.append, check=lambda: None)
    assert states == dict.fromkeys(runs, "success")
    assert lines == ["0 of 2 done: 2 failed"]


def test_runs_that_do_not_end_are_an_error(impatient, monkeypatch):
    monkeypatch.setattr("tieout_stack.monthly_runs.RUN_SECONDS", -1)
    run = MonthlyRun("acme", "invoices_acme", "2026-10", "2026-10")
    with pytest.raises(StackError, match="did not end"):
        wait_for_runs(Api(), [run], print, check=lambda: None)


def test_a_failed_task_is_named_with_its_month_its_account_and_its_log(tmp_path):
    run = MonthlyRun("acme", "invoices_acme", "2026-10", "manual__1")
    log = tmp_path / "dag_id=invoices_acme/run_id=manual__1/task_id=group.fetch/map_index=0/attempt=4.log"
    assert failures(Api(), run, tmp_path) == [
        f"invoices_acme 2026-10: group.fetch [acme] failed at attempt 4: see {log}"
    ]
