"""
A hash over a record's values, which tells whether two fetched records are the same.

Numbers count by value (``4000.0`` is ``4000``), lists by their members, whatever their order. How Tieout found a month,
whether a bill was paid, and where in a list a row stood do not count: none of them is a restatement by the vendor.
"""

from __future__ import annotations

import hashlib
from dataclasses import fields
from functools import cache
from typing import Any

from billing.payloads.exact_json import canonical_without_order, json_value

_NOT_CONTENT = frozenset({"period_evidence", "payment_status", "position"})


def content_sha256(record: object) -> bytes:
    """
    Hash one record of ``billing.models`` with all its rows, in whatever order; 32 bytes.

    What is hashed is canonical JSON. A field without a value is left out, so that adding a field changes no old hash.
    """
    return hashlib.sha256(content_text(record).encode()).digest()


def content_text(record: object) -> str:
    """Write what is hashed of a record, or of one of its rows."""
    return canonical_without_order(_content(record))


def value_text(value: object) -> str:
    """Write one value as text; two values have the same content if, and only if, their texts are equal."""
    return canonical_without_order(json_value(value))


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
