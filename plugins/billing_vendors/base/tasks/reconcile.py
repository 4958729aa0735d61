"""The tasks that turn stored responses into rows and results, without a request to a vendor."""

from __future__ import annotations

import logging
from typing import Any

from sqlalchemy import Engine

from billing.certificate.publish import publish, unpublished
from billing.certificate.sources import Subject
from billing.config.accounts import Account
from billing.month import Month
from billing.reconciliation.code_version import code_sha256
from billing.reconciliation.reconciler import Reconciled, Rules, reconcile_month
from billing.storage.document_store import document_reader
from billing.storage.fetches import latest_fetch
from billing_vendors.base.tasks.change_log import describe
from billing_vendors.base.tasks.database import billing_engine, documents_folder
from billing_vendors.base.tasks.errors import clean_traceback
from billing_vendors.base.tasks.plan import account_of_task
from billing_vendors.base.vendor import Vendor

log = logging.getLogger(__name__)


@clean_traceback
def reconcile_fetched(vendor: Vendor, account_name: str, fetch_id: int) -> dict[str, int]:
    """
    Derive and store what a fetch holds and run its controls; return the number of results by state.

    An exception found by a control is a finding, not a failed task.
    """
    account = account_of_task(vendor, account_name)
    done = _reconcile(vendor, billing_engine(), account, fetch_id)
    return done.states


@clean_traceback
def rederive_month(vendor: Vendor, account_name: str, month: str) -> dict[str, int]:
    """
    Derive a month again from its stored responses, without a call to the vendor; return the number of changes by cause.

    No change means that today's code derives the same rows from the same bytes.
    """
    account, billing_month = account_of_task(vendor, account_name), Month.parse(month)
    engine = billing_engine()
    with engine.connect() as connection:
        fetch_id = latest_fetch(connection, vendor.name, account.name, billing_month)
    if fetch_id is None:
        log.warning("%s/%s %s: never fetched; nothing to derive", vendor.name, account.name, billing_month)
        return {}
    done = _reconcile(vendor, engine, account, fetch_id, force=True)
    causes = [change.cause for change in done.changes]
    return {cause: causes.count(cause) for cause in sorted(set(causes))}


def _reconcile(
    vendor: Vendor, engine: Engine, account: Account[Any], fetch_id: int, *, force: bool = False
) -> Reconciled:
    """Reconcile; then certify the month and the later ones whose results it, or a killed attempt, changed."""
    folder, derive = documents_folder(), vendor.load_implementation().derive
    rules = Rules(derive, tuple(vendor.controls()), document_reader(folder), code_sha256(account, derive.__module__))
    done = reconcile_month(engine, rules, account, fetch_id, force=force)
    _log(account, done)
    left = unpublished(engine, Subject(vendor.name, account.name, done.month), folder)
    for month in sorted({done.month, *done.rerun, *left}):
        place = publish(engine, Subject(vendor.name, account.name, month), folder)
        log.info("%s/%s %s: certificate %s", vendor.name, account.name, month, place)
    return done


def _log(account: Account[Any], done: Reconciled) -> None:
    log.info(
        "%s/%s %s: invoices %s, their lines %s; %s",
        *(account.vendor, account.name, done.month, done.invoices, done.lines, describe(done.changes)),
    )
    for name in done.unknown_fields:
        log.warning("%s sends the unknown field %s; kept in attributes", account.vendor, ascii(name))
