"""
DAGs that do nothing, in the shape of the monthly ones: Airflow's floor, for bench/backfill.py and bench/month.py.

``BENCH_FLOOR`` holds, by vendor, the cron, the number of waits, and each account with its first month.
"""

import json
import os
from datetime import datetime, timedelta

from airflow.sdk import CronDataIntervalTimetable, dag, get_current_context, get_parsing_context, task, task_group

MONTH = "{{ ti.xcom_pull(task_ids='plan_month', key='month') }}"


def build_dag(vendor, cron, waits, accounts):
    @dag(
        dag_id=f"floor_{vendor}",
        schedule=CronDataIntervalTimetable(cron, timezone="UTC"),
        start_date=datetime(2015, 1, 1),  # noqa: DTZ001 (Airflow reads it in UTC)
        catchup=False,
        max_active_runs=16,
        default_args={"retries": 4, "retry_delay": timedelta(seconds=30), "execution_timeout": timedelta(hours=1)},
    )
    def floor():
        @task
        def plan_month():
            context = get_current_context()
            month = context["params"].get("month") or context["data_interval_start"].strftime("%Y-%m")
            context["ti"].xcom_push(key="month", value=month)
            return [name for name, first_month in accounts if first_month <= month]

        @task(pool=vendor)
        def wait(account, month):  # noqa: ARG001 (the shape of the monthly DAG)
            return {"state": "ready"}

        @task(pool=vendor)
        def fetch(account, month):  # noqa: ARG001 (the same)
            return 1

        @task
        def reconcile(account, fetch_id):  # noqa: ARG001 (the same)
            return {"PASS": 1}

        @task
        def publish_month_event(month, accounts, states):  # noqa: ARG001 (the same)
            return len(list(states))

        reconciled = []

        @task_group
        def account_month(account):
            fetched = fetch(account, MONTH)
            [wait.override(task_id=f"wait_{number}")(account, MONTH) for number in range(waits)] >> fetched
            reconciled.append(reconcile(account, fetched))

        planned = plan_month()
        account_month.expand(account=planned)
        publish_month_event(MONTH, planned, reconciled[0])

    floor()


wanted = get_parsing_context().dag_id  # as in the monthly DAGs: a task builds its own DAG alone
for name, shape in json.loads(os.environ["BENCH_FLOOR"]).items():
    if wanted in {None, f"floor_{name}"}:
        build_dag(name, **shape)
