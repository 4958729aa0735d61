"""
Versions of invoices, contracts, billing periods and usage reports.

A record that is read again unchanged adds no row. One that changed gets a new version beside the old, which stays.
The caller owns the transaction; nothing here commits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import islice

from sqlalchemy import Connection, func, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from billing.behind import Behind
from billing.content_hash import content_sha256
from billing.errors import PayloadError
from billing.models import AccountMonth, Invoice
from billing.storage import tables as t
from billing.storage.payloads import FetchInfo
from billing.storage.versions import (
    RECORD_TYPES,
    Change,
    Current,
    RecordId,
    Version,
    as_text,
    current_versions,
    insert_heads,
    insert_versions,
)

_RECORDS_AT_ONCE = 100  # memory stays flat however many invoices a month has

_LONGEST_NAME = 500  # of what nobody knows: it is part of a key

ReadAgain = Callable[[int], AccountMonth]
"""Derive, with today's code, what an earlier fetch held."""


@dataclass(frozen=True, slots=True)
class Found:
    """
    A record that a reading has found.

    :param read: gives the value; raises PayloadError.
    :param source: the bytes that hold the record and nothing else, if there are such: a record whose bytes are those
        of its current version need not be read.
    """

    key: RecordId
    read: Callable[[], object]
    source: bytes | None = None


def lock_account(connection: Connection, vendor: str, account: str) -> None:
    """
    Hold everybody else who writes this account's records until the transaction ends.

    Two months of one account share its contracts; without the lock two runs of a backfill would both add "the next"
    version, and one of them would fail.
    """
    connection.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"{vendor}/{account}"}
    )


def records_of(account_month: AccountMonth) -> dict[RecordId, object]:
    """
    Return all records of a month by kind and identifier.

    :raises PayloadError: one identifier stands for two different contents.
    """
    found: dict[RecordId, object] = {}
    for record in (
        *account_month.invoices,
        *account_month.contracts,
        *account_month.billing_periods,
        *account_month.usage_reports,
    ):
        record_type = RECORD_TYPES[type(record)]
        key = (record_type.name, getattr(record, record_type.identity))
        if key in found and content_sha256(found[key]) != content_sha256(record):
            raise PayloadError(
                f"{account_month.vendor}/{account_month.account} {account_month.month}: the vendor gave two "
                f"different contents for {key[0]} {key[1]!a} in one reading; nothing was stored, look at its payloads"
            )
        found[key] = record
    return found


