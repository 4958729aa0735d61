"""
Whether a month stands as it was proved: nothing that its results rest on has changed since.

A month is read again and again, and most often the vendor says what it said before. This is how that is known by a few
small statements, without deriving and proving the month again.
"""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import Connection, Table, func, select, update
from sqlalchemy.sql.elements import ColumnElement

from billing.config.accounts import Account
from billing.month import Month
from billing.payloads.exact_json import sha256_of
from billing.storage import tables as t
from billing.storage.evidence import BACK
from billing.storage.payloads import FetchInfo
from billing.storage.reconciliations import inputs_sha256


def standing_sha256(connection: Connection, account: Account[object], fetch: FetchInfo, reader: bytes) -> bytes:
    """
    Hash all that a month's results rest on: what was received, who reads it, and the rows that controls look at.

    Rows are append-only, so their number stands for their content. Rows that came with later months do not count,
    as no control looks ahead; but a version that replaced another one always does, whichever month brought it.

    :param reader: hash of the code and of the account's configuration.
    """
    overdue = fetch.completed_at >= account.posting_deadline(fetch.month)
    seen = [*_documents(connection, fetch), *_rows_looked_at(connection, fetch), *_months_looked_at(connection, fetch)]
    around = hashlib.sha256(reader + sha256_of([str(fetch.month), overdue, seen]))
    return inputs_sha256(connection, fetch.fetch_id, around.digest())


def stands(connection: Connection, account: Account[object], fetch: FetchInfo, reader: bytes) -> bool:
    """Return whether a month was last proved on the very same things, and by no later reading."""
    row = connection.execute(
        select(*t.account_month.c["proved_sha256", "fetch_id"]).where(*_of_month(fetch, fetch.month))
    ).one_or_none()
    if row is None or row.proved_sha256 is None or row.fetch_id > fetch.fetch_id:
        return False  # known without the statements below, and the most frequent by far
    return bool(row.proved_sha256 == standing_sha256(connection, account, fetch, reader))


def note_standing(connection: Connection, fetch: FetchInfo, standing: bytes) -> None:
    """Note what the results of a month rest on."""
    connection.execute(update(t.account_month).where(*_of_month(fetch, fetch.month)).values(proved_sha256=standing))


def note_seen_again(connection: Connection, fetch: FetchInfo) -> None:
    """Note that a month that stands was read again."""
    seen = {"fetch_id": fetch.fetch_id, "last_seen_at": fetch.completed_at}
    connection.execute(update(t.account_month).where(*_of_month(fetch, fetch.month)).values(**seen))


def count_invoices(connection: Connection, fetch: FetchInfo) -> tuple[int, int]:
    """Return how many invoices a month has now, and how many lines they have."""
    current = (t.invoice.c.record_key == t.record.c.record_key) & (t.invoice.c.version == t.record.c.current_version)
    line = t.invoice_line.c
    lines = select(func.count()).where(line.record_key == t.invoice.c.record_key, line.version == t.invoice.c.version)
    query = (
        select(func.count(), func.coalesce(func.sum(lines.scalar_subquery()), 0))
        .select_from(t.invoice.join(t.record, current))
        .where(*_of_account(t.record, fetch), t.invoice.c.month == fetch.month.first_day)
    )
    invoices, lines_of_all = connection.execute(query).one()
    return invoices, int(lines_of_all)


def _of_month(fetch: FetchInfo, *periods: Month) -> list[ColumnElement[bool]]:
    days = [month.first_day for month in periods]
    return [*_of_account(t.account_month, fetch), t.account_month.c.month.in_(days)]


def _of_account(table: Table, fetch: FetchInfo) -> list[ColumnElement[bool]]:
    return [table.c.vendor == fetch.vendor, table.c.account == fetch.account]


def _documents(connection: Connection, fetch: FetchInfo) -> list[Any]:
    query = (
        select(*t.document.c["invoice_id", "file_format", "sha256"])
        .join(t.document_sighting)
        .where(t.document_sighting.c.fetch_id == fetch.fetch_id)
    )
    return sorted(
        [invoice_id, file_format, sha256.hex()] for invoice_id, file_format, sha256 in connection.execute(query)
    )


def _rows_looked_at(connection: Connection, fetch: FetchInfo) -> list[Any]:
    """Count the account's versions, payment statuses and estimates that a control of this month could look at."""
    so_far = t.fetch.c.month <= fetch.month.first_day
    version = t.record_version.c
    counts = (
        select(func.count().filter(so_far), func.count().filter(version.version > 1))
        .select_from(t.record.join(t.record_version, version.record_key == t.record.c.record_key).join(t.fetch))
        .where(*_of_account(t.record, fetch))
    )
    statuses = select(func.count()).select_from(t.payment_status.join(t.record)).where(*_of_account(t.record, fetch))
    estimates = select(func.count()).where(
        *_of_account(t.month_to_date, fetch), t.month_to_date.c.month <= fetch.month.first_day
    )
    return [*connection.execute(counts).one(), connection.scalar(statuses), connection.scalar(estimates)]


def _months_looked_at(connection: Connection, fetch: FetchInfo) -> list[Any]:
    """Return the results in force of the earlier months that controls look back to."""
    earlier = [fetch.month.shifted(-back) for back in BACK]
    query = select(*t.account_month.c["month", "reconciliation_id"]).where(*_of_month(fetch, *earlier))
    return sorted([day.isoformat(), reconciliation_id] for day, reconciliation_id in connection.execute(query))
