"""Find the newest fetch of a month, and the fetch of a month that is finished."""

from __future__ import annotations

from sqlalchemy import Connection, select

from billing.controls.finding import State
from billing.month import Month
from billing.storage import tables as t

_OPEN_SEVERITIES = ("exception", "hold", "blocked", "alert")
"""Of an exception that the next fetch may settle; an alert is of something that is late."""


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
    Return the fetch that a finished month is based on; None while another fetch may settle something, or if the month
    is not stored.

        results that passed or do not apply, and warnings, variances and infos  -> finished
        a BLOCKED result: what is missing may be there now                      -> not finished
        an EXCEPTION of another severity                                        -> not finished
        no result, or a document that the fetch could not get                   -> not finished
    """
    missing = select(t.missing_document.c.position).where(t.missing_document.c.fetch_id == t.account_month.c.fetch_id)
    results = select(t.control_result.c.position).where(
        t.control_result.c.reconciliation_id == t.account_month.c.reconciliation_id
    )
    state, severity = t.control_result.c.state, t.control_result.c.severity
    open_results = results.where(
        (state == State.BLOCKED.value) | ((state == State.EXCEPTION.value) & severity.in_(_OPEN_SEVERITIES))
    )
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
