"""
Put the rows of a month that was read again in the order in which they are stored.

The order of a list is no content, so a fetch with another order adds no version. Controls and certificates name rows by
their positions: those of the version that is stored. Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from billing.content_hash import content_sha256
from billing.models import AccountMonth, Invoice
from billing.storage.payloads import FetchInfo
from billing.storage.records import CandidateRecord, Records
from billing.storage.stored_months import RecordVersion, load_records
from billing.storage.versions import RECORD_TYPES, CurrentVersion, RecordId

_FIELDS = ("invoices", "contracts", "billing_periods", "usage_reports")


def in_stored_order(
    connection: Connection,
    fetch: FetchInfo,
    account_month: AccountMonth,
    candidates: Records,
    current: Mapping[RecordId, CurrentVersion],
) -> AccountMonth:
    """
    Return a derived month with each record that another fetch has stored with the same content as it is stored.

    A record with other content, or whose stored rows no longer have the content that was hashed, stays as derived.

    :param candidates: the month's records.
    :param current: their current versions.
    """
    same = {
        record_id: (each.record_key, each.version)
        for record_id, each in current.items()
        if each.fetch_id != fetch.fetch_id
        and each.content_sha256 == candidates[record_id].content_sha256
        and not candidates[record_id].is_from(each)
    }
    if not same:
        return account_month
    ordered: dict[str, Any] = {
        name: _ordered(connection, [candidates[_record_id(each)] for each in getattr(account_month, name)], same)
        for name in _FIELDS
    }
    return replace(account_month, **ordered)


def _ordered(
    connection: Connection, records: Sequence[CandidateRecord], same: Mapping[RecordId, RecordVersion]
) -> tuple[Any, ...]:
    versions = [same[each.record_id] for each in records if each.record_id in same]
    loaded = load_records(connection, type(records[0].record), sorted(versions)) if versions else {}
    return tuple(_as_stored(each, loaded.get(same.get(each.record_id, (0, 0)))) for each in records)


def _as_stored(candidate: CandidateRecord, stored: Any) -> Any:  # noqa: ANN401 (a record of any type)
    record = candidate.record
    if stored is None or content_sha256(stored) != candidate.content_sha256:
        return record
    if isinstance(record, Invoice):  # what is no content is this reading's own
        return replace(stored, period_evidence=record.period_evidence, payment_status=record.payment_status)
    return stored


def _record_id(record: Any) -> RecordId:  # noqa: ANN401 (a record of any type)
    record_type = RECORD_TYPES[type(record)]
    return record_type.name, getattr(record, record_type.identity)
