"""
Where records and their versions are stored, and how a version is written.

The caller owns the transaction; nothing here commits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter

from sqlalchemy import Connection, Table, select, tuple_, update

from billing.errors import PayloadError
from billing.models import (
    Charge,
    Contract,
    ContractBillingPeriod,
    ContractItem,
    Invoice,
    InvoiceLine,
    UsageLine,
    UsageReport,
    Wallet,
)
from billing.storage import tables as t
from billing.storage.copy import UnstorableRow, copy_rows
from billing.storage.payloads import FetchInfo

RecordId = tuple[str, str]
"""Record type and identifier: unique within a vendor's account."""


@dataclass(frozen=True)
class RecordType:
    """
    Where one type of ``billing.models`` is stored.

    :param many: field of the type with its rows, the rows' type and their table.
    """

    name: str
    identity: str
    table: Table
    many: tuple[tuple[str, type, Table], ...]


RECORD_TYPES: dict[type, RecordType] = {
    Invoice: RecordType("invoice", "invoice_id", t.invoice, (("lines", InvoiceLine, t.invoice_line),)),
    Contract: RecordType("contract", "contract_id", t.contract, (("items", ContractItem, t.contract_item),)),
    ContractBillingPeriod: RecordType(
        "billing_period",
        "billing_period_id",
        t.billing_period,
        (("charges", Charge, t.charge), ("wallets", Wallet, t.wallet)),
    ),
    UsageReport: RecordType("usage_report", "report_id", t.usage_report, (("lines", UsageLine, t.usage_line),)),
}


@dataclass(frozen=True, slots=True)
class Change:
    """
    One version that was added, or the current version of an invoice that was withdrawn or restored.

    :param cause: ``new``, ``vendor`` (the vendor's content changed), ``parser`` (our parsing of it changed),
        ``withdrawn`` (the vendor no longer lists it) or ``restored`` (it does again).
    """

    record_type: str
    record_id: str
    version: int
    cause: str


@dataclass(frozen=True, slots=True)
class CurrentVersion:
    """
    The current version of a record.

    :param fetch_id: the fetch that added it.
    :param code_sha256: hash of the code and configuration that derived it; None if not known.
    """

    record_key: int
    version: int
    content_sha256: bytes
    fetch_id: int
    code_sha256: bytes | None


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version to be written."""

    record_key: int
    record: object
    content_sha256: bytes
    change: Change


def current_versions(
    connection: Connection, vendor: str, account: str, record_ids: Collection[RecordId]
) -> dict[RecordId, CurrentVersion]:
    """Return the current versions of some records, for those that are stored."""
    if not record_ids:
        return {}
    version = t.record_version.c
    query = (
        select(
            *t.record.c["record_type", "record_id", "record_key", "current_version"],
            *version["content_sha256", "fetch_id", "code_sha256"],
        )
        .join(
            t.record_version,
            (version.record_key == t.record.c.record_key) & (version.version == t.record.c.current_version),
        )
        .where(
            t.record.c.vendor == vendor,
            t.record.c.account == account,
            tuple_(t.record.c.record_type, t.record.c.record_id).in_(record_ids),
        )
    )
    return {(kind, record_id): CurrentVersion(*rest) for kind, record_id, *rest in connection.execute(query)}


def insert_records(
    connection: Connection, vendor: str, account: str, record_ids: Sequence[RecordId]
) -> dict[RecordId, int]:
    """Add records that are new, each to get its first version in this transaction; return their keys."""
    if not record_ids:
        return {}
    rows = [
        {"vendor": vendor, "account": account, "record_type": record_type, "record_id": record_id, "current_version": 1}
        for record_type, record_id in record_ids
    ]
    columns = t.record.c["record_type", "record_id", "record_key"]
    inserted = connection.execute(t.record.insert().returning(*columns), rows)
    return {(kind, record_id): key for kind, record_id, key in inserted}


def insert_versions(
    connection: Connection,
    versions: Sequence[NewVersion],
    fetch: FetchInfo,
    recorded_at: datetime,
    code_sha256: bytes | None,
) -> None:
    """
    Store versions with all their rows, and make them the current ones; raises as ``copy_rows``.

    The account is locked: no other transaction adds a version.
    """
    columns = ("record_key", "version", "cause", "content_sha256", "fetch_id", "dag_run", "recorded_at", "code_sha256")
    source = (fetch.fetch_id, fetch.dag_run, recorded_at, code_sha256)
    rows = (
        (each.record_key, each.change.version, each.change.cause, each.content_sha256, *source) for each in versions
    )
    copy_rows(connection, t.record_version, columns, rows)
    for kind, record_type in RECORD_TYPES.items():
        ours = [each for each in versions if isinstance(each.record, kind)]
        _copy(connection, kind, record_type.table, ((each, each.record) for each in ours))
        for field, row_type, table in record_type.many:
            _copy(connection, row_type, table, ((each, row) for each in ours for row in getattr(each.record, field)))
    if replaced := [each.record_key for each in versions if each.change.version > 1]:
        point = update(t.record).where(t.record.c.record_key.in_(replaced))
        connection.execute(point.values(current_version=t.record.c.current_version + 1))


def _copy(connection: Connection, row_type: type, table: Table, rows: Iterable[tuple[NewVersion, object]]) -> None:
    """Write rows whose type has a field for each further column of the table."""
    names = [field.name for field in fields(row_type) if field.name in table.c]
    values_of = attrgetter(*names)
    written: dict[object, Change] = {}

    def keyed() -> Iterator[tuple[object, ...]]:
        for each, row in rows:
            written[each.record_key] = each.change
            yield each.record_key, each.change.version, *values_of(row)

    try:
        copy_rows(connection, table, ("record_key", "version", *names), keyed())
    except UnstorableRow as error:
        values = dict(zip(("record_key", "version", *names), error.row, strict=True))
        change = written[values["record_key"]]
        place = f", {table.name} {values['position']}" if "position" in values else ""
        raise PayloadError(
            f"{change.record_type} {change.record_id!a}{place}: {error}; nothing was stored, and a retry is useless"
        ) from None
