"""Close a month: what is missing, a second person's approval, and an event that nobody changes."""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow.sdk import Asset, Param, dag, task

from billing_vendors.base.notifiers import RunFailed
from billing_vendors.base.operators import MonthApproval
from billing_vendors.base.retries import task_defaults
from billing_vendors.registry import vendor_folders, vendors

DAYS_TO_APPROVE = 7
CLOSINGS = Asset("x-tieout://closings")

DOC = """
### Close a month, with two people

Who starts the run prepares the month; somebody else approves it.

1. **submit**: every account of the month is stored, every exception and blocked control is explained, every accrual is
   trued up. What is missing is listed, one sentence each, and the run fails.
2. **approve**: *Required Actions* shows totals, exceptions and explanations. The answer of the person who started the
   run, or who explained an exception of the month, does not count; the task then asks again.
3. **seal**: adds the event to `billing.month_close`, with the figures and the hash of the month's certificate. If
   anything changed since step 1, nothing is added: start again.
4. **pack**: writes one ZIP with everything that the closing rests on below `packs/` in the folder of documents.

`billing.closed_month` has the figures as closed and as they are now. **Reopen** with *Reopen* and a note.
"""

MONTH = Param(
    type="string", pattern=r"^\d{4}-(0[1-9]|1[0-2])$", title="Month", description="For example 2026-10. It has ended."
)
VENDOR = Param(
    None,
    type=["null", "string"],
    enum=[None, *vendor_folders()],
    title="Vendor",
    description="Empty: all, in one event each.",
)
NOTE = Param("", type="string", maxLength=4000, title="Note", description="Kept with the event. Required to reopen.")
REOPEN = Param(False, type="boolean", title="Reopen", description="Reopen a closed month instead of closing it.")


@dag(
    dag_id="close_month",
    description="Close a month, or reopen it: one person prepares, another one approves",
    schedule=None,
    is_paused_upon_creation=False,  # it runs only when a person starts it, also from a page's button
    start_date=datetime(2015, 1, 1),  # noqa: DTZ001 (Airflow reads it in UTC)
    catchup=False,
    params={"month": MONTH, "vendor": VENDOR, "note": NOTE, "reopen": REOPEN},
    default_args=task_defaults(timedelta(minutes=30)),
    on_failure_callback=RunFailed(),
    tags=["billing", "on-demand", "closing"],
    doc_md=DOC,
)
def close_month() -> None:
    """Submit, approve, seal, pack."""

    @task(multiple_outputs=False)
    def submit() -> dict[str, str]:
        from billing_vendors.base.tasks import close  # noqa: PLC0415 (only the task that runs pays for it)

        return close.submit(vendors())

    approve = MonthApproval(
        task_id="approve",
        subject="{{ 'Reopen' if params.reopen else 'Close' }} {{ params.month }}, {{ params.vendor or 'all vendors' }}",
        response_timeout=timedelta(days=DAYS_TO_APPROVE),
        retries=20,  # an answer that does not count is followed by another request
        retry_delay=timedelta(seconds=5),
        retry_exponential_backoff=0,
    )

    @task(multiple_outputs=False, outlets=[CLOSINGS])
    def seal(submitted: dict[str, str], approved_by: str) -> dict[str, int]:
        from billing_vendors.base.tasks import close  # noqa: PLC0415 (as above)

        return close.seal(submitted, approved_by, CLOSINGS)

    @task(multiple_outputs=False)
    def pack(sealed: dict[str, int]) -> list[str]:
        from billing_vendors.base.tasks import close  # noqa: PLC0415 (as above)

        return close.pack(sealed)

    submitted = submit()
    submitted >> approve
    pack(seal(submitted, approve.output))  # type: ignore[arg-type]  # what the tasks return


close_month()
