"""
What makes two readings of a record the same: a hash over its values.

Numbers count by value (``4000.0`` is ``4000``) and how Tieout found a month, or whether a bill was paid, does not
count: neither is something the vendor restated.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from billing.exact_json import canonical, number_text
from billing.period import BillingPeriod

_NOT_CONTENT = frozenset({"period_evidence", "payment_status"})
_FIELD, _ROW = "\x1f", "\x1e"


def content_sha256(record: object) -> bytes:
    """Hash one record of ``billing.models`` with all its rows, in order; 32 bytes."""
    digest = hashlib.sha256()
    for row in _rows(record):
        digest.update(row.encode())
    return digest.digest()


def _rows(record: object) -> Iterator[str]:
    """Yield the record itself, then each of its lines, items, charges or wallets."""
    names, many = _shape(type(record))
    yield _row(record, names)
    for name in many:
        for child in getattr(record, name):
            yield name + _FIELD + _row(child, _shape(type(child))[0])


def _row(value: object, names: tuple[str, ...]) -> str:
    return _FIELD.join([_text(getattr(value, name)) for name in names]) + _ROW


_SHAPES: dict[type, tuple[tuple[str, ...], tuple[str, ...]]] = {}


def _shape(kind: type) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the names of a type's plain fields, and of those that hold many rows."""
    if kind not in _SHAPES:
        fields = [f for f in dataclasses.fields(kind) if f.name not in _NOT_CONTENT]
        many = tuple(f.name for f in fields if str(f.type).startswith("tuple[") and f.type != "tuple[str, ...]")
        _SHAPES[kind] = tuple(f.name for f in fields if f.name not in many), many
    return _SHAPES[kind]


def _text(value: object) -> str:
    match value:
        case None:
            return "\x00"
        case str():
            return value
        case Decimal():
            return number_text(value)
        case int():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case BillingPeriod():
            return str(value)
        case _:
            return canonical(value)
