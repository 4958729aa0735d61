"""
Put the rows of a month that was read again in the order in which they are stored.

The order of a list is no content, so a fetch with another order adds no version. Controls and certificates name rows by
their positions: those of the version that is stored. Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from billing.content_hash import content_sha256
from billing.models import AccountMonth, Invoice
from billing.storage.payloads import FetchInfo
from billing.storage.stored_months import load_records
from billing.storage.versions import RECORD_TYPES, CurrentVersion, RecordId, current_versions

_FIELDS = ("invoices", "contracts", "billing_periods", "usage_reports")


def in_stored_order(connection: Connection, fetch: FetchInfo, account_month: AccountMonth) -> AccountMonth:
    """
    Return a derived month with each record that another fetch has stored with the same content as it is stored.

    A record with other content, or whose stored rows no longer have the content that was hashed, stays as derived.
    """
    records = {name: getattr(account_month, name) for name in _FIELDS}
    ids = {_record_id(record) for rows in records.values() for record in rows}
    current = current_versions(connection, fetch.vendor, fetch.account, ids) if ids else {}
    stored = {record_id: each for record_id, each in current.items() if each.fetch_id != fetch.fetch_id}
    if not stored:
        return account_month
    ordered: dict[str, Any] = {name: _ordered(connection, rows, stored) for name, rows in records.items()}
    return replace(account_month, **ordered)


def _ordered(connection: Connection, records: Sequence[Any], stored: dict[RecordId, CurrentVersion]) -> tuple[Any, ...]:
    hashes = {_record_id(record): content_sha256(record) for record in records if _record_id(record) in stored}
    same = {
        record_id: (stored[record_id].record_key, stored[record_id].version)
        for record_id, sha256 in hashes.items()
        if bytes(stored[record_id].content_sha256) == sha256
    }
    if not same:
        return tuple(records)
    loaded = load_records(connection, type(records[0]), sorted(same.values()))
    return tuple(_as_stored(record, hashes, loaded.get(same.get(_record_id(record), (0, 0)))) for record in records)


def _as_stored(record: Any, hashes: dict[RecordId, bytes], stored: Any) -> Any:  # noqa: ANN401 (a record of any type)
    if stored is None or content_sha256(stored) != hashes[_record_id(record)]:
        return record
    if isinstance(record, Invoice):  # what is no content is this reading's own
        return replace(stored, period_evidence=record.period_evidence, payment_status=record.payment_status)
    return stored


def _record_id(record: Any) -> RecordId:  # noqa: ANN401 (a record of any type)
    record_type = RECORD_TYPES[type(record)]
    return record_type.name, getattr(record, record_type.identity)
