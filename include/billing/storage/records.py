"""
Versions of invoices, contracts, billing periods and usage reports.

A record that is fetched again unchanged adds no row. One that changed gets a new version; the old one is kept.
The caller owns the transaction; nothing here commits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from sqlalchemy import Connection, func, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from billing.content_hash import content_sha256
from billing.errors import PayloadError
from billing.models import AccountMonth, Invoice, StoredVersion
from billing.storage import tables as t
from billing.storage.payloads import FetchInfo
from billing.storage.stored_months import load_records
from billing.storage.versions import (
    RECORD_TYPES,
    Change,
    CurrentVersion,
    NewVersion,
    RecordId,
    current_versions,
    insert_records,
    insert_versions,
)

_MAX_NAME = 500  # of an unknown field: it is part of a key

DeriveFetch = Callable[[int], AccountMonth]
"""Derive the month of a stored fetch with today's code."""


@dataclass(frozen=True)
class CandidateRecord:
    """
    A record from a fetch, which may differ from the stored one.

    :param stored: the version that it was read from; None if it was read from the vendor's text.
    """

    record_id: RecordId
    record: object
    stored: StoredVersion | None = None

    @cached_property
    def content_sha256(self) -> bytes:
        """Hash of its content, computed once."""
        return self.stored.content_sha256 if self.stored else content_sha256(self.record)

    def is_from(self, version: CurrentVersion) -> bool:
        """Return whether it was read from the rows of a version."""
        stored = self.stored
        return stored is not None and (stored.record_key, stored.version) == (version.record_key, version.version)


Records = dict[RecordId, CandidateRecord]


def lock_account(connection: Connection, vendor: str, account: str) -> None:
    """
    Block all other writers of this account's records until the transaction ends.

    Two months of one account share its contracts; without the lock two runs of a backfill would both add "the next"
    version, and one of them would fail.
    """
    connection.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"{vendor}/{account}"}
    )


def candidates_in(account_month: AccountMonth) -> Records:
    """
    Return all records of a month by kind and identifier.

    :raises PayloadError: one identifier has two different contents.
    """
    found: Records = {}
    recalled = {id(reading.invoice): reading.stored for reading in account_month.readings.values()}
    for record in (
        *account_month.invoices,
        *account_month.contracts,
        *account_month.billing_periods,
        *account_month.usage_reports,
    ):
        record_type = RECORD_TYPES[type(record)]
        record_id = record_type.name, getattr(record, record_type.identity)
        candidate = CandidateRecord(record_id, record, recalled.get(id(record)))
        other = found.setdefault(candidate.record_id, candidate)
        if other is not candidate and other.content_sha256 != candidate.content_sha256:
            raise PayloadError(
                f"{account_month.vendor}/{account_month.account} {account_month.month}: the vendor returned two "
                f"different contents for {record_id[0]} {record_id[1]!a} in one fetch; nothing was stored: "
                "compare its payloads"
            )
    return found


