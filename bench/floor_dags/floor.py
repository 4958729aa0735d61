"""
DAGs that do nothing, in the shape of the monthly ones: Airflow's floor, for bench/backfill.py and bench/month.py.

``BENCH_FLOOR`` holds, by vendor, the cron, the number of waits, and each account with its first month.
"""

import json
import os
from collections.abc import Sequence
from datetime import datetime, timedelta

from airflow.sdk import (
    CronDataIntervalTimetable,
    XComArg,
    dag,
    get_current_context,
    get_parsing_context,
    task,
    task_group,
)

MONTH = "{{ ti.xcom_pull(task_ids='plan_month', key='month') }}"


def build_dag(vendor: str, cron: str, waits: int, accounts: Sequence[tuple[str, str]]) -> None:
    @dag(
        dag_id=f"floor_{vendor}",
        schedule=CronDataIntervalTimetable(cron, timezone="UTC"),
        start_date=datetime(2015, 1, 1),  # noqa: DTZ001 (Airflow reads it in UTC)
        catchup=False,
        max_active_runs=16,
        default_args={"retries": 4, "retry_delay": timedelta(seconds=30), "execution_timeout": timedelta(hours=1)},
    )
    def floor() -> None:
        @task
        def plan_month() -> list[str]:
            context = get_current_context()
            month = str(context["params"].get("month") or f"{context['data_interval_start']:%Y-%m}")
            context["ti"].xcom_push(key="month", value=month)
            return [name for name, first_month in accounts if first_month <= month]

        @task(pool=vendor)
        def wait(account: str, month: str) -> dict[str, str]:  # noqa: ARG001 (the shape of the monthly DAG)
            return {"state": "ready"}

        @task(pool=vendor)
        def fetch(account: str, month: str) -> int:  # noqa: ARG001 (the same)
            return 1

        @task
        def reconcile(account: str, fetch_id: int) -> dict[str, int]:  # noqa: ARG001 (the same)
            return {"PASS": 1}

        @task
        def publish_month_event(month: str, accounts: list[str], states: list[dict[str, int]]) -> int:  # noqa: ARG001 (the same)
            return len(list(states))

        reconciled: list[XComArg] = []

        @task_group
        def account_month(account: str) -> None:
            fetched = fetch(account, MONTH)
            [wait.override(task_id=f"wait_{number}")(account, MONTH) for number in range(waits)] >> fetched
            reconciled.append(reconcile(account, fetched))  # type: ignore[arg-type]  # the result is there when it runs

        planned = plan_month()
        account_month.expand(account=planned)
        publish_month_event(MONTH, planned, reconciled[0])  # type: ignore[arg-type]  # the same

    floor()


wanted = get_parsing_context().dag_id  # as in the monthly DAGs: a task builds its own DAG alone
for name, shape in json.loads(os.environ["BENCH_FLOOR"]).items():
    if wanted in {None, f"floor_{name}"}:
        build_dag(name, **shape)
