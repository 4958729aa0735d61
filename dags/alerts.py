"""Tell people once what is new: missing bills, exceptions, changed bills, failed tasks, months ready to approve."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.sdk import Asset, AssetAny, AssetOrTimeSchedule, CronTriggerTimetable, dag, task

from billing_vendors.base.retries import retried
from billing_vendors.registry import vendors

HOURLY = "10 * * * *"

DOC = """
### One message about what is new

Starts when a vendor's monthly run has stored a month, and each hour. Sends one message to the receivers of
the Airflow connection `tieout_alerts`; without that connection nothing is sent. Each thing is told once:
`billing.alert` has what was told. See `docs/alerts.md`.

**tell failed with NotDelivered**: no receiver accepted the message. It is tried again, and nothing is lost: the next
run tells it. No month waits for it.
"""

STORED = [Asset(f"x-tieout://months/{vendor.name}") for vendor in vendors()]


@dag(
    dag_id="alerts",
    description="Send one message about what is new to the connection tieout_alerts",
    schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable(HOURLY, timezone="UTC"), assets=AssetAny(*STORED)),
    start_date=datetime(2015, 1, 1),  # noqa: DTZ001 (Airflow reads it in UTC)
    catchup=False,
    max_active_runs=1,
    default_args=retried(timedelta(minutes=10)),
    tags=["billing", "hourly", "alerts"],
    doc_md=DOC,
)
def alerts() -> None:
    """One task."""

    @task
    def tell() -> int:
        from billing_vendors.base.tasks.alert import tell_news  # noqa: PLC0415 (only the task that runs pays for it)

        return tell_news(vendors())

    tell()


alerts()
