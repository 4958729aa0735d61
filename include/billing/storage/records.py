"""
Versions of invoices, contracts, billing periods and usage reports.

A record that is read again unchanged adds no row. One that changed gets a new version beside the old, which stays.
The caller owns the transaction; nothing here commits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Table, func, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from billing.content import content_sha256
from billing.errors import PayloadError
from billing.models import (
    AccountMonth,
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
class _Current:
    record_key: int
    version: int
    content_sha256: bytes
    fetch_id: int


@dataclass(frozen=True, slots=True)
class _Version:
    record_key: int
    record: object
    content_sha256: bytes
    change: Change


ReadAgain = Callable[[int], AccountMonth]
"""Derive, with today's code, what an earlier fetch held."""


def lock_account(connection: Connection, vendor: str, account: str) -> None:
    """
    Hold everybody else who writes this account's records until the transaction ends.

    Two months of one account share its contracts; without the lock two runs of a backfill would both add "the next"
    version, and one of them would fail.
    """
    connection.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"{vendor}/{account}"}
    )


def records_of(month: AccountMonth) -> dict[RecordId, object]:
    """
    Give all records of a month by kind and identifier.

    :raises PayloadError: one identifier stands for two different contents.
    """
    found: dict[RecordId, object] = {}
    for record in (*month.invoices, *month.contracts, *month.billing_periods, *month.usage_reports):
        noun = NOUNS[type(record)]
        key = (noun.kind, getattr(record, noun.identity))
        if key in found and content_sha256(found[key]) != content_sha256(record):
            raise PayloadError(
                f"{month.vendor}/{month.account} {month.period}: the vendor gave two different contents for "
                f"{key[0]} {key[1]!a} in one reading; nothing was stored, look at its payloads"
            )
        found[key] = record
    return found


def save_records(
    connection: Connection,
    month: AccountMonth,
    fetch: FetchHead,
    read_again: ReadAgain,
    now: datetime,
    *,
    overtaken: bool = False,
) -> list[Change]:
    """
    Add a version for each record that is new or has changed, and make it the current one.

    A record whose current version was read by a later fetch is left as it is: re-deriving an old month must not
    bring back an old contract.

    :param overtaken: a later fetch of the same month is stored. It may have found a record unchanged, which adds no
        version, so no record that is there may be changed by this one.
    """
    records = records_of(month)
    current = _current(connection, month, list(records))
    hashes = {key: content_sha256(record) for key, record in records.items()}
    changed = [
        key
        for key in records
        if key not in current
        or (current[key].content_sha256 != hashes[key] and current[key].fetch_id <= fetch.fetch_id and not overtaken)
    ]
    if not changed:
        return []
    keys = _insert_heads(connection, month, [key for key in changed if key not in current])
    causes = _causes({key: current[key] for key in changed if key in current}, records, fetch, read_again)
    versions = [
        _Version(
            record_key=current[key].record_key if key in current else keys[key],
            record=records[key],
            content_sha256=hashes[key],
            change=Change(*key, current[key].version + 1 if key in current else 1, causes.get(key, "first")),
        )
        for key in changed
    ]
    _insert_versions(connection, versions, fetch, now)
    return [version.change for version in versions]


def save_payment_statuses(
    connection: Connection, month: AccountMonth, fetch: FetchHead, now: datetime, *, overtaken: bool = False
) -> int:
    """
    Record each invoice's payment status where it differs from the last one known; give the number of rows.

    :param overtaken: as for ``save_records``.
    """
    known = select(t.payment_status.c.payment_status).where(t.payment_status.c.record_key == t.record.c.record_key)
    latest = known.order_by(t.payment_status.c.fetch_id.desc()).limit(1).scalar_subquery()
    newest_fetch = (
        select(func.max(t.payment_status.c.fetch_id))
        .where(t.payment_status.c.record_key == t.record.c.record_key)
        .scalar_subquery()
    )
    statuses = {i.invoice_id: i.payment_status for i in month.invoices if i.payment_status is not None}
    query = select(t.record.c.record_id, t.record.c.record_key, latest, newest_fetch).where(
        *_of_account(month), t.record.c.kind == "invoice", t.record.c.record_id.in_(statuses)
    )
    rows = [
        {
            "record_key": record_key,
            "fetch_id": fetch.fetch_id,
            "payment_status": statuses[invoice_id],
            "recorded_at": now,
        }
        for invoice_id, record_key, last, last_fetch in connection.execute(query)
        if last is None or (last != statuses[invoice_id] and last_fetch < fetch.fetch_id and not overtaken)
    ]
    if rows:
        connection.execute(t.payment_status.insert(), rows)
    return len(rows)


def save_unknown_fields(connection: Connection, month: AccountMonth, fetch: FetchHead, now: datetime) -> list[str]:
    """Record what the vendor sends and nobody knows, each once with its first date; give what is new."""
    rows = [
        {
            "vendor": month.vendor,
            "noun": field.noun,
            "name": field.name,
            "first_seen_at": now,
            "first_fetch_id": fetch.fetch_id,
        }
        for field in sorted(month.unknown_fields, key=lambda field: (field.noun, field.name))
    ]
    if not rows:
        return []
    statement = upsert(t.unknown_field).values(rows).on_conflict_do_nothing()
    new = connection.execute(statement.returning(t.unknown_field.c.noun, t.unknown_field.c.name))
    return sorted(f"{noun}.{name}" for noun, name in new)


