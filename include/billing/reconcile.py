"""
From stored answers to stored proof: derive a month, keep its versions, run its controls, all in one transaction.

A reader of the database sees the month as it was or as it is, never half of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine

from billing.accounts import Account
from billing.answer import Answer
from billing.controls.control import Control, Evidence
from billing.controls.engine import run_controls
from billing.errors import StorageError
from billing.models import AccountMonth
from billing.period import BillingPeriod
from billing.storage.archive import find_fetch, read_answers
from billing.storage.reconciliations import save_reconciliation
from billing.storage.records import (
    Change,
    lock_account,
    previous_invoices,
    save_payment_statuses,
    save_records,
    save_unknown_fields,
)

Derive = Callable[[Account[object], BillingPeriod, Sequence[Answer]], AccountMonth]


@dataclass(frozen=True, slots=True)
class Reconciled:
    """
    What one reconciliation did.

    :param changes: versions that were added.
    :param states: number of results by state.
    :param unknown_fields: what the vendor sends and was never seen before.
    :param results_added: False if the same rules gave the same results on the same inputs before.
    """

    period: BillingPeriod
    invoices: int
    lines: int
    changes: tuple[Change, ...]
    states: dict[str, int]
    unknown_fields: tuple[str, ...]
    results_added: bool


def reconcile_month(
    engine: Engine, derive: Derive, controls: Sequence[Control], account: Account[object], fetch_id: int
) -> Reconciled:
    """
    Derive, store and prove what one fetch brought.

    Runs twice with the same result. Rows are added only for what is new or has changed.

    :raises PayloadError: an answer has another shape; nothing was stored, the answers themselves are kept.
    :raises StorageError: the fetch belongs to another account, or stored bytes were altered.
    :raises ExceptionGroup: controls failed by our own fault; the month and all other results are stored.
    """
    now = datetime.now(UTC)
    with engine.begin() as connection:
        fetch = find_fetch(connection, fetch_id)
        if (fetch.vendor, fetch.account) != (account.vendor, account.name):
            raise StorageError(f"fetch {fetch_id} is of {fetch.vendor}/{fetch.account}, not of {account.name}")

        def read(earlier_fetch_id: int) -> AccountMonth:
            period = find_fetch(connection, earlier_fetch_id).period
            return derive(account, period, read_answers(connection, earlier_fetch_id))

        month = read(fetch_id)
        lock_account(connection, account.vendor, account.name)
        changes = save_records(connection, month, fetch, read, now)
        save_payment_statuses(connection, month, fetch, now)
        unknown = save_unknown_fields(connection, month, fetch, now)
        evidence = Evidence(account, month, previous_invoices(connection, month))
        outcome = run_controls(controls, evidence)
        added = save_reconciliation(connection, account, fetch, outcome, now)
    if outcome.faults:
        raise ExceptionGroup(
            f"{account.vendor}/{account.name} {month.period}: controls {', '.join(outcome.faults)} failed by our own "
            "fault; the month is stored and they are recorded as BLOCKED",
            list(outcome.faults.values()),
        )
    return Reconciled(
        period=month.period,
        invoices=len(month.invoices),
        lines=sum(len(invoice.lines) for invoice in month.invoices),
        changes=tuple(changes),
        states=dict(Counter(result.finding.state.value for result in outcome.results)),
        unknown_fields=tuple(unknown),
        results_added=added,
    )
