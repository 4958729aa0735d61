"""
Invoices that their vendor no longer lists: kept, outside all totals, and back as soon as the vendor lists them again.

The caller owns the transaction; nothing here commits.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, insert, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.sql.elements import ColumnElement

from billing.controls.evidence import InvoiceSummary, WithdrawnInvoice
from billing.models import AccountMonth, Listing
from billing.month import Month
from billing.storage import tables as t
from billing.storage.payloads import FetchInfo
from billing.storage.versions import Change

current_invoice: ColumnElement[bool] = and_(
    t.invoice.c.record_key == t.record.c.record_key,
    t.invoice.c.version == t.record.c.current_version,
    ~t.record.c.withdrawn,
)
"""Joins a record to its invoice: the current version, of those that the vendor lists."""

_STORED = and_(t.invoice.c.record_key == t.record.c.record_key, t.invoice.c.version == t.record.c.current_version)
_SUMMARY = [column for column in t.invoice.c if column.name in InvoiceSummary.__dataclass_fields__]


def save_withdrawals(
    connection: Connection, account_month: AccountMonth, fetch: FetchInfo, now: datetime
) -> list[Change]:
    """
    Withdraw the month's stored invoices that a complete fetch of it no longer contains, and restore those that it
    contains again; before the fetch's own records are saved.

        stored for the month, and not in its fetch                  -> withdrawn
        the same, but a listing has its number                      -> unchanged: it is now of another month
        a listing did not end, or has fewer rows than it declares   -> unchanged
        its current version was read by a later fetch               -> unchanged
        withdrawn, and in the fetch                                 -> restored
    """
    given = {invoice.invoice_id for invoice in account_month.invoices}
    listed = given.union(*(listing.row_ids for listing in account_month.listings))
    changes = []
    for row in connection.execute(_stored(fetch)):
        gone = not row.withdrawn and row.record_id not in listed
        if (gone and _all_complete(account_month.listings)) or (row.withdrawn and row.record_id in given):
            changes.append((row.record_key, Change("invoice", row.record_id, row.version, _CAUSES[gone])))
    for record_key, change in changes:
        _save(connection, fetch, record_key, change, now)
    return [change for _, change in changes]


def load_withdrawn(connection: Connection, fetch: FetchInfo) -> tuple[WithdrawnInvoice, ...]:
    """Return the withdrawn invoices of a month, in order of their ids, as its fetch shows them."""
    last = _last_withdrawal().subquery()
    rows = connection.execute(
        select(*_SUMMARY, t.fetch.c.fetch_id, t.fetch.c.completed_at)
        .join(t.record, _STORED)
        .join(last, last.c.record_key == t.record.c.record_key)
        .join(t.fetch, t.fetch.c.fetch_id == last.c.fetch_id)
        .where(*_of_account(fetch), t.record.c.withdrawn, t.invoice.c.month == fetch.month.first_day)
        .order_by(t.invoice.c.invoice_id.collate("C"))
    ).mappings()
    return tuple(
        WithdrawnInvoice(_summary(row), row["completed_at"], confirmed=row["fetch_id"] < fetch.fetch_id) for row in rows
    )


def load_summaries(connection: Connection, vendor: str, account: str) -> tuple[InvoiceSummary, ...]:
    """Return the key figures of all invoices that an account's vendor lists, in order of month and id."""
    rows = connection.execute(
        select(*_SUMMARY)
        .join(t.record, current_invoice)
        .where(t.record.c.vendor == vendor, t.record.c.account == account, t.record.c.record_type == "invoice")
        .order_by(t.invoice.c.month, t.invoice.c.invoice_id.collate("C"))
    ).mappings()
    return tuple(map(_summary, rows))


_CAUSES = {True: "withdrawn", False: "restored"}


def _stored(fetch: FetchInfo) -> Any:  # noqa: ANN401 (a select)
    """Select the account's invoices that this fetch may withdraw or restore."""
    last = _last_withdrawal().subquery()
    version = t.record_version.c
    newest = func.greatest(version.fetch_id, func.coalesce(last.c.fetch_id, 0))
    return (
        select(
            *t.record.c["record_key", "record_id", "withdrawn"],
            t.record.c.current_version.label("version"),
        )
        .join(t.invoice, _STORED)
        .join(
            t.record_version,
            (version.record_key == t.record.c.record_key) & (version.version == t.record.c.current_version),
        )
        .outerjoin(last, last.c.record_key == t.record.c.record_key)
        .where(
            *_of_account(fetch),
            t.record.c.withdrawn | (t.invoice.c.month == fetch.month.first_day),
            newest <= fetch.fetch_id,
        )
        .order_by(t.record.c.record_key)
    )


def _last_withdrawal() -> Any:  # noqa: ANN401 (a select)
    withdrawal = t.withdrawal.c
    return (
        select(withdrawal.record_key, withdrawal.fetch_id)
        .ext(distinct_on(withdrawal.record_key))
        .order_by(withdrawal.record_key, withdrawal.withdrawal_id.desc())
    )


def _all_complete(listings: Iterable[Listing]) -> bool:
    return all(listing.ended and (listing.declared_total or 0) <= len(listing.row_ids) for listing in listings)


def _save(connection: Connection, fetch: FetchInfo, record_key: int, change: Change, now: datetime) -> None:
    withdrawn = change.cause == _CAUSES[True]
    connection.execute(
        insert(t.withdrawal).values(
            record_key=record_key,
            version=change.version,
            withdrawn=withdrawn,
            fetch_id=fetch.fetch_id,
            dag_run=fetch.dag_run,
            recorded_at=now,
        )
    )
    connection.execute(update(t.record).where(t.record.c.record_key == record_key).values(withdrawn=withdrawn))


def _summary(row: Any) -> InvoiceSummary:  # noqa: ANN401 (a row as a mapping)
    values = {column.name: row[column.name] for column in _SUMMARY}
    return InvoiceSummary(**{**values, "month": Month.of(values["month"])})


def _of_account(fetch: FetchInfo) -> list[ColumnElement[bool]]:
    return [
        t.record.c.vendor == fetch.vendor,
        t.record.c.account == fetch.account,
        t.record.c.record_type == "invoice",
    ]
