"""
A hash over a record's values, which tells whether two fetched records are the same.

Numbers count by value (``4000.0`` is ``4000``), lists by their members, whatever their order. How Tieout found a month,
whether a bill was paid, and where in a list a row stood do not count: none of them is a restatement by the vendor.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from decimal import Decimal
from functools import cache
from json.encoder import encode_basestring
from operator import attrgetter
from typing import Any

from billing.payloads.exact_json import canonical_without_order, json_value, number_text

_NOT_CONTENT = frozenset({"period_evidence", "payment_status", "position"})


def content_sha256(record: object) -> bytes:
    """
    Hash one record of ``billing.models`` with all its rows, in whatever order; 32 bytes.

    What is hashed is canonical JSON. A field without a value is left out, so that adding a field changes no old hash.
    """
    return hashlib.sha256(content_text(record).encode()).digest()


def content_text(record: object) -> str:
    """Write what is hashed of a record, or of one of its rows."""
    names, values = _members(type(record))  # type: ignore[arg-type]  # a class has a hash
    texts = [
        f"{name}:{_WRITERS.get(type(value), value_text)(value)}"
        for name, value in zip(names, values(record), strict=True)
        if value is not None
    ]
    return "{" + ",".join(texts) + "}"


def value_text(value: object) -> str:
    """Write one value as text; two values have the same content if, and only if, their texts are equal."""
    return canonical_without_order(json_value(value))


def _rows_text(values: tuple[object, ...]) -> str:
    """Write a record's rows, each as content, or a field's other values."""
    if not values or not is_dataclass(values[0]):
        return value_text(values)
    return "[" + ",".join(sorted(map(content_text, values))) + "]"


@cache
def _members(kind: Any) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:  # noqa: ANN401 (a dataclass)
    """Return the fields that are content, in order: their names as JSON, and what reads their values."""
    names = sorted(field.name for field in fields(kind) if field.name not in _NOT_CONTENT)
    return tuple(map(encode_basestring, names)), attrgetter(*names)


# One text for each value, as ``value_text`` writes it, without building JSON values first: this takes half the time.
_WRITERS: dict[type, Callable[[Any], str]] = {str: encode_basestring, Decimal: number_text, tuple: _rows_text}
