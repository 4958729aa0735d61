"""
What makes two readings of a record the same: a hash over its values.

Numbers count by value (``4000.0`` is ``4000``) and how Tieout found a month, or whether a bill was paid, does not
count: neither is something the vendor restated.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from billing.columns import columns_of, each_once
from billing.month import Month
from billing.payloads.exact_json import canonical, number_texts

_NOT_CONTENT = frozenset({"period_evidence", "payment_status"})


def content_sha256(record: object) -> bytes:
    """
    Hash one record of ``billing.models`` with all its rows, in order; 32 bytes.

    What is hashed are lines of canonical JSON: the record's own fields as an object, then each field of its rows as
    ``["lines","amount",[12.5,3]]``. A field without any value is left out, so that a new one changes no old hash.
    """
    plain, many = _shape(type(record))  # type: ignore[arg-type]  # a class has a hash
    own = {name: _plain(value) for name in plain if (value := getattr(record, name)) is not None}
    digest = hashlib.sha256(canonical(own).encode())
    for field, names in many.items():
        for name, values in zip(names, columns_of(getattr(record, field), names), strict=True):
            if (kinds := set(map(type, values))) - {NoneType}:
                digest.update(f'\n["{field}","{name}",{_column_text(values, kinds)}]'.encode())
    return digest.digest()


def value_text(value: object) -> str:
    """Write one value so that two are the same content if, and only if, their texts are equal."""
    return canonical(_plain(value))


def _column_text(values: Sequence[Any], kinds: set[type]) -> str:
    """Write a column as one JSON list: its values have a type in common, and many of them their value."""
    if kinds <= {str, NoneType}:
        return msgspec.json.encode(values).decode()
    if kinds <= {Decimal, int}:
        return f"[{','.join(number_texts(values))}]"
    return f"[{','.join(each_once(value_text, values))}]"


@cache
def _shape(kind: type) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """Return the names of a type's plain fields, sorted, and for those that hold many rows the rows' names."""
    hints = get_type_hints(kind)
    fields = sorted(field.name for field in dataclasses.fields(kind) if field.name not in _NOT_CONTENT)
    many = {name: _shape(get_args(hints[name])[0])[0] for name in fields if _holds_rows(hints[name])}
    return tuple(name for name in fields if name not in many), many


def _holds_rows(hint: object) -> bool:
    return get_origin(hint) in (tuple, Sequence) and dataclasses.is_dataclass(get_args(hint)[0])


def _plain(value: object) -> object:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case Month():
            return str(value)
        case _:
            return value