class RecordStore:
    """
    What one fetch adds to an account's records.

    A record whose current version was read by a later fetch is left as it is: deriving an old month again must not
    bring back an old contract.

    :param derive_fetch: to find out why a record has changed.
    :param overtaken: a later fetch of the same month is stored. It may have found a record unchanged, which adds no
        version, so this fetch may change no stored record.
    :param code_sha256: hash of the code and configuration that derive; None if not known.
    """

    def __init__(
        self,
        connection: Connection,
        fetch: FetchInfo,
        derive_fetch: DeriveFetch,
        now: datetime,
        *,
        overtaken: bool = False,
        code_sha256: bytes | None = None,
    ) -> None:
        self._connection = connection
        self._fetch = fetch
        self._derive_fetch = derive_fetch
        self._now = now
        self._overtaken = overtaken
        self._code_sha256 = code_sha256

    def save(self, candidates: Records) -> list[Change]:
        """Add a version for each record that is new or has changed, and make it the current one."""
        owner = self._fetch.vendor, self._fetch.account
        current = current_versions(self._connection, *owner, candidates)
        keys = insert_records(self._connection, *owner, [each for each in candidates if each not in current])
        new = [_first_version(candidates[record_id], key) for record_id, key in keys.items()]
        changed = [
            (candidate, current[record_id])
            for record_id, candidate in candidates.items()
            if record_id in current and self._replaces(candidate, current[record_id])
        ]
        earlier = self._earlier_records(
            {each.record_id: before for each, before in changed if before.fetch_id != self._fetch.fetch_id}
        )
        versions = new + [self._next_version(each, before, earlier) for each, before in changed]
        insert_versions(self._connection, versions, self._fetch, self._now, self._code_sha256)
        return [each.change for each in versions]

    def _replaces(self, candidate: CandidateRecord, before: CurrentVersion) -> bool:
        is_newer = not self._overtaken and before.fetch_id <= self._fetch.fetch_id
        return is_newer and before.content_sha256 != candidate.content_sha256

    def _earlier_records(self, current: Mapping[RecordId, CurrentVersion]) -> dict[RecordId, object]:
        """
        Return records as today's code derives them from the fetch of their current version, if it can parse that.

        What today's code itself has derived is stored, and is not derived again.
        """
        same_code = {
            record_id: each
            for record_id, each in current.items()
            if self._code_sha256 is not None and each.code_sha256 == self._code_sha256
        }
        found = self._stored_records(same_code)
        for fetch_id in {each.fetch_id for record_id, each in current.items() if record_id not in same_code}:
            with suppress(PayloadError):
                derived = candidates_in(self._derive_fetch(fetch_id))
                found |= {
                    record_id: derived[record_id].record
                    for record_id, each in current.items()
                    if each.fetch_id == fetch_id and record_id in derived and record_id not in same_code
                }
        return found

    def _stored_records(self, current: Mapping[RecordId, CurrentVersion]) -> dict[RecordId, object]:
        found: dict[RecordId, object] = {}
        for kind, record_type in RECORD_TYPES.items():
            ours = {
                (each.record_key, each.version): record_id
                for record_id, each in current.items()
                if record_id[0] == record_type.name
            }
            loaded = load_records(self._connection, kind, sorted(ours))
            found |= {ours[version]: record for version, record in loaded.items()}
        return found

    def _next_version(
        self, candidate: CandidateRecord, before: CurrentVersion, earlier: Mapping[RecordId, object]
    ) -> NewVersion:
        """
        Return the version that replaces another one, with its cause: ``vendor`` or ``parser``.

        If today's code derives today's content from the earlier fetch, the vendor's response is unchanged and our
        parser has changed. The same applies if only the month that a document is counted in differs, which is our
        decision and may depend on other responses. An earlier response that today's code cannot parse shows nothing,
        so it counts as a change by the vendor, which a person has to review.
        """
        cause = "parser"
        if before.fetch_id != self._fetch.fetch_id:
            then = earlier.get(candidate.record_id)
            if then is None or _in_month_of(candidate.record, then) != candidate.content_sha256:
                cause = "vendor"
        change = Change(*candidate.record_id, before.version + 1, cause)
        return NewVersion(before.record_key, candidate.record, candidate.content_sha256, change)

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


def save_unknown_fields(
    connection: Connection, account_month: AccountMonth, fetch: FetchInfo, now: datetime
) -> list[str]:
    """Record unknown fields that the vendor sends, each once with its first date; return the new ones."""
    rows = [
        {
            "vendor": account_month.vendor,
            "record_type": field.record_type,
            "name": field.name[:_MAX_NAME],
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


def _first_version(candidate: CandidateRecord, record_key: int) -> NewVersion:
    change = Change(*candidate.record_id, 1, "new")
    return NewVersion(record_key, candidate.record, candidate.content_sha256, change)


def _in_month_of(record: object, earlier: object) -> bytes:
    """Hash an earlier version of a document as if it belonged to the month that it belongs to now."""
    if isinstance(record, Invoice) and isinstance(earlier, Invoice):
        earlier = replace(earlier, month=record.month)
    return content_sha256(earlier)
