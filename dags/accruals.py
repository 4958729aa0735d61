"""Propose at each month's end what every account should accrue for it."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.sdk import CronDataIntervalTimetable, dag, task, task_group

from billing_vendors.base.notifiers import RunFailed
from billing_vendors.base.retries import task_defaults
from billing_vendors.base.tasks import plan
from billing_vendors.base.tasks.month_param import ACCOUNTS, MONTH
from billing_vendors.base.vendor import Vendor
from billing_vendors.registry import vendors

MONTHLY = "30 0 1 * *"  # half an hour after the cut-off, when the month's last snapshot is in

DOC = """
### Accruals for the month that has just ended

Proposes one accrual for each account from stored data; no vendor API is called. The basis depends on the vendor: the
last month-to-date snapshot taken before the month's end, or the charges of the billing periods plus the month's days of
prepaid items.

An accrual whose basis is missing is **BLOCKED** and has no amount; its explanation says why, and what other months were
billed. The task succeeds all the same: read `billing.current_accrual`.

When the month's invoice is stored, the monthly run reverses the accrual and records the true-up:
`billing.accrual_ledger` shows both with the bill. How good past accruals were is in `billing.accrual_quality`.

A second run, or a backfill, adds nothing unless its basis has changed. *Billing month* empty means the last month that
has ended.
"""


def propose_all(vendor: Vendor) -> None:
    """Add the tasks of one vendor."""

    @task(execution_timeout=timedelta(minutes=5))
    def plan_month() -> list[str]:
        return plan.plan_month_of_all(vendor, vendors(), MONTHLY)

    @task(map_index_template="{{ account }}", multiple_outputs=False)
    def propose(account: str, month: str) -> dict[str, str | bool]:
        from billing_vendors.base.tasks.accrue import propose_accrual  # noqa: PLC0415 (only the task that runs pays for it)

        return propose_accrual(vendor, account, month)

    planned = plan.month_xcom_template(f"{vendor.name}.plan_month")
    propose.partial(month=planned).expand(account=plan_month())


@dag(
    dag_id="accruals",
    description="Propose what every account should accrue for the month that has ended",
    schedule=CronDataIntervalTimetable(MONTHLY, timezone="UTC"),
    start_date=datetime(2015, 1, 1),  # noqa: DTZ001 (Airflow reads it in UTC)
    catchup=False,
    max_active_runs=4,
    params={"month": MONTH, "accounts": ACCOUNTS},
    default_args=task_defaults(timedelta(minutes=30)),
    on_failure_callback=RunFailed(),
    tags=["billing", "monthly", "accruals"],
    doc_md=DOC,
)
def accruals() -> None:
    """Every vendor."""
    for vendor in vendors():
        task_group(group_id=vendor.name)(propose_all)(vendor)


accruals()
