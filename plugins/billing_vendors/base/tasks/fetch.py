"""The tasks that ask a vendor: every response is kept, as received, before anybody understands it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import get_current_context
from sqlalchemy import Engine

from billing.behind import Behind
from billing.config.accounts import Account
from billing.models import AccountMonth
from billing.month import Month
from billing.payloads.response import Response
from billing.storage.fetches import closed_fetch
from billing.storage.payloads import Fetch, FetchSummary, find_fetch, read_answers
from billing.storage.records import Records, found_in, lock_account, save_unknown_fields
from billing.storage.snapshots import payloads_of, save_snapshot
from billing_vendors.base.tasks.database import billing_engine, documents_folder
from billing_vendors.base.tasks.errors import clean_traceback
from billing_vendors.base.tasks.plan import account_of_task
from billing_vendors.base.vendor import Document, Vendor

log = logging.getLogger(__name__)


@clean_traceback
def fetch_month(vendor: Vendor, account_name: str, month: str, *, again: bool) -> int:
    """
    Ask the vendor for everything it has on one account and month, keep each response, and give the fetch's id.

    :param again: ask also for a month that is closed, i.e. stored with every control passed.
    :raises BillingError: see the class; what had arrived is kept, and is no fetch.
    """
    account, billing_month = account_of_task(vendor, account_name), Month.parse(month)
    engine = billing_engine()
    if not again and (fetch_id := _closed(engine, account, billing_month)) is not None:
        log.info(
            "%s/%s %s is closed: stored and every control passed. Its stored answers (fetch %s) are used; "
            "set 'Fetch again' to ask the vendor",
            *(vendor.name, account.name, billing_month, fetch_id),
        )
        return fetch_id
    fetched = _keep(
        engine, account, billing_month, "month", vendor.load_implementation().collect(account, billing_month)
    )
    log.info(
        "%s/%s %s: fetch %s, %s answers (%s new), %s documents (%s new), %s bytes",
        *(vendor.name, account.name, billing_month, fetched.fetch_id, fetched.responses, fetched.new_payloads),
        *(fetched.documents, fetched.new_documents, fetched.bytes),
    )
    return fetched.fetch_id


@clean_traceback
def take_snapshot(vendor: Vendor, account_name: str, month: str) -> dict[str, int]:
    """
    Keep the running month's estimate: the response as received, and the figures in it.

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
        head = find_fetch(connection, fetched.fetch_id)
        responses = read_answers(connection, fetched.fetch_id)
        for response, (payload_id, taken_at) in zip(responses, payloads_of(connection, fetched.fetch_id), strict=True):
            estimate = derive(account, response)
            new += save_snapshot(connection, estimate, head, payload_id, taken_at)
    log.info("%s/%s %s: %s estimates, %s of them new", vendor.name, account.name, billing_month, fetched.responses, new)
    return {"estimates": fetched.responses, "new": new}


@clean_traceback
def keep_running_month(vendor: Vendor, account_name: str, month: str) -> dict[str, int]:
    """Keep what is agreed and charged so far in the running month: the responses, and a version of what has changed."""
    implementation = vendor.load_implementation()
    collect, derive = implementation.collect_running_month, implementation.derive_running_month
    if collect is None or derive is None:
        raise TypeError(f"{vendor.name} cannot tell what is charged so far")
    account, billing_month = account_of_task(vendor, account_name), Month.parse(month)
    engine = billing_engine()
    fetched = _keep(engine, account, billing_month, "month_to_date", collect(account, billing_month))
    with engine.begin() as connection:

        def read(fetch_id: int) -> AccountMonth:
            head = find_fetch(connection, fetch_id)
            by_purpose = implementation.derive if head.purpose == "month" else derive
            return by_purpose(account, head.month, read_answers(connection, fetch_id))

        lock_account(connection, account.vendor, account.name)
        now = datetime.now(UTC)
        head = find_fetch(connection, fetched.fetch_id)
        running = read(fetched.fetch_id)
        changes = Records(connection, head, read, now).save(found_in(running))
        save_unknown_fields(connection, running, head, now)
    log.info(
        "%s/%s %s: %s contracts, %s billing periods so far, %s versions added",
        *(vendor.name, account.name, billing_month, len(running.contracts), len(running.billing_periods), len(changes)),
    )
    return {"billing_periods": len(running.billing_periods), "new": len(changes)}


def _closed(engine: Engine, account: Account[Any], month: Month) -> int | None:
    with engine.connect() as connection:
        return closed_fetch(connection, account.vendor, account.name, month)


def _keep(
    engine: Engine, account: Account[Any], month: Month, purpose: str, arriving: Iterable[Response | Document]
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


def keep_all(fetch: Fetch, arriving: Iterable[Response | Document]) -> FetchSummary:
    """
    Keep what arrives, and record the fetch when all has.

    One answer is stored while the next is asked for, never more: what had arrived is kept whatever comes after it.
    """
    with Behind() as behind:
        for arrived in arriving:
            behind.start(_store, fetch, arrived)
    return fetch.complete()


def _store(fetch: Fetch, arrived: Response | Document) -> None:
    if isinstance(arrived, Document):
        fetch.keep_document(arrived.invoice_id, arrived.file_format, arrived.media_type, arrived.request, arrived.body)
    else:
        fetch.keep_json(arrived)
