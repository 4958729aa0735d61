"""
From stored responses to stored proof: derive a month, keep its versions, run its controls, all in one transaction.

A reader of the database sees the month as it was or as it is, never half of it. Controls also look at months before
their own, so a month that is stored or changed late is followed by the later ones that look at it: in whatever order
months are stored, the results are the same in the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Engine

from billing.config.accounts import Account
from billing.controls.control import Control
from billing.errors import StorageError
from billing.listed import InvoiceList
from billing.reconciliation.reconciler import Derive, Proof, Reconciled, Rules
from billing.storage.accruals import AccrualBook
from billing.storage.evidence import ReadFile
from billing.storage.payloads import find_fetch
from billing.storage.product_months import add_to_product_months


def reconcile_month(
    engine: Engine,
    derive: Derive,
    controls: Sequence[Control],
    account: Account[object],
    fetch_id: int,
    read_file: ReadFile | None = None,
    *,
    invoice_list: InvoiceList | None = None,
    reader: bytes | None = None,
    force: bool = False,
) -> Reconciled:
    """
    Derive, store and prove what one fetch brought, and prove again what rests on it.

    Runs twice with the same result. Rows are added only for what is new or has changed.

    :param read_file: reads a vendor's file by its location below the folder of documents, raises OSError where there
        is none; without it no control can look into a file.
    :param invoice_list: the vendor's list that holds whole invoices, if it has one.
    :param reader: hash of the code and of the account's configuration; with it, what is known to be as it was is
        neither read nor proved again.
    :param force: derive and prove a month even if it stands as it was proved.
    :raises PayloadError: a response has another shape; nothing was stored, the responses themselves are kept.
    :raises StorageError: the fetch belongs to another account or holds estimates, or stored bytes were altered.
    :raises ConfigurationError: the account has a tolerance for a control that there is not.
    :raises ExceptionGroup: controls failed by our own fault, or a later month that rests on this one could not be
        proved again; this month and all other results are stored.
    """
    with engine.begin() as connection:
        fetch = find_fetch(connection, fetch_id)
        if (fetch.vendor, fetch.account, fetch.purpose) != (account.vendor, account.name, "month"):
            raise StorageError(
                f"fetch {fetch_id} is a {fetch.purpose} of {fetch.vendor}/{fetch.account}, "
                f"not a month of {account.vendor}/{account.name}"
            )
        now = datetime.now(UTC)
        proof = Proof(connection, Rules(derive, tuple(controls), read_file, invoice_list, reader), account, now)
        done = proof.store(fetch, force=force)
        AccrualBook(connection, account, fetch.dag_run, now).settle()
        add_to_product_months(connection, account.vendor, account.name, done.changes)
    if proof.faults:
        raise ExceptionGroup(
            f"{account.vendor}/{account.name} {fetch.month}: controls failed by our own fault: "
            f"{', '.join(proof.faults)}; the month is stored and they are recorded as BLOCKED",
            list(proof.faults.values()),
        )
    return done
