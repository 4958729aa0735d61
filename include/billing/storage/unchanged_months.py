"""
Detect months whose inputs have not changed since their controls last ran.

A month is fetched repeatedly, and most responses are unchanged. One query detects that, without deriving the month and
running its controls again.
"""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import Connection, Table, func, or_, select, update
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.sql.elements import ColumnElement

from billing.config.accounts import Account
from billing.payloads.exact_json import sha256_of
from billing.storage import tables as t
from billing.storage.evidence import comparison_months
from billing.storage.payloads import FetchInfo
from billing.storage.withdrawals import current_invoice


def is_unchanged(connection: Connection, account: Account[object], fetch: FetchInfo, code_sha256: bytes) -> bool:
    """
    Return whether a month's results have exactly the same inputs, and no later fetch.

    :param code_sha256: of the code and of the account's configuration.
    """
    row = connection.execute(
        select(*t.account_month.c["inputs_sha256", "fetch_id"]).where(*_of_month(fetch))
    ).one_or_none()
    if row is None or row.inputs_sha256 is None or row.fetch_id > fetch.fetch_id:
        return False
    return bytes(row.inputs_sha256) == _inputs_sha256(connection, account, fetch, code_sha256)


def save_inputs_hash(connection: Connection, account: Account[object], fetch: FetchInfo, code_sha256: bytes) -> None:
    """Store the hash of the inputs of a month's results; parameters as for ``is_unchanged``."""
    sha256 = _inputs_sha256(connection, account, fetch, code_sha256)
    connection.execute(update(t.account_month).where(*_of_month(fetch)).values(inputs_sha256=sha256))


def forget_inputs_hash(connection: Connection, fetch: FetchInfo) -> None:
    """Let a month be reconciled again whenever it is next fetched: its controls could not be rerun."""
    connection.execute(update(t.account_month).where(*_of_month(fetch)).values(inputs_sha256=None))


def save_seen_again(connection: Connection, fetch: FetchInfo) -> None:
    """Store that an unchanged month was fetched again."""
    seen = {"fetch_id": fetch.fetch_id, "last_seen_at": fetch.completed_at}
    connection.execute(update(t.account_month).where(*_of_month(fetch)).values(**seen))


def count_invoices(connection: Connection, fetch: FetchInfo) -> tuple[int, int]:
    """Return how many invoices a month has now, and how many lines they have."""
    line = t.invoice_line.c
    lines = select(func.count()).where(line.record_key == t.invoice.c.record_key, line.version == t.invoice.c.version)
    query = (
        select(func.count(), func.coalesce(func.sum(lines.scalar_subquery()), 0))
        .select_from(t.invoice.join(t.record, current_invoice))
        .where(*_of_account(t.record, fetch), t.invoice.c.month == fetch.month.first_day)
    )
    invoices, lines_of_all = connection.execute(query).one()
    return invoices, int(lines_of_all)


def _inputs_sha256(connection: Connection, account: Account[object], fetch: FetchInfo, code_sha256: bytes) -> bytes:
    """
    Hash the inputs of a month's results: the responses, the code, and the rows that controls use.

    Those rows are append-only, so two equal counts are of the same rows. Rows of later months do not count: where a
    control uses one, storing it has rerun the month. But a version that replaced another one always counts, whichever
    month added it. The first fetch without an invoice counts, as the next one confirms that it is withdrawn.
    """
    day, earlier = fetch.month.first_day, [month.first_day for month in comparison_months(fetch.month)]
    sighting, document, months = t.payload_sighting.c, t.document_sighting.c, t.account_month.c
    missing = t.missing_document.c
    counted = or_(t.fetch.c.month <= day, t.record_version.c.version > 1)
    queries: tuple[Any, ...] = (
        select(_in_order(sighting.payload_id)).where(sighting.fetch_id == fetch.fetch_id),
        select(_in_order(document.document_id)).where(document.fetch_id == fetch.fetch_id),
        select(func.count())
        .select_from(t.record.join(t.record_version, t.record_version.c.record_key == t.record.c.record_key))
        .join(t.fetch, t.fetch.c.fetch_id == t.record_version.c.fetch_id)
        .where(*_of_account(t.record, fetch), counted),
        select(func.count()).select_from(t.payment_status.join(t.record)).where(*_of_account(t.record, fetch)),
        select(_in_order(func.concat_ws(" ", missing.invoice_id, missing.file_format, missing.reason))).where(
            missing.fetch_id == fetch.fetch_id
        ),
        select(func.count()).where(t.withdrawal.c.fetch_id == fetch.fetch_id),
        select(func.count()).where(*_of_account(t.month_to_date, fetch), t.month_to_date.c.month <= day),
        select(func.array_agg(aggregate_order_by(months.reconciliation_id, months.month))).where(
            *_of_account(t.account_month, fetch), months.month.in_(earlier)
        ),
    )
    row = connection.execute(select(*(query.scalar_subquery() for query in queries))).one()
    overdue = fetch.completed_at >= account.posting_deadline(fetch.month)
    return hashlib.sha256(code_sha256 + sha256_of([str(fetch.month), overdue, *row])).digest()


def _in_order(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.array_agg(aggregate_order_by(column.distinct(), column))


def _of_month(fetch: FetchInfo) -> list[ColumnElement[bool]]:
    return [*_of_account(t.account_month, fetch), t.account_month.c.month == fetch.month.first_day]


def _of_account(table: Table, fetch: FetchInfo) -> list[ColumnElement[bool]]:
    return [table.c.vendor == fetch.vendor, table.c.account == fetch.account]
