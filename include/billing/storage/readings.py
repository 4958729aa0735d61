"""
Find again what the same code has read in the same text, so that it is not parsed, hashed and compared once more.

An entry is added only if the stored version's rows are exactly what was read, in the same order: to recall it is to
read it again. Any other code or configuration recalls nothing. The caller owns the transaction; nothing here commits.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from sqlalchemy import Connection, select

from billing.models import Invoice, Reading, StoredVersion, UnknownField
from billing.storage import tables as t
from billing.storage.copy import copy_rows
from billing.storage.payloads import FetchInfo
from billing.storage.stored_months import load_records
from billing.storage.versions import CurrentVersion, RecordId

_COLUMNS = (
    *("vendor", "account", "text_sha256", "code_sha256", "record_key", "version"),
    *("period_evidence", "payment_status", "unknown_fields"),
)


def recall(
    connection: Connection, fetch: FetchInfo, code_sha256: bytes, texts: Collection[bytes]
) -> dict[bytes, Reading]:
    """Return what this code has read in texts of the account, by their hashes, for those that are stored."""
    if not texts:
        return {}
    query = (
        select(*(t.reading.c[name] for name in _COLUMNS[2:]), t.record_version.c.content_sha256)
        .join(t.record_version)
        .where(
            t.reading.c.vendor == fetch.vendor,
            t.reading.c.account == fetch.account,
            t.reading.c.code_sha256 == code_sha256,
            t.reading.c.text_sha256.in_(list(texts)),
        )
    )
    rows = connection.execute(query).all()
    invoices = load_records(connection, Invoice, sorted({(row.record_key, row.version) for row in rows}))
    return {
        bytes(row.text_sha256): Reading(
            replace(
                invoices[row.record_key, row.version],
                period_evidence=row.period_evidence,
                payment_status=row.payment_status,
            ),
            frozenset(UnknownField(kind, name) for kind, names in row.unknown_fields.items() for name in names),
            StoredVersion(row.record_key, row.version, bytes(row.content_sha256)),
        )
        for row in rows
    }


def save_readings(
    connection: Connection,
    fetch: FetchInfo,
    code_sha256: bytes,
    readings: Mapping[bytes, Reading],
    current: Mapping[RecordId, CurrentVersion],
) -> None:
    """
    Store which version holds what a text was read as, for texts that were not recalled.

    :param readings: those whose invoices are exactly the current versions, by the texts' hashes.
    """
    rows = []
    for text_sha256, reading in readings.items():
        version, invoice = current["invoice", reading.invoice.invoice_id], reading.invoice
        unknown: dict[str, list[str]] = {}
        for each in sorted(reading.unknown_fields, key=lambda field: (field.record_type, field.name)):
            unknown.setdefault(each.record_type, []).append(each.name)
        key = fetch.vendor, fetch.account, text_sha256, code_sha256
        rows.append(
            (*key, version.record_key, version.version, invoice.period_evidence, invoice.payment_status, unknown)
        )
    copy_rows(connection, t.reading, _COLUMNS, rows)
