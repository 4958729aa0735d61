"""
Where records and their versions are stored, and how a version is written.

The caller owns the transaction; nothing here commits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter

from sqlalchemy import Connection, Table, select, tuple_, update

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
from billing.storage.archive import FetchHead
from billing.storage.copying import copy_rows

RecordId = tuple[str, str]
"""Kind and identifier: unique within a vendor's account."""


_VERSION_COLUMNS = (
    *("record_key", "version", "cause", "content_sha256"),
    *("source_sha256", "reader_sha256", "fetch_id", "dag_run", "recorded_at"),
)


@dataclass(frozen=True)
class Noun:
    """
    Where one type of ``billing.models`` is stored.

    :param many: field of the type with its rows, the rows' type and their table.
    """

    kind: str
    identity: str
    table: Table
    many: tuple[tuple[str, type, Table], ...]


NOUNS: dict[type, Noun] = {
    Invoice: Noun("invoice", "invoice_id", t.invoice, (("lines", InvoiceLine, t.invoice_line),)),
    Contract: Noun("contract", "contract_id", t.contract, (("items", ContractItem, t.contract_item),)),
    ContractBillingPeriod: Noun(
        "billing_period",
        "billing_period_id",
        t.billing_period,
        (("charges", Charge, t.charge), ("wallets", Wallet, t.wallet)),
    ),
    UsageReport: Noun("usage_report", "report_id", t.usage_report, (("lines", UsageLine, t.usage_line),)),
}


@dataclass(frozen=True, slots=True)
class Change:
    """
    One version that was added.

    :param cause: ``first``, ``vendor`` (the vendor's content changed) or ``derivation`` (our reading of it did).
    """

    kind: str
    record_id: str
    version: int
    cause: str


@dataclass(frozen=True, slots=True)
class Current:
    """
    The version of a record that is in force.

    :param fetch_id: the reading that brought it.
    :param source_sha256: of the bytes it was read from, where a list held it whole.
    :param reader_sha256: of the code and configuration that read it; None for what an earlier Tieout stored.
    """

    record_key: int
    version: int
    content_sha256: bytes
    fetch_id: int
    source_sha256: bytes | None
    reader_sha256: bytes | None


@dataclass(frozen=True, slots=True)
class Version:
    """A version to be written; other fields as of ``Current``."""

    record_key: int
    record: object
    content_sha256: bytes
    source_sha256: bytes | None
    reader_sha256: bytes | None
    change: Change


def current_versions(
    connection: Connection, vendor: str, account: str, keys: Sequence[RecordId]
) -> dict[RecordId, Current]:
    """Give the versions in force of some records, for those that are there."""
    version = t.record_version.c
    query = (
        select(
            *t.record.c["kind", "record_id", "record_key", "current_version"],
            *version["content_sha256", "fetch_id", "source_sha256", "reader_sha256"],
        )
        .join(
            t.record_version,
            (version.record_key == t.record.c.record_key) & (version.version == t.record.c.current_version),
        )
        .where(
            t.record.c.vendor == vendor,
            t.record.c.account == account,
            tuple_(t.record.c.kind, t.record.c.record_id).in_(keys),
        )
    )
    return {(kind, record_id): Current(*rest) for kind, record_id, *rest in connection.execute(query)}


def insert_heads(connection: Connection, vendor: str, account: str, keys: Sequence[RecordId]) -> dict[RecordId, int]:
    """Add records that are new, each to get its first version in this transaction; give their keys."""
    if not keys:
        return {}
    rows = [
        {"vendor": vendor, "account": account, "kind": kind, "record_id": record_id, "current_version": 1}
        for kind, record_id in keys
    ]
    columns = t.record.c["kind", "record_id", "record_key"]
    inserted = connection.execute(t.record.insert().returning(*columns), rows)
    return {(kind, record_id): key for kind, record_id, key in inserted}


def insert_versions(connection: Connection, versions: Sequence[Version], fetch: FetchHead, now: datetime) -> None:
    """Write versions with all their rows, and make them the current ones."""
    rows = (
        (
            *(version.record_key, version.change.version, version.change.cause, version.content_sha256),
            *(version.source_sha256, version.reader_sha256, fetch.fetch_id, fetch.dag_run, now),
        )
        for version in versions
    )
    copy_rows(connection, t.record_version, _VERSION_COLUMNS, rows)
    for kind, noun in NOUNS.items():
        ours = [version for version in versions if isinstance(version.record, kind)]
        if ours:
            _copy_noun(connection, kind, noun, ours)
    later = [version.record_key for version in versions if version.change.version > 1]
    if later:  # the account is locked: nobody else moves these on
        point = update(t.record).where(t.record.c.record_key.in_(later))
        connection.execute(point.values(current_version=t.record.c.current_version + 1))


def _copy_noun(connection: Connection, kind: type, noun: Noun, versions: Sequence[Version]) -> None:
    copy_rows(connection, noun.table, *_rows(kind, noun.table, ((v, [v.record]) for v in versions)))
    for field, row_type, table in noun.many:
        copy_rows(connection, table, *_rows(row_type, table, ((v, getattr(v.record, field)) for v in versions)))


def _rows(
    row_type: type, table: Table, groups: Iterable[tuple[Version, Iterable[object]]]
) -> tuple[list[str], Iterator[tuple[object, ...]]]:
    """Pair a table's columns with the fields of the same names."""
    names = [field.name for field in fields(row_type) if field.name in table.c]
    values = attrgetter(*names)
    rows = ((version.record_key, version.change.version, *values(row)) for version, group in groups for row in group)
    return ["record_key", "version", *names], rows
