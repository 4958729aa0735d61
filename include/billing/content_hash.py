"""
A hash over a record's values, which tells whether two fetched records are the same.

Numbers count by value (``4000.0`` is ``4000``). How Tieout found a month, and whether a bill was paid, do not count:
neither is a restatement by the vendor.
"""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import Any

from billing.payloads.exact_json import canonical, json_value, sha256_of

_NOT_CONTENT = frozenset({"period_evidence", "payment_status"})


def content_sha256(record: object) -> bytes:
    """
    Hash one record of ``billing.models`` with all its rows, in order; 32 bytes.

    What is hashed is canonical JSON. A field without a value is left out, so that adding a field changes no old hash.
    """
    return sha256_of(_content(record))


def value_text(value: object) -> str:
    """Write one value as text; two values have the same content if, and only if, their texts are equal."""
    return canonical(json_value(value))


def _content(record: object) -> dict[str, Any]:
    values = ((name, getattr(record, name)) for name in _names(type(record)))  # type: ignore[arg-type]  # a class has a hash
    return {name: _members(value) for name, value in values if value is not None}


def _members(value: object) -> object:
    """Return a field's JSON value; of a record's rows, each as content."""
    if isinstance(value, tuple) and value and hasattr(value[0], "__dataclass_fields__"):
        return list(map(_content, value))
    return json_value(value)


@cache
def _names(kind: Any) -> tuple[str, ...]:  # noqa: ANN401 (a dataclass)
    return tuple(field.name for field in fields(kind) if field.name not in _NOT_CONTENT)
