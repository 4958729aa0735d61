"""The task that proposes a month's accrual from stored data, without a request to a vendor."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from airflow.sdk import get_current_context

from billing.month import Month
from billing.storage.accruals import AccrualBook
from billing_vendors.base.tasks.database import billing_engine
from billing_vendors.base.tasks.plan import account_of_task
from billing_vendors.base.vendor import Vendor

log = logging.getLogger(__name__)


def propose_accrual(vendor: Vendor, account_name: str, month: str) -> dict[str, str | bool]:
    """
    Propose an account's accrual for a month; return its state, and whether it is new, without an amount.

    A proposal without a basis is stored as blocked, which is a finding and not a failed task.
    """
    account, billing_month = account_of_task(vendor, account_name), Month.parse(month)
    run = str(get_current_context()["dag_run"].run_id)
    with billing_engine().begin() as connection:
        book = AccrualBook(connection, account, run, datetime.now(UTC))
        done = book.propose(billing_month, vendor.load_implementation().propose_accrual)
    log.log(
        logging.INFO if done.proposal.as_of else logging.WARNING,
        "%s/%s %s: accrual %s, %s%s. %s",
        *(vendor.name, account.name, billing_month, done.proposal.state, "new" if done.added else "unchanged"),
        *(", already billed" if done.settled else "", done.proposal.explanation),
    )
    return {"state": done.proposal.state, "new": done.added}
