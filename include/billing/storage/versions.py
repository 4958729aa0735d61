"""
Where records and their versions are stored, and how a version is written.

The caller owns the transaction; nothing here commits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import chain, repeat

from sqlalchemy import Connection, Table, select, tuple_, update

from billing.columns import columns_of
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
from billing.storage.copy import Copy, copy_of, send
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
    One version that was added.

    :param cause: ``first``, ``vendor`` (the vendor's content changed) or ``derivation`` (our reading of it did).
    """

    record_type: str
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
    """Return the versions in force of some records, for those that are there."""
    version = t.record_version.c
    query = (
        select(
            *t.record.c["record_type", "record_id", "record_key", "current_version"],
            *version["content_sha256", "fetch_id", "source_sha256", "reader_sha256"],
        )
        .join(
            t.record_version,
            (version.record_key == t.record.c.record_key) & (version.version == t.record.c.current_version),
        )
        .where(
            t.record.c.vendor == vendor,
            t.record.c.account == account,
            tuple_(t.record.c.record_type, t.record.c.record_id).in_(keys),
        )
    )
    return {(kind, record_id): Current(*rest) for kind, record_id, *rest in connection.execute(query)}


def insert_heads(connection: Connection, vendor: str, account: str, keys: Sequence[RecordId]) -> dict[RecordId, int]:
    """Add records that are new, each to get its first version in this transaction; return their keys."""
    if not keys:
        return {}
    rows = [
        {"vendor": vendor, "account": account, "record_type": name, "record_id": record_id, "current_version": 1}
        for name, record_id in keys
    ]
    columns = t.record.c["record_type", "record_id", "record_key"]
    inserted = connection.execute(t.record.insert().returning(*columns), rows)
    return {(kind, record_id): key for kind, record_id, key in inserted}


@dataclass(frozen=True, slots=True)
class NewVersions:
    """
    Versions that are ready to be stored.

    :param later: keys of the records that have an earlier version.
    :param rows: versions, records and their rows as text, in the order in which they must be sent.
    """

    changes: Sequence[Change]
    later: Sequence[int]
    rows: Sequence[Copy]


def as_text(versions: Sequence[Version], fetch: FetchInfo, now: datetime) -> NewVersions:
    """Create versions ready to be stored; raises as ``copy_of``."""
    columns: dict[str, Sequence[object]] = {
        "record_key": [each.record_key for each in versions],
        "version": [each.change.version for each in versions],
        "cause": [each.change.cause for each in versions],
        "content_sha256": [each.content_sha256 for each in versions],
        "source_sha256": [each.source_sha256 for each in versions],
        "reader_sha256": [each.reader_sha256 for each in versions],
        "fetch_id": [fetch.fetch_id] * len(versions),
        "dag_run": [fetch.dag_run] * len(versions),
        "recorded_at": [now] * len(versions),
    }
    copies = [copy_of(t.record_version, columns)] if versions else []
    for kind, record_type in RECORD_TYPES.items():
        if ours := [each for each in versions if isinstance(each.record, kind)]:
            copies += _copies(kind, record_type, ours)
    changes = [each.change for each in versions]
    return NewVersions(changes, [each.record_key for each in versions if each.change.version > 1], copies)


def insert_versions(connection: Connection, new: NewVersions) -> None:
    """Store versions with all their rows, and make them the current ones; raises as ``send``."""
    for rows in new.rows:
        send(connection, rows)
    if new.later:  # the account is locked: nobody else moves these on
        point = update(t.record).where(t.record.c.record_key.in_(new.later))
        connection.execute(point.values(current_version=t.record.c.current_version + 1))


def _copies(kind: type, record_type: RecordType, versions: Sequence[Version]) -> Iterator[Copy]:
    yield _copy(kind, record_type.table, versions, [[each.record] for each in versions])
    for field, row_type, table in record_type.many:
        groups = [getattr(each.record, field) for each in versions]
        if any(groups):
            yield _copy(row_type, table, versions, groups)


def _copy(row_type: type, table: Table, versions: Sequence[Version], groups: Sequence[Sequence[object]]) -> Copy:
    """
    Pair a table's columns with the fields of the same names.

    :param groups: for each version its rows.
    """
    names = [field.name for field in fields(row_type) if field.name in table.c]
    columns = zip(*(columns_of(group, names) for group in groups), strict=True)
    counts = list(map(len, groups))
    own: dict[str, Sequence[object]] = {
        "record_key": _repeated([each.record_key for each in versions], counts),
        "version": _repeated([each.change.version for each in versions], counts),
    }
    return copy_of(table, own | {name: list(chain(*parts)) for name, parts in zip(names, columns, strict=True)})


def _repeated(values: Sequence[int], counts: Sequence[int]) -> list[int]:
    return list(chain.from_iterable(map(repeat, values, counts)))
