"""Find the newest fetch of a month, and the fetch of a month that is fully reconciled."""

from __future__ import annotations

from sqlalchemy import Connection, select

from billing.controls.finding import State
from billing.month import Month
from billing.storage import tables as t

_OPEN = (State.EXCEPTION.value, State.BLOCKED.value)


def latest_fetch(connection: Connection, vendor: str, account: str, month: Month) -> int | None:
    """Return the newest complete fetch of an account's month; None if it was never fetched."""
    return connection.scalar(
        select(t.fetch.c.fetch_id)
        .where(
            t.fetch.c.vendor == vendor,
            t.fetch.c.account == account,
            t.fetch.c.month == month.first_day,
            t.fetch.c.purpose == "month",
        )
        .order_by(t.fetch.c.fetch_id.desc())
        .limit(1)
    )


def reconciled_fetch(connection: Connection, vendor: str, account: str, month: Month) -> int | None:
    """
    Return the fetch that a reconciled month is based on; None while a control is open or the month is not stored.

    A month that no control has checked is not reconciled, nor is one whose fetch could not get a document.
    """
    missing = select(t.missing_document.c.invoice_id).where(t.missing_document.c.fetch_id == t.account_month.c.fetch_id)
    results = select(t.control_result.c.position).where(
        t.control_result.c.reconciliation_id == t.account_month.c.reconciliation_id
    )
    open_results = results.where(t.control_result.c.state.in_(_OPEN))
    return connection.scalar(
        select(t.account_month.c.fetch_id).where(
            t.account_month.c.vendor == vendor,
            t.account_month.c.account == account,
            t.account_month.c.month == month.first_day,
            results.exists(),
            ~open_results.exists(),
            ~missing.exists(),
        )
    )
