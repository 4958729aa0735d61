"""Monthly runs: one DAG per vendor, one run per month, all accounts in parallel."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from airflow.sdk import (
    Asset,
    CronDataIntervalTimetable,
    Param,
    TriggerRule,
    XComArg,
    dag,
    get_parsing_context,
    task,
    task_group,
)

from billing_vendors.base.notifiers import RunFailed
from billing_vendors.base.retries import task_defaults
from billing_vendors.base.tasks import plan
from billing_vendors.base.tasks.month_param import ACCOUNTS, MONTH
from billing_vendors.base.vendor import Vendor
from billing_vendors.registry import vendors

PLANNED_MONTH = plan.month_xcom_template()

AGAIN = Param(
    False,
    type=["null", "boolean"],  # with null the form does not mark it as required
    title="Fetch again even if reconciled",
    description="Off: an account whose month is stored and passed every control is not fetched again.",
)

DOC = """
### {title}: one month's invoices, fetched, stored and reconciled

One run is one month. For each account of `accounts.yaml` it waits until {title} has the month ready (no worker is
held while waiting), fetches everything, keeps every response byte for byte, stores invoices as versions and runs the
controls.

A scheduled or backfilled run is for the month of its **Logical Date**. Every run names its month in the log of
`plan_month`.

#### Start one

- **One month**: press **Trigger**, fill in **Billing month**, for example `2026-10`. Empty means the last month
  that was billed.
- **Three years**: press **Trigger**, choose **Backfill**, enter the first and the last day. Leave Billing month empty.

Both may be repeated: unchanged data adds no row.

#### What you see, and what to do

- **wait… is deferred**: {title} has not issued it yet. Nothing to do; it ends by itself, or fails and its log says what
  it waited for.
- **fetch failed**: the log names the request and the reason. Fix the connection or wait, then clear the task.
- **reconcile is green, its log says EXCEPTION**: a control found something in the bill. Read
  `billing.current_control_result`.
- **its log says BLOCKED**: a control lacks a figure to compare with, often the month before. Fetch that month.
- **reconcile failed**: unexpected response format. Nothing was changed; the raw response is stored. Please report it.

#### When the run ends

The run updates the asset `x-tieout://months/{vendor}`: a DAG scheduled on it starts once per run; the event
holds the month, the accounts and the number of control results by state. Accruals of the month are reversed and trued
up.

#### The results

`select * from billing.account_month_summary where month = '2026-10-01'`
"""


def build_dag(vendor: Vendor) -> None:
    """Create the monthly DAG of one vendor."""
    # x-: for any other scheme Airflow would load all providers to look for one that knows it, in every task
    months = Asset(f"x-tieout://months/{vendor.name}")

    @dag(
        dag_id=f"invoices_{vendor.name}",
        description=f"{vendor.title}: fetch, store and reconcile one month's invoices of every account",
        schedule=CronDataIntervalTimetable(vendor.schedule, timezone="UTC"),
        start_date=datetime(2015, 1, 1),  # noqa: DTZ001 (Airflow reads it in UTC)
        catchup=False,
        max_active_runs=16,
        params={"month": MONTH, "accounts": ACCOUNTS, "again": AGAIN},
        default_args=task_defaults(timedelta(hours=1)),
        on_failure_callback=RunFailed(),
        tags=["billing", "monthly", vendor.name],
        doc_md=DOC.format(title=vendor.title, vendor=vendor.name),
    )
    def monthly_invoices() -> None:
        @task(execution_timeout=timedelta(minutes=5))
        def plan_month() -> list[str]:
            return plan.plan_month(vendor, vendors(), vendor.schedule)

        @task(pool=vendor.pool, map_index_template="{{ account }}")
        def fetch(account: str, month: str, params: dict[str, Any] | None = None) -> int:
            from billing_vendors.base.tasks.fetch import fetch_month  # noqa: PLC0415 (only the task that runs pays for it)

            return fetch_month(vendor, account, month, again=bool(params and params["again"]))

        @task(map_index_template="{{ account }}", multiple_outputs=False)
        def reconcile(account: str, fetch_id: int) -> dict[str, int]:
            from billing_vendors.base.tasks.reconcile import reconcile_fetched  # noqa: PLC0415 (the same)

            return reconcile_fetched(vendor, account, fetch_id)

        # A task of its own: an outlet of the mapped reconcile would be an event per account, and who waits for the
        # month would start once for each. Not all_done: as the last task it would turn a failed run green.
        @task(outlets=[months], trigger_rule=TriggerRule.NONE_FAILED, execution_timeout=timedelta(minutes=5))
        def publish_month_event(month: str, accounts: list[str], states: list[dict[str, int]]) -> None:
            from billing_vendors.base.tasks import announce  # noqa: PLC0415 (the same)

            announce.publish_month_event(vendor.name, months, month, accounts, states)

        reconciled: list[XComArg] = []

        @task_group
        def account_month(account: str) -> None:
            fetched = fetch(account, PLANNED_MONTH)
            list(vendor.make_sensors(account=account, month=PLANNED_MONTH)) >> fetched
            reconciled.append(reconcile(account, fetched))  # type: ignore[arg-type]  # the result is there when it runs

        accounts = plan_month()
        account_month.expand(account=accounts)
        publish_month_event(PLANNED_MONTH, accounts, reconciled[0])  # type: ignore[arg-type]  # the same

    monthly_invoices()


wanted = get_parsing_context().dag_id  # a task reads this file for its own DAG alone
for vendor in vendors():
    if wanted in {None, f"invoices_{vendor.name}"}:
        build_dag(vendor)
