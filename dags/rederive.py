"""Derive a month's rows again from its stored responses, without a request to any vendor."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.sdk import dag, task, task_group

from billing_vendors.base.notifiers import RunFailed
from billing_vendors.base.retries import task_defaults
from billing_vendors.base.tasks import plan
from billing_vendors.base.tasks.month_param import ACCOUNTS, MONTH
from billing_vendors.base.vendor import Vendor
from billing_vendors.registry import vendors

DOC = """
### Re-derive: parse the stored responses with today's code

Parses the newest stored responses of a month again and runs the controls on the result. The same code returns the same
rows, so nothing is added. After a change to a parser, a record that it reads differently gets a new version with the
cause `parser`; the old version is kept. No vendor API is called.
"""


def read_again(vendor: Vendor) -> None:
    """Add the tasks of one vendor."""

    @task(execution_timeout=timedelta(minutes=5))
    def plan_month() -> list[str]:
        return plan.plan_month_of_all(vendor, vendors(), vendor.schedule)

    @task(map_index_template="{{ account }}", multiple_outputs=False)
    def rederive(account: str, month: str) -> dict[str, int]:
        from billing_vendors.base.tasks.reconcile import rederive_month  # noqa: PLC0415 (only the task that runs pays for it)

        return rederive_month(vendor, account, month)

    planned = plan.month_xcom_template(f"{vendor.name}.plan_month")
    rederive.partial(month=planned).expand(account=plan_month())


@dag(
    dag_id="rederive",
    description="Derive a month again from its stored responses",
    schedule=None,
    is_paused_upon_creation=False,  # it runs only when a person starts it, also from a page's button
    start_date=datetime(2015, 1, 1),  # noqa: DTZ001 (Airflow reads it in UTC)
    catchup=False,
    params={"month": MONTH, "accounts": ACCOUNTS},
    default_args=task_defaults(timedelta(hours=1)),
    on_failure_callback=RunFailed(),
    tags=["billing", "on-demand"],
    doc_md=DOC,
)
def rederive() -> None:
    """Every vendor."""
    for vendor in vendors():
        task_group(group_id=vendor.name)(read_again)(vendor)


rederive()