def _of_account(month: AccountMonth) -> tuple[Any, Any]:
    return t.record.c.vendor == month.vendor, t.record.c.account == month.account


def _current(connection: Connection, month: AccountMonth, keys: Sequence[RecordId]) -> dict[RecordId, _Current]:
    query = (
        select(
            t.record.c.kind,
            t.record.c.record_id,
            t.record.c.record_key,
            t.record.c.current_version,
            t.record_version.c.content_sha256,
            t.record_version.c.fetch_id,
        )
        .join(
            t.record_version,
            (t.record_version.c.record_key == t.record.c.record_key)
            & (t.record_version.c.version == t.record.c.current_version),
        )
        .where(*_of_account(month), tuple_(t.record.c.kind, t.record.c.record_id).in_(keys))
    )
    return {(kind, record_id): _Current(*rest) for kind, record_id, *rest in connection.execute(query)}


def _causes(
    changed: Mapping[RecordId, _Current], records: Mapping[RecordId, object], fetch: FetchHead, read_again: ReadAgain
) -> dict[RecordId, str]:
    """
    Say why each record changed, by reading the earlier fetch again with today's code.

    If that gives today's content, the vendor's answer is what it was and our parser has changed. So it has where only
    the month differs that a document is counted in, which is our decision. An earlier answer that today's code refuses
    proves nothing: a person has to look, as if the vendor had changed it.
    """
    then: dict[int, dict[RecordId, object]] = {}
    causes: dict[RecordId, str] = {}
    for key, before in changed.items():
        if before.fetch_id not in then and before.fetch_id != fetch.fetch_id:
            then[before.fetch_id] = _read_again(read_again, before.fetch_id)
        earlier = then.get(before.fetch_id, {}).get(key)
        ours = before.fetch_id == fetch.fetch_id or (
            earlier is not None and content_sha256(_counted_with(earlier, records[key])) == content_sha256(records[key])
        )
        causes[key] = "derivation" if ours else "vendor"
    return causes


def _read_again(read_again: ReadAgain, fetch_id: int) -> dict[RecordId, object]:
    try:
        return records_of(read_again(fetch_id))
    except PayloadError:
        return {}


def _counted_with(earlier: object, now: object) -> object:
    """Count a document in the month in which another reading of it is counted."""
    if isinstance(earlier, Invoice) and isinstance(now, Invoice):
        return replace(earlier, period=now.period)
    return earlier


def _insert_heads(connection: Connection, month: AccountMonth, keys: Sequence[RecordId]) -> dict[RecordId, int]:
    if not keys:
        return {}
    rows = [
        {"vendor": month.vendor, "account": month.account, "kind": kind, "record_id": record_id, "current_version": 1}
        for kind, record_id in keys
    ]
    columns = t.record.c["kind", "record_id", "record_key"]
    inserted = connection.execute(t.record.insert().returning(*columns), rows)
    return {(kind, record_id): key for kind, record_id, key in inserted}


def _insert_versions(connection: Connection, versions: Sequence[_Version], fetch: FetchHead, now: datetime) -> None:
    connection.execute(
        t.record_version.insert(),
        [
            {
                "record_key": version.record_key,
                "version": version.change.version,
                "cause": version.change.cause,
                "content_sha256": version.content_sha256,
                "fetch_id": fetch.fetch_id,
                "dag_run": fetch.dag_run,
                "recorded_at": now,
            }
            for version in versions
        ],
    )
    for kind, noun in NOUNS.items():
        ours = [version for version in versions if isinstance(version.record, kind)]
        if ours:
            _copy_noun(connection, kind, noun, ours)
    later = [version.record_key for version in versions if version.change.version > 1]
    if later:  # the account is locked: nobody else moves these on
        point = update(t.record).where(t.record.c.record_key.in_(later))
        connection.execute(point.values(current_version=t.record.c.current_version + 1))


def _copy_noun(connection: Connection, kind: type, noun: Noun, versions: Sequence[_Version]) -> None:
    copy_rows(connection, noun.table, *_rows(kind, noun.table, ((v, [v.record]) for v in versions)))
    for field, row_type, table in noun.many:
        copy_rows(connection, table, *_rows(row_type, table, ((v, getattr(v.record, field)) for v in versions)))


def _rows(
    row_type: type, table: Table, groups: Iterable[tuple[_Version, Iterable[object]]]
) -> tuple[list[str], Iterator[tuple[object, ...]]]:
    """Pair a table's columns with the fields of the same names."""
    names = [field.name for field in fields(row_type) if field.name in table.c]
    values = attrgetter(*names)
    rows = ((version.record_key, version.change.version, *values(row)) for version, group in groups for row in group)
    return ["record_key", "version", *names], rows
