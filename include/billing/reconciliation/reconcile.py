"""
From stored responses to stored results: derive a month, store its versions and run its controls, in one transaction.

A reader of the database sees the month before or after, never half of it. Controls also look at months before their
own, so a month that is stored or changed late is followed by the later ones that look at it: in whatever order months
are stored, the results are the same in the end.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Engine

from billing.config.accounts import Account
from billing.errors import StorageError
from billing.reconciliation.reconciler import MonthReconciler, Reconciled, Rules
from billing.storage.accruals import AccrualBook
from billing.storage.payloads import find_fetch
from billing.storage.product_months import add_to_product_months


def reconcile_month(
    engine: Engine, rules: Rules, account: Account[object], fetch_id: int, *, force: bool = False
) -> Reconciled:
    """
    Derive and store what one fetch holds, run its controls, and those of the later months that look at it.

    Runs twice with the same result. Rows are added only for what is new or has changed.

    :param force: also reconcile a month whose inputs have not changed.
    :raises PayloadError: a response has another shape; nothing was stored, the responses themselves are kept.
    :raises StorageError: the fetch belongs to another account or holds estimates, or stored bytes were altered.
    :raises ConfigurationError: the account has a tolerance for a control that there is not.
    :raises ExceptionGroup: internal errors in controls, or a later month that looks at this one could not be
        reconciled again; this month and all other results are stored.
    """
    with engine.begin() as connection:
        fetch = find_fetch(connection, fetch_id)
        if (fetch.vendor, fetch.account, fetch.purpose) != (account.vendor, account.name, "month"):
            raise StorageError(
                f"fetch {fetch_id} is a {fetch.purpose} of {fetch.vendor}/{fetch.account}, "
                f"not a month of {account.vendor}/{account.name}"
            )
        now = datetime.now(UTC)
        reconciler = MonthReconciler(connection, rules, account, now)
        done = reconciler.reconcile(fetch, force=force)
        AccrualBook(connection, account, fetch.dag_run, now).settle()
        add_to_product_months(connection, account.vendor, account.name, done.changes)
    if reconciler.errors:
        raise ExceptionGroup(
            f"{account.vendor}/{account.name} {fetch.month}: internal error in "
            f"{', '.join(reconciler.errors)}; the month is stored, and failed controls are recorded as BLOCKED",
            list(reconciler.errors.values()),
        )
    return done
