"""
Read all that the controls of one month may use from the rows; and one hash over it.

A month's controls use the month itself, earlier ones, and the documents of other months that bill its days. So a month
that is stored or changed late can affect the next, the same a year later, any later one that shares a document's number
or amount with it, and any whose days its documents bill.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from billing.config.accounts import Account
from billing.controls.checks.document_keys import document_keys, related
from billing.controls.evidence import Estimate, Evidence, InvoiceSummary, IssuedFile
from billing.models import AccountMonth
from billing.month import Month
from billing.payloads.document_text import text_of
from billing.storage import tables as t
from billing.storage.other_documents import load_other_documents
from billing.storage.payloads import FetchInfo
from billing.storage.stored_months import load_months, month_fetches, previous_invoices
from billing.storage.withdrawals import load_summaries, load_withdrawn

ReadFile = Callable[[str], bytes]
"""Return the bytes at a location below the folder of documents; raises OSError where there is no such file."""

_LOOK_BACK = (1, 12)  # how many months back a control may compare


@dataclass(frozen=True, slots=True)
class AccountView:
    """
    What is known of an account beyond a single month.

    :param fetches: the stored months, and the fetch that each is based on.
    :param summaries: every invoice that the vendor lists, in its current version, in order of month and id.
    """

    fetches: Mapping[Month, int]
    summaries: tuple[InvoiceSummary, ...]

    def with_fetch(self, fetch: FetchInfo) -> AccountView:
        """Return the view after a fetch is stored: its month is based on it, or on a later fetch already stored."""
        newest = max(fetch.fetch_id, self.fetches.get(fetch.month, 0))
        return replace(self, fetches=dict(sorted({**self.fetches, fetch.month: newest}.items())))


def view_account(connection: Connection, vendor: str, account: str) -> AccountView:
    """Read the account's months and the summaries of all its invoices, in two statements."""
    return AccountView(month_fetches(connection, vendor, account), load_summaries(connection, vendor, account))


def comparison_months(month: Month) -> tuple[Month, ...]:
    """Return the earlier months that a month's controls use: the one before, and the same a year before."""
    return tuple(month.shifted(-back) for back in _LOOK_BACK)


def dependent_months(
    month: Month, before: AccountView, after: AccountView, *, changed: bool, served: Collection[Month] = ()
) -> list[Month]:
    """
    Return the other stored months whose controls may now have other inputs, in order.

    Those are the months that compare themselves with this one (see ``comparison_months``), and those whose ``history``
    holds an invoice that was added, changed or moved: its own month, the next, and every month that shares a document
    key with it.

    :param changed: the month itself is new or has changed.
    :param served: months with days that a changed invoice bills.
    """
    dependent = set(served)
    if changed:
        dependent |= {month.shifted(back) for back in _LOOK_BACK}
    if differing := set(before.summaries) ^ set(after.summaries):
        keys = set().union(*map(document_keys, differing))
        dependent |= {each.month for each in after.summaries if not keys.isdisjoint(document_keys(each))}
        dependent |= {each.month.shifted(months) for each in differing for months in (0, 1)}
    return [each for each in after.fetches if each in dependent and each != month]


@dataclass(frozen=True, slots=True)
class EvidenceWithHashes:
    """
    What the controls of a month may use.

        :param stored: content hashes of the earlier months in it, by month.
    """

    evidence: Evidence[object]
    stored: Mapping[Month, tuple[bytes, ...]]


def load_evidence(
    connection: Connection,
    account: Account[object],
    fetch: FetchInfo,
    account_month: AccountMonth,
    view: AccountView,
    read_file: ReadFile | None,
) -> EvidenceWithHashes:
    """
    Read what the controls of a month may use.

        :param fetch: the fetch that ``account_month`` was derived from.
        :param read_file: reads a file's bytes; without it no file can be read.
    """
    months = comparison_months(account_month.month)
    earlier = [month for month in months if month in view.fetches]
    stored = load_months(connection, account.vendor, account.name, earlier)
    previous, year_before = map(stored.get, months)
    evidence = Evidence(
        account=account,
        account_month=account_month,
        restated=previous_invoices(connection, account_month),
        as_of=fetch.completed_at,
        previous=None if previous is None else previous.account_month,
        year_before=None if year_before is None else year_before.account_month,
        history=related(view.summaries, account_month.month),
        withdrawn=load_withdrawn(connection, fetch),
        other_documents=load_other_documents(connection, account_month),
        estimates=_estimates(connection, account_month),
        estimates_began=_estimates_began(connection, account_month),
        payment_statuses=_payment_statuses(connection, account_month),
        files=_files(connection, fetch, account_month, read_file),
    )
    return EvidenceWithHashes(evidence, {month: each.content for month, each in stored.items()})


