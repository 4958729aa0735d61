"""Fetch months again some 35 and 95 days after their end, when a bill should still be unchanged."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.sdk import CronDataIntervalTimetable, dag, task, task_group

from billing_vendors.base.notifiers import RunFailed
from billing_vendors.base.retries import task_defaults
from billing_vendors.base.tasks import plan
from billing_vendors.base.tasks.month_param import ACCOUNTS, MONTH
from billing_vendors.base.vendor import Vendor
from billing_vendors.registry import vendors

MONTHLY = "0 12 6 * *"
MONTHS_BACK = (1, 3)

DOC = """
### Look back: has a vendor restated an earlier month?

Each month, for the month M that was just billed, fetches M-1 and M-3 again, even if they are reconciled. An unchanged
bill only adds the record that it was seen again. A changed one gets a second version, the first is kept, and a control
reports the difference line by line. *Billing month* is M; empty means the last month that was billed.
"""


def fetch_again(vendor: Vendor, months_back: int) -> None:
    """Add the tasks that fetch one vendor's month again, as many months back."""
    planned = plan.month_xcom_template(f"{vendor.name}_{months_back}_back.plan_month")

    @task(execution_timeout=timedelta(minutes=5))
    def plan_month() -> list[str]:
        return plan.plan_month_of_all(vendor, vendors(), MONTHLY, months_back)

    @task(pool=vendor.pool, map_index_template="{{ account }}")
    def fetch(account: str, month: str) -> int:
        from billing_vendors.base.tasks.fetch import fetch_month  # noqa: PLC0415 (only the task that runs pays for it)

        return fetch_month(vendor, account, month, again=True)

    @task(map_index_template="{{ account }}", multiple_outputs=False)
    def reconcile(account: str, fetch_id: int) -> dict[str, int]:
        from billing_vendors.base.tasks.reconcile import reconcile_fetched  # noqa: PLC0415 (the same)

        return reconcile_fetched(vendor, account, fetch_id)

    @task_group
    def account_month(account: str) -> None:
        reconcile(account, fetch(account, planned))  # type: ignore[arg-type]  # the result is there when it runs

    account_month.expand(account=plan_month())


@dag(
    dag_id="look_back",
    description="Fetch months M-1 and M-3 of every account again and compare",
    schedule=CronDataIntervalTimetable(MONTHLY, timezone="UTC"),
    start_date=datetime(2015, 1, 1),  # noqa: DTZ001 (Airflow reads it in UTC)
    catchup=False,
    max_active_runs=2,
    params={"month": MONTH, "accounts": ACCOUNTS},
    default_args=task_defaults(timedelta(hours=1)),
    on_failure_callback=RunFailed(),
    tags=["billing", "monthly", "look-back"],
    doc_md=DOC,
)
def look_back() -> None:
    """Every vendor, one month and three months back."""
    for vendor in vendors():
        for months_back in MONTHS_BACK:
            task_group(group_id=f"{vendor.name}_{months_back}_back")(fetch_again)(vendor, months_back)


look_back()
