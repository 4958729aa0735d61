"""The closing of a month: what is missing, its history, and the figures as closed and as they are now."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from billing.close.events import CLOSED
from billing.close.readiness import lacks_for_closing
from billing.month import Month
from billing_ui.pages.page import rows

_EVENTS = text("""
    select number, event, prepared_by, approved_by, note, recorded_at, dag_run,
           encode(certificate_sha256, 'hex') as certificate
    from billing.month_close where (vendor, month) = (:vendor, :month) order by number desc
""")

_FIGURES = text("""
    select account, currency, state, closed_total, total, difference
    from billing.closed_month where (vendor, month) = (:vendor, :month) order by account, currency
""")


_STATES = text("""
    select vendor, account, month,
           case when bool_and(state = 'closed') then 'closed' else 'changed' end as state
    from billing.closed_month
    where month between :first and :last and vendor = any(:vendors)
    group by vendor, account, month
""")


def closed_states(
    connection: Connection, vendors: Sequence[str], first: date, last: date
) -> dict[tuple[str, str, str], str]:
    """Return ``closed`` or ``changed``, by vendor, account and ``YYYY-MM``, of the months that are closed."""
    found = rows(connection, _STATES, first=first, last=last, vendors=list(vendors))
    return {(row["vendor"], row["account"], f"{row['month']:%Y-%m}"): row["state"] for row in found}


def closing_of(connection: Connection, vendor: str, month: Month, accounts: Collection[str]) -> dict[str, Any]:
    """
    Return the closing of a vendor's month.

    :param accounts: all accounts of the vendor that are billed in this month.
    """
    key = {"vendor": vendor, "month": month.first_day}
    events, figures = rows(connection, _EVENTS, **key), rows(connection, _FIGURES, **key)
    closed = bool(events) and events[0]["event"] == CLOSED
    states = {row["state"] for row in figures} if closed else set()
    return {
        "vendor": vendor,
        "closed": closed,
        "state": (max(states, key=len) if states else CLOSED) if closed else (events[0]["event"] if events else "open"),
        "missing": [] if closed else lacks_for_closing(connection, vendor, month, accounts),
        "events": events,
        "figures": figures,
    }