def _estimates(connection: Connection, account_month: AccountMonth) -> tuple[Estimate, ...]:
    line = t.month_to_date_line
    named = func.concat_ws(" ", line.c.product, line.c.product_group, line.c.description)
    credits_ = func.coalesce(func.sum(line.c.amount).filter(line.c.amount < 0), 0)
    shortfall = func.coalesce(
        func.sum(line.c.amount).filter(line.c.amount >= 0, named.op("~*")("shortfall|minimum")), 0
    )
    head = t.month_to_date.c["taken_at", "total", "currency", "as_of"]
    rows = connection.execute(
        select(*head, credits_.label("credits"), shortfall.label("shortfall"))
        .select_from(t.month_to_date.outerjoin(line, line.c.snapshot_id == t.month_to_date.c.snapshot_id))
        .where(*_of_account(t.month_to_date, account_month), t.month_to_date.c.month == account_month.month.first_day)
        .group_by(t.month_to_date.c.snapshot_id, *head)
        .order_by(t.month_to_date.c.taken_at, t.month_to_date.c.snapshot_id)
    )
    return tuple(Estimate(row.taken_at, row.total, row.currency, row.as_of, row.credits, row.shortfall) for row in rows)


def _estimates_began(connection: Connection, account_month: AccountMonth) -> bool:
    query = select(t.month_to_date.c.snapshot_id).where(
        *_of_account(t.month_to_date, account_month), t.month_to_date.c.month <= account_month.month.first_day
    )
    return connection.scalar(query.limit(1)) is not None


def _payment_statuses(connection: Connection, account_month: AccountMonth) -> dict[str, tuple[str, ...]]:
    ids = [invoice.invoice_id for invoice in account_month.invoices if invoice.payment_status is not None]
    if not ids:
        return {}
    statuses = func.array_agg(aggregate_order_by(t.payment_status.c.payment_status, t.payment_status.c.fetch_id))
    rows = connection.execute(
        select(t.record.c.record_id, statuses)
        .join(t.payment_status, t.payment_status.c.record_key == t.record.c.record_key)
        .where(
            *_of_account(t.record, account_month), t.record.c.record_type == "invoice", t.record.c.record_id.in_(ids)
        )
        .group_by(t.record.c.record_id)
    )
    return {invoice_id: tuple(statuses) for invoice_id, statuses in rows}


def _files(
    connection: Connection, fetch: FetchInfo, account_month: AccountMonth, read_file: ReadFile | None
) -> tuple[IssuedFile, ...]:
    """Return the files that this fetch of the month stored, then those that it could not get."""
    ids = [invoice.invoice_id for invoice in account_month.invoices]
    rows = connection.execute(
        select(*t.document.c["invoice_id", "file_format", "sha256", "location"])
        .join(t.document_sighting, t.document_sighting.c.document_id == t.document.c.document_id)
        .where(t.document_sighting.c.fetch_id == fetch.fetch_id, t.document.c.invoice_id.in_(ids))
        .order_by(t.document.c.invoice_id, t.document.c.file_format, t.document.c.sha256)
    )
    stored = [
        IssuedFile(invoice_id, file_format, sha256, *_text(location, file_format, sha256, read_file))
        for invoice_id, file_format, sha256, location in rows
    ]
    missing = connection.execute(
        select(*t.missing_document.c["invoice_id", "file_format", "reason"])
        .where(t.missing_document.c.fetch_id == fetch.fetch_id, t.missing_document.c.invoice_id.in_(ids))
        .order_by(t.missing_document.c.position)
    )
    return (*stored, *(IssuedFile(row.invoice_id, row.file_format, b"", None, row.reason) for row in missing))


def _text(location: str, file_format: str, sha256: bytes, read_file: ReadFile | None) -> tuple[str | None, str]:
    """Return a file's text, None if it cannot be read; and why it cannot be had, empty if it can."""
    if read_file is None:
        return None, ""
    try:
        body = read_file(location)
    except OSError:
        return None, "the stored file is missing from the document folder"
    if hashlib.sha256(body).digest() != sha256:
        return None, "the stored file has changed since it was fetched"
    return text_of(body, file_format), ""


def _of_account(table: Any, account_month: AccountMonth) -> Sequence[Any]:  # noqa: ANN401 (a table's columns have any type)
    return table.c.vendor == account_month.vendor, table.c.account == account_month.account
