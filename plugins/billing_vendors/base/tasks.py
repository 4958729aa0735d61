"""
What the tasks of every vendor's DAGs do, one call each.

XCom carries names, ids and counts only: money does not survive it, and it is never masked.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import get_current_context
from sqlalchemy import Engine

from billing.accounts import Account, account_names, check_vendors, find_account, load_accounts
from billing.answer import Answer
from billing.certificate.publish import publish
from billing.certificate.sources import Subject
from billing.period import BillingPeriod
from billing.reconcile import Reconciled, reconcile_month
from billing.storage.archive import Fetch, FetchSummary, find_fetch, read_answers
from billing.storage.closed import closed_fetch, latest_fetch
from billing.storage.documents import document_reader
from billing.storage.snapshots import payloads_of, save_snapshot
from billing_vendors.base.changes import in_words
from billing_vendors.base.database import billing_engine, documents_folder
from billing_vendors.base.months import accounts_of_run, month_of_run, names_of_vendor
from billing_vendors.base.vendor import Document, Vendor
from billing_vendors.registry import vendors

log = logging.getLogger(__name__)


def plan_month(vendor: Vendor, schedule: str) -> list[str]:
    """
    Choose the run's month and accounts; hand the month on as XCom ``month``.

    :raises ConfigurationError: wrong parameters or accounts, an account of no vendor among them, before any vendor
        is asked.
    """
    context = get_current_context()
    accounts = _accounts(vendor)
    return _plan(vendor, accounts, context["params"].get("accounts"), month_of_run(context, schedule))


def plan_month_of_all(vendor: Vendor, schedule: str, months_back: int = 0) -> list[str]:
    """
    Choose one vendor's part of a run over all vendors; empty where it has none.

    :param months_back: how many months before the run's own month to look at.
    :raises ConfigurationError: as ``plan_month``, and an account that no vendor has.
    """
    context = get_current_context()
    period = month_of_run(context, schedule).shifted(-months_back)
    accounts = _accounts(vendor)
    asked = context["params"].get("accounts")
    if asked:
        asked = names_of_vendor(asked, accounts, account_names())
    if asked == [] or not any(account.first_month <= period for account in accounts):
        log.info("%s %s: no account of this vendor is asked for or had begun", vendor.title, period)
        return []
    return _plan(vendor, accounts, asked, period)


def _accounts(vendor: Vendor) -> tuple[Account[Any], ...]:
    """Read the vendor's accounts, once it is sure that every account of the file has a vendor."""
    check_vendors({each.name for each in vendors()})
    return load_accounts(vendor.name, vendor.settings_type)


def _plan(
    vendor: Vendor, accounts: Sequence[Account[Any]], asked: Sequence[str] | None, period: BillingPeriod
) -> list[str]:
    chosen = accounts_of_run(accounts, asked, period, datetime.now(UTC))
    get_current_context()["ti"].xcom_push(key="month", value=str(period))
    log.info("%s %s: %s accounts: %s", vendor.title, period, len(chosen), ", ".join(a.name for a in chosen))
    return [account.name for account in chosen]


def fetch_month(vendor: Vendor, account_name: str, month: str, *, again: bool) -> int:
    """
    Ask the vendor for everything it has on one account and month, keep each answer, and give the fetch's id.

    :param again: ask also for a month that is closed, i.e. stored with every control passed.
    :raises BillingError: see the class; what had arrived is kept, and is no fetch.
    """
    account, period = _account(vendor, account_name), BillingPeriod.parse(month)
    engine = billing_engine()
    if not again and (fetch_id := _closed(engine, account, period)) is not None:
        log.info(
            "%s/%s %s is closed: stored and every control passed. Its stored answers (fetch %s) are used; "
            "set 'Fetch again' to ask the vendor",
            *(vendor.name, account.name, period, fetch_id),
        )
        return fetch_id
    fetched = _keep(engine, account, period, "month", vendor.collect(account, period))
    log.info(
        "%s/%s %s: fetch %s, %s answers (%s new), %s documents (%s new), %s bytes",
        *(vendor.name, account.name, period, fetched.fetch_id, fetched.answers, fetched.new_payloads),
        *(fetched.documents, fetched.new_documents, fetched.bytes),
    )
    return fetched.fetch_id


def reconcile_fetched(vendor: Vendor, account_name: str, fetch_id: int) -> dict[str, int]:
    """
    Derive, store and prove what a fetch brought; give the number of control results by state.

    An exception found by a control is a finding, not a failed task.
    """
    account = _account(vendor, account_name)
    done = _reconcile(vendor, billing_engine(), account, fetch_id)
    return done.states