class Records:
    """
    What one reading adds to an account's records.

    A record whose current version was read by a later fetch is left as it is: re-deriving an old month must not
    bring back an old contract.

    :param read_again: to find out why a record has changed.
    :param overtaken: a later fetch of the same month is stored. It may have found a record unchanged, which adds no
        version, so no record that is there may be changed by this one.
    :param reader: hash of the code and the configuration that read; None: not known, so what they would make of the
        same bytes is not known either.
    """

    def __init__(
        self,
        connection: Connection,
        fetch: FetchInfo,
        read_again: ReadAgain,
        now: datetime,
        *,
        overtaken: bool = False,
        reader: bytes | None = None,
    ) -> None:
        self._connection = connection
        self._fetch = fetch
        self._read_again = read_again
        self._now = now
        self._overtaken = overtaken
        self._reader = reader
        self._sending = Behind()
        self._then: dict[int, dict[RecordId, object]] = {}

    def save(self, found: Iterable[Found]) -> list[Change]:
        """
        Add a version for each record that is new or has changed, and make it the current one.

        While the rows of some records are sent, those that follow are read and written as text.
        """
        found, ready = iter(found), None
        changes: list[Change] = []
        with self._sending:
            while some := list(islice(found, _RECORDS_AT_ONCE)):
                known = self._known(some)
                if ready is not None:
                    self._sending.start(insert_versions, self._connection, ready)
                ready = as_text(list(self._changed(some, known)), self._fetch, self._now)
                self._sending.wait()
                changes += ready.changes
            if ready is not None:
                insert_versions(self._connection, ready)
        return changes

    def save_payment_statuses(self, account_month: AccountMonth) -> int:
        """Record each invoice's payment status where it differs from the last one known; return the number of rows."""
        known = select(t.payment_status.c.payment_status).where(t.payment_status.c.record_key == t.record.c.record_key)
        latest = known.order_by(t.payment_status.c.fetch_id.desc()).limit(1).scalar_subquery()
        newest_fetch = (
            select(func.max(t.payment_status.c.fetch_id))
            .where(t.payment_status.c.record_key == t.record.c.record_key)
            .scalar_subquery()
        )
        statuses = {i.invoice_id: i.payment_status for i in account_month.invoices if i.payment_status is not None}
        query = select(t.record.c.record_id, t.record.c.record_key, latest, newest_fetch).where(
            t.record.c.vendor == account_month.vendor,
            t.record.c.account == account_month.account,
            t.record.c.record_type == "invoice",
            t.record.c.record_id.in_(statuses),
        )
        rows = [
            {
                "record_key": record_key,
                "fetch_id": self._fetch.fetch_id,
                "payment_status": statuses[invoice_id],
                "recorded_at": self._now,
            }
            for invoice_id, record_key, last, last_fetch in self._connection.execute(query)
            if last is None
            or (last != statuses[invoice_id] and last_fetch < self._fetch.fetch_id and not self._overtaken)
        ]
        if rows:
            self._connection.execute(t.payment_status.insert(), rows)
        return len(rows)

    def _known(self, found: Sequence[Found]) -> dict[RecordId, Current | int]:
        """Return, for each record, its current version; of a new one the key that it gets."""
        owner, keys = (self._fetch.vendor, self._fetch.account), [each.key for each in found]
        current = current_versions(self._connection, *owner, keys)
        return {**current, **insert_heads(self._connection, *owner, [key for key in keys if key not in current])}

    def _changed(self, found: Iterable[Found], known: Mapping[RecordId, Current | int]) -> Iterator[Version]:
        for each in found:
            before = known[each.key]
            source = None if each.source is None else hashlib.sha256(each.source).digest()
            if isinstance(before, Current) and self._may_not_differ(before, source):
                continue
            record = each.read()
            content = content_sha256(record)
            if isinstance(before, int):
                yield Version(before, record, content, source, self._reader, Change(*each.key, 1, "first"))
            elif before.content_sha256 != content:
                read = _Read(each.key, record, content, source)
                change = Change(*each.key, before.version + 1, self._cause(read, before))
                yield Version(before.record_key, record, content, source, self._reader, change)

    def _may_not_differ(self, before: Current, source: bytes | None) -> bool:
        if self._overtaken or before.fetch_id > self._fetch.fetch_id:
            return True
        same_reader = self._reader is not None and self._reader == before.reader_sha256
        return same_reader and source is not None and source == before.source_sha256

    def _cause(self, read: _Read, before: Current) -> str:
        """
        Say why a record changed: ``vendor`` or ``derivation``.

        What the same code reads otherwise out of the record's own bytes, the vendor has changed. Else the earlier fetch
        is read again: if today's code gives today's content, the vendor's response is what it was and our parser has
        changed. So it has where only the month differs that a document is counted in, which is our decision and may
        rest on other answers. An earlier response that today's code refuses proves nothing: a person has to look, as if
        the vendor had changed it.
        """
        if before.fetch_id == self._fetch.fetch_id:
            return "derivation"
        whole = read.source_sha256 is not None and before.source_sha256 is not None
        if whole and self._reader is not None and self._reader == before.reader_sha256:
            return "vendor"
        earlier = self._at(before.fetch_id).get(read.key)
        if earlier is None or content_sha256(_counted_with(earlier, read.record)) != read.content_sha256:
            return "vendor"
        return "derivation"

    def _at(self, fetch_id: int) -> dict[RecordId, object]:
        if fetch_id not in self._then:
            self._sending.wait()  # a connection does one thing at a time
            self._then[fetch_id] = _read_again(self._read_again, fetch_id)
        return self._then[fetch_id]


@dataclass(frozen=True, slots=True)
class _Read:
    key: RecordId
    record: object
    content_sha256: bytes
    source_sha256: bytes | None


def found_in(account_month: AccountMonth) -> list[Found]:
    """
    Return all records of a month, to be saved.

    :raises PayloadError: as ``records_of``.
    """
    return [Found(key, partial(_itself, record)) for key, record in records_of(account_month).items()]


def _itself(record: object) -> object:
    return record


def save_unknown_fields(
    connection: Connection, account_month: AccountMonth, fetch: FetchInfo, now: datetime
) -> list[str]:
    """Record what the vendor sends and nobody knows, each once with its first date; return what is new."""
    rows = [
        {
            "vendor": account_month.vendor,
            "record_type": field.record_type,
            "name": field.name[:_LONGEST_NAME],
            "first_seen_at": now,
            "first_fetch_id": fetch.fetch_id,
        }
        for field in sorted(account_month.unknown_fields, key=lambda field: (field.record_type, field.name))
    ]
    if not rows:
        return []
    statement = upsert(t.unknown_field).values(rows).on_conflict_do_nothing()
    new = connection.execute(statement.returning(t.unknown_field.c.record_type, t.unknown_field.c.name))
    return sorted(f"{record_type}.{name}" for record_type, name in new)


def _read_again(read_again: ReadAgain, fetch_id: int) -> dict[RecordId, object]:
    try:
        return records_of(read_again(fetch_id))
    except PayloadError:
        return {}


def _counted_with(earlier: object, now: object) -> object:
    """Count a document in the month in which another reading of it is counted."""
    if isinstance(earlier, Invoice) and isinstance(now, Invoice):
        return replace(earlier, month=now.month)
    return earlier
