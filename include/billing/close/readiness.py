"""What a vendor's month lacks before it can be closed or reopened, one sentence each."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import Connection, text

from billing.close.events import CLOSED, last_event
from billing.month import Month

_STORED = text("select account from billing.account_month where (vendor, month) = (:vendor, :month)")

_WITHOUT_RESULTS = text("""
    select m.account from billing.account_month m
    where (m.vendor, m.month) = (:vendor, :month)
      and not exists (select from billing.control_result c where c.reconciliation_id = m.reconciliation_id)
    order by m.account
""")

_UNEXPLAINED = text("""
    select account, control_id, subject, outcome from billing.current_finding
    where (vendor, month) = (:vendor, :month) and explanation_id is null
    order by account, outcome desc, position
""")

_OPEN_ACCRUALS = text("""
    select account from billing.current_accrual a
    where (vendor, month) = (:vendor, :month) and state = 'PROPOSED'
      and not exists (select from billing.true_up u where u.accrual_id = a.accrual_id)
    order by account
""")


def lacks_for_closing(connection: Connection, vendor: str, month: Month, accounts: Collection[str]) -> list[str]:
    """
    Return what has to be done before a vendor's month is closed; empty if it is ready.

    :param accounts: all accounts of the vendor that are billed in this month.
    """
    last = last_event(connection, vendor, month)
    if last is not None and last.event == CLOSED:
        return [
            f"{vendor} {month} is closed since {last.recorded_at:%Y-%m-%d %H:%M} UTC, approved by {last.approved_by}"
        ]
    key = {"vendor": vendor, "month": month.first_day}
    return [f"{vendor}/{account} {month}: {sentence}" for account, sentence in _lacks(connection, key, accounts)]


def lacks_for_reopening(connection: Connection, vendor: str, month: Month, note: str) -> list[str]:
    """Return why a vendor's month cannot be reopened; empty if it can."""
    last = last_event(connection, vendor, month)
    if last is None or last.event != CLOSED:
        return [f"{vendor} {month} is not closed, so it cannot be reopened"]
    return [] if note else [f"{vendor} {month} is reopened only with a reason: write it in the note"]


def _lacks(connection: Connection, key: dict[str, Any], accounts: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield accounts and what they lack."""
    for account in sorted(set(accounts) - set(connection.scalars(_STORED, key))):
        yield account, "it is not stored; run invoices_{vendor} for this month".format(**key)
    for account in connection.scalars(_WITHOUT_RESULTS, key):
        yield account, "no control has a result"
    for row in connection.execute(_UNEXPLAINED, key):
        what = "exception" if row.outcome == "exception" else "blocked control"
        yield row.account, f"nobody has explained {what} {row.control_id} of {row.subject}"
    for account in connection.scalars(_OPEN_ACCRUALS, key):
        yield account, "its accrual is not trued up; the bill is missing"
