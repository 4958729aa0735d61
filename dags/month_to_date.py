"""Daily snapshots of the running month: a month-to-date estimate cannot be fetched later."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.sdk import CronDataIntervalTimetable, dag, get_parsing_context, task, task_group

from billing_vendors.base.notifiers import RunFailed
from billing_vendors.base.retries import task_defaults
from billing_vendors.base.tasks.month_param import ACCOUNTS
from billing_vendors.base.tasks.plan import month_xcom_template, plan_running_month
from billing_vendors.base.vendor import Vendor
from billing_vendors.registry import vendors

DAILY = "40 23 * * *"  # late in the UTC day: the last day's snapshot is the accrual's basis
PLANNED_MONTH = month_xcom_template("plan")

DOC = """
### {title}: the running month, once a day

Stores {title}'s figures of a month that is not billed yet; accruals are based on them. They are no bill and are never
added to issued invoices.
{running_month}
A missed day cannot be fetched later: the vendor returns today's figures whatever day is requested, so a backfill of
this DAG only stores today's again.
"""


def build_dag(vendor: Vendor) -> None:
    """Create the daily DAG of one vendor."""

    @dag(
        dag_id=f"month_to_date_{vendor.name}",
        description=f"{vendor.title}: store today's figures of the running month",
        schedule=CronDataIntervalTimetable(DAILY, timezone="UTC"),
        start_date=datetime(2015, 1, 1),  # noqa: DTZ001 (Airflow reads it in UTC)
        catchup=False,
        max_active_runs=1,
        params={"accounts": ACCOUNTS},
        default_args=task_defaults(timedelta(minutes=30)),
        on_failure_callback=RunFailed(),
        tags=["billing", "daily", vendor.name],
        doc_md=DOC.format(title=vendor.title, running_month=vendor.running_month),
    )
    def month_to_date() -> None:
        @task
        def plan() -> list[str]:
            return plan_running_month(vendor, vendors())

        @task(pool=vendor.pool, map_index_template="{{ account }}", multiple_outputs=False)
        def snapshot(account: str, month: str) -> dict[str, int]:
            from billing_vendors.base.tasks.fetch import take_snapshot  # noqa: PLC0415 (only the task that runs pays for it)

            return take_snapshot(vendor, account, month)

        @task(pool=vendor.pool, map_index_template="{{ account }}", multiple_outputs=False)
        def keep_charges(account: str, month: str) -> dict[str, int]:
            from billing_vendors.base.tasks.fetch import keep_running_month  # noqa: PLC0415 (the same)

            return keep_running_month(vendor, account, month)

        @task_group
        def account_today(account: str) -> None:
            if vendor.make_estimate_sensor is not None:
                vendor.make_estimate_sensor(account=account, month=PLANNED_MONTH) >> snapshot(account, PLANNED_MONTH)
            if vendor.has_running_month:
                keep_charges(account, PLANNED_MONTH)

        account_today.expand(account=plan())

    month_to_date()


wanted = get_parsing_context().dag_id  # a task reads this file for its own DAG alone
for vendor in vendors():
    if wanted in {None, f"month_to_date_{vendor.name}"} and (vendor.make_estimate_sensor or vendor.has_running_month):
        build_dag(vendor)
