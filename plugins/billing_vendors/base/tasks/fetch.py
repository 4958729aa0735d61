"""The tasks that call a vendor: every response is stored as received, before it is parsed."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import get_current_context
from sqlalchemy import Engine

from billing.config.accounts import Account
from billing.models import AccountMonth
from billing.month import Month
from billing.payloads.response import Response
from billing.storage.fetches import reconciled_fetch
from billing.storage.payloads import Fetch, FetchSummary, find_fetch, read_responses
from billing.storage.records import RecordStore, candidates_in, lock_account, save_unknown_fields
from billing.storage.snapshots import payloads_of, save_snapshot
from billing_vendors.base.tasks.database import billing_engine, documents_folder
from billing_vendors.base.tasks.errors import clean_traceback
from billing_vendors.base.tasks.plan import account_of_task
from billing_vendors.base.vendor import Document, MissingDocument, Vendor

Arrival = Response | Document | MissingDocument

log = logging.getLogger(__name__)


@clean_traceback
def fetch_month(vendor: Vendor, account_name: str, month: str, *, again: bool) -> int:
    """
    Fetch everything the vendor has on one account and month, store each response, and return the fetch's id.

    :param again: fetch also a month that is reconciled, i.e. stored with every control passed.
    :raises BillingError: see the class; what arrived before is stored, but not as a complete fetch.
    """
    account, billing_month = account_of_task(vendor, account_name), Month.parse(month)
    engine = billing_engine()
    if not again and (fetch_id := _reconciled(engine, account, billing_month)) is not None:
        log.info(
            "%s/%s %s: already reconciled; using stored responses of fetch %s ('Fetch again' requests new ones)",
            *(vendor.name, account.name, billing_month, fetch_id),
        )
        return fetch_id
    fetched = _keep(
        engine, account, billing_month, "month", vendor.load_implementation().collect(account, billing_month)
    )
    log.info(
        "%s/%s %s: fetch %s complete; %s responses (%s new), %s documents (%s new, %s missing), %s bytes",
        *(vendor.name, account.name, billing_month, fetched.fetch_id, fetched.responses, fetched.new_payloads),
        *(fetched.documents, fetched.new_documents, fetched.missing_documents, fetched.bytes),
    )
    return fetched.fetch_id


@clean_traceback
def take_snapshot(vendor: Vendor, account_name: str, month: str) -> dict[str, int]:
    """
    Store the running month's estimate: the response as received, and its figures.

    :raises NotReady: the vendor is generating the estimate again; the sensor before this task had seen it ready.
    """
    implementation = vendor.load_implementation()
    collect, derive = implementation.collect_month_to_date, implementation.derive_month_to_date
    if collect is None or derive is None:
        raise TypeError(f"{vendor.name} has no month-to-date estimate")
    account, billing_month = account_of_task(vendor, account_name), Month.parse(month)
    engine = billing_engine()
    fetched = _keep(engine, account, billing_month, "month_to_date", collect(account, billing_month))
    new = 0
    with engine.begin() as connection:
        fetch = find_fetch(connection, fetched.fetch_id)
        responses = read_responses(connection, fetched.fetch_id)
        for response, (payload_id, taken_at) in zip(responses, payloads_of(connection, fetched.fetch_id), strict=True):
            estimate = derive(account, response)
            new += save_snapshot(connection, estimate, fetch, payload_id, taken_at)
    log.info("%s/%s %s: %s estimates, %s of them new", vendor.name, account.name, billing_month, fetched.responses, new)
    return {"estimates": fetched.responses, "new": new}


@clean_traceback
def keep_running_month(vendor: Vendor, account_name: str, month: str) -> dict[str, int]:
    """Store the running month's contracts and charges so far: the responses, and a version of each change."""
    implementation = vendor.load_implementation()
    collect, derive = implementation.collect_running_month, implementation.derive_running_month
    if collect is None or derive is None:
        raise TypeError(f"{vendor.name} does not report the charges so far")
    account, billing_month = account_of_task(vendor, account_name), Month.parse(month)
    engine = billing_engine()
    fetched = _keep(engine, account, billing_month, "month_to_date", collect(account, billing_month))
    with engine.begin() as connection:

        def derive_fetch(fetch_id: int) -> AccountMonth:
            fetch = find_fetch(connection, fetch_id)
            by_purpose = implementation.derive if fetch.purpose == "month" else derive
            return by_purpose(account, fetch.month, read_responses(connection, fetch_id))

        lock_account(connection, account.vendor, account.name)
        now = datetime.now(UTC)
        fetch = find_fetch(connection, fetched.fetch_id)
        running = derive_fetch(fetched.fetch_id)
        changes = RecordStore(connection, fetch, derive_fetch, now).save(candidates_in(running))
        save_unknown_fields(connection, running, fetch, now)
    log.info(
        "%s/%s %s: %s contracts, %s billing periods so far, %s versions added",
        *(vendor.name, account.name, billing_month, len(running.contracts), len(running.billing_periods), len(changes)),
    )
    return {"billing_periods": len(running.billing_periods), "new": len(changes)}


def _reconciled(engine: Engine, account: Account[Any], month: Month) -> int | None:
    with engine.connect() as connection:
        return reconciled_fetch(connection, account.vendor, account.name, month)


def _keep(
    engine: Engine, account: Account[Any], month: Month, purpose: str, arriving: Iterable[Arrival]
) -> FetchSummary:
    fetch = Fetch(
        engine,
        documents_folder(),
        purpose=purpose,
        vendor=account.vendor,
        account=account.name,
        month=month,
        dag_run=str(get_current_context()["dag_run"].run_id),
    )
    return keep_all(fetch, arriving)


def keep_all(fetch: Fetch, arriving: Iterable[Arrival]) -> FetchSummary:
    """Store each response before the next request, and record the fetch when all have arrived."""
    for arrived in arriving:
        if isinstance(arrived, Document):
            fetch.keep_document(
                arrived.invoice_id, arrived.file_format, arrived.media_type, arrived.request, arrived.body
            )
        elif isinstance(arrived, MissingDocument):
            fetch.keep_missing_document(arrived.invoice_id, arrived.file_format, arrived.reason)
        else:
            fetch.keep(arrived)
    return fetch.complete()
