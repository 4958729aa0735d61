"""Write each vendor's month as FOCUS files when it is stored, and once more each month for all vendors."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.sdk import Asset, AssetAny, AssetOrTimeSchedule, CronDataIntervalTimetable, dag, task

from billing_vendors.base.notifiers import RunFailed
from billing_vendors.base.retries import task_defaults
from billing_vendors.base.tasks.month_param import MONTH
from billing_vendors.registry import vendors

MONTHLY = "0 18 6 * *"  # after the vendors' runs and the look-back of the same month

DOC = """
### FOCUS: what was billed, for FinOps tools

Writes the issued invoices of a month as FOCUS (FinOps Open Cost and Usage Specification), Parquet and CSV, one file a
vendor and month, which replaces the one before. No vendor API is called; accruals and estimates are not in it.

It starts when a vendor's monthly run has stored a month, for that vendor and month, and once each month for all
vendors. *Billing month* empty means the last month that was billed; a backfilled run is for its own month.

**export failed with ExportStopped**: the charges of an invoice are not what is payable, and neither a control nor a
person has accepted the difference. No file of that vendor and month was changed. The message names each invoice.

The folder is `TIEOUT_EXPORTS`, a path or an object storage URL; see `docs/focus.md`.
"""

STORED = {vendor.name: Asset(f"x-tieout://months/{vendor.name}") for vendor in vendors()}


@dag(
    dag_id="export_focus",
    description="Write a month's invoices as FOCUS files, Parquet and CSV",
    schedule=AssetOrTimeSchedule(
        timetable=CronDataIntervalTimetable(MONTHLY, timezone="UTC"), assets=AssetAny(*STORED.values())
    ),
    start_date=datetime(2015, 1, 1),  # noqa: DTZ001 (Airflow reads it in UTC)
    catchup=False,
    max_active_runs=4,
    params={"month": MONTH},
    default_args=task_defaults(timedelta(hours=1)),
    on_failure_callback=RunFailed(),
    tags=["billing", "monthly", "export"],
    doc_md=DOC,
)
def export_focus() -> None:
    """Every vendor."""
    for vendor in vendors():

        @task(task_id=f"export_{vendor.name}")
        def export(name: str = vendor.name) -> list[str]:
            from billing_vendors.base.tasks.export import export_months  # noqa: PLC0415 (only the task that runs pays for it)
            from billing_vendors.registry import vendor_named  # noqa: PLC0415 (the same)

            return export_months(vendor_named(name), STORED[name], MONTHLY)

        export()


export_focus()
