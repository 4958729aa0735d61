"""
What makes two readings of a record the same: a hash over its values.

Numbers count by value (``4000.0`` is ``4000``) and how Tieout found a month, or whether a bill was paid, does not
count: neither is something the vendor restated.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import get_args, get_origin, get_type_hints

from billing.exact_json import canonical
from billing.period import BillingPeriod

_NOT_CONTENT = frozenset({"period_evidence", "payment_status"})


def content_sha256(record: object) -> bytes:
    """Hash one record of ``billing.models`` with all its rows, in order; 32 bytes."""
    digest = hashlib.sha256()
    for name, row in _rows(record):
        # One JSON text a row: quotes and escapes keep a vendor's text from posing as the end of a field or of a row.
        digest.update(canonical([name, _members(row)]).encode() + b"\n")
    return digest.digest()


def value_text(value: object) -> str:
    """Write one value so that two are the same content if, and only if, their texts are equal."""
    return canonical(_plain(value))


def _rows(record: object) -> Iterator[tuple[str, object]]:
    """Yield the record itself, then each of its lines, items, charges or wallets with the name of their field."""
    yield "", record
    for name in _shape(type(record))[1]:
        for child in getattr(record, name):
            yield name, child


def _members(row: object) -> dict[str, object]:
    """Give a row's own values by field; a field without value is left out, so that a new one changes no old hash."""
    values = ((name, getattr(row, name)) for name in _shape(type(row))[0])
    return {name: _plain(value) for name, value in values if value is not None}


_SHAPES: dict[type, tuple[tuple[str, ...], tuple[str, ...]]] = {}


def _shape(kind: type) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the names of a type's plain fields, and of those that hold many rows."""
    if kind not in _SHAPES:
        _SHAPES[kind] = _read_shape(kind)
    return _SHAPES[kind]


def _read_shape(kind: type) -> tuple[tuple[str, ...], tuple[str, ...]]:
    hints = get_type_hints(kind)
    fields = [field.name for field in dataclasses.fields(kind) if field.name not in _NOT_CONTENT]
    many = tuple(name for name in fields if _holds_rows(hints[name]))
    return tuple(name for name in fields if name not in many), many


def _holds_rows(hint: object) -> bool:
    return get_origin(hint) is tuple and dataclasses.is_dataclass(get_args(hint)[0])


def _plain(value: object) -> object:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case BillingPeriod():
            return str(value)
        case _:
            return value