def rederive_month(vendor: Vendor, account_name: str, month: str) -> dict[str, int]:
    """
    Derive a month again from its stored answers, without a call to the vendor; give the number of changes by cause.

    None means that today's code reads the same rows out of the same bytes.
    """
    account, period = _account(vendor, account_name), BillingPeriod.parse(month)
    engine = billing_engine()
    with engine.connect() as connection:
        fetch_id = latest_fetch(connection, vendor.name, account.name, period)
    if fetch_id is None:
        log.warning("%s/%s %s was never fetched: nothing to derive", vendor.name, account.name, period)
        return {}
    done = _reconcile(vendor, engine, account, fetch_id)
    causes = [change.cause for change in done.changes]
    return {cause: causes.count(cause) for cause in sorted(set(causes))}


def _reconcile(vendor: Vendor, engine: Engine, account: Account[Any], fetch_id: int) -> Reconciled:
    """Derive, store and prove; then certify the month and the later ones whose results it changed."""
    folder = documents_folder()
    done = reconcile_month(engine, vendor.derive, vendor.controls, account, fetch_id, document_reader(folder))
    _log(account, done)
    for period in (done.period, *done.proved_again):
        place = publish(engine, Subject(vendor.name, account.name, period), folder)
        log.info("%s/%s %s: certificate %s", vendor.name, account.name, period, place)
    return done


def _account(vendor: Vendor, name: str) -> Account[Any]:
    get_current_context()["account"] = name  # type: ignore[typeddict-unknown-key]  # the label of the mapped task
    return find_account(load_accounts(vendor.name, vendor.settings_type), name)


def _closed(engine: Engine, account: Account[Any], period: BillingPeriod) -> int | None:
    with engine.connect() as connection:
        return closed_fetch(connection, account.vendor, account.name, period)


def _keep(
    engine: Engine, account: Account[Any], period: BillingPeriod, purpose: str, arriving: Iterable[Answer | Document]
) -> FetchSummary:
    fetch = Fetch(
        engine,
        documents_folder(),
        purpose=purpose,
        vendor=account.vendor,
        account=account.name,
        period=period,
        dag_run=str(get_current_context()["dag_run"].run_id),
    )
    for kept in arriving:
        if isinstance(kept, Document):
            fetch.keep_document(kept.invoice_id, kept.form, kept.media_type, kept.request, kept.body)
        else:
            fetch.keep(kept)
    return fetch.complete()


def _log(account: Account[Any], done: Reconciled) -> None:
    log.info(
        "%s/%s %s: invoices %s, their lines %s; %s",
        *(account.vendor, account.name, done.period, done.invoices, done.lines, in_words(done.changes)),
    )
    for name in done.unknown_fields:
        log.warning("%s sends %s, which is not known here: it is kept in attributes", account.vendor, ascii(name))


def plan_running_month(vendor: Vendor) -> list[str]:
    """Choose the accounts of the month that is running now (UTC); hand that month on as XCom ``month``."""
    context = get_current_context()
    period = BillingPeriod.of(datetime.now(UTC))
    context["ti"].xcom_push(key="month", value=str(period))
    accounts = _accounts(vendor)
    asked = context["params"].get("accounts")
    chosen = [find_account(accounts, name) for name in asked] if asked else accounts
    return [account.name for account in chosen if account.first_month <= period]


def take_snapshot(vendor: Vendor, account_name: str, month: str) -> dict[str, int]:
    """
    Keep the running month's estimate: the answer as received, and the figures in it.

    :raises NotReady: the vendor is generating the estimate again; the sensor before this task had seen it ready.
    """
    if vendor.collect_month_to_date is None or vendor.derive_month_to_date is None:
        raise TypeError(f"{vendor.name} has no month-to-date estimate")
    account, period = _account(vendor, account_name), BillingPeriod.parse(month)
    engine = billing_engine()
    fetched = _keep(engine, account, period, "month_to_date", vendor.collect_month_to_date(account, period))
    new = 0
    with engine.begin() as connection:
        head = find_fetch(connection, fetched.fetch_id)
        answers = read_answers(connection, fetched.fetch_id)
        for answer, (payload_id, taken_at) in zip(answers, payloads_of(connection, fetched.fetch_id), strict=True):
            estimate = vendor.derive_month_to_date(account, answer)
            new += save_snapshot(connection, estimate, head, payload_id, taken_at)
    log.info("%s/%s %s: %s estimates, %s of them new", vendor.name, account.name, period, fetched.answers, new)
    return {"estimates": fetched.answers, "new": new}
