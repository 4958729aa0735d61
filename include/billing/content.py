"""
What makes two readings of a record the same: a hash over its values.

Numbers count by value (``4000.0`` is ``4000``) and how Tieout found a month, or whether a bill was paid, does not
count: neither is something the vendor restated.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from operator import attrgetter
from types import NoneType
from typing import get_args, get_origin, get_type_hints

from billing.exact_json import canonical, number_texts
from billing.period import BillingPeriod

_ROWS_AT_ONCE = 10_000  # memory stays flat however long the invoice
_NOT_CONTENT = frozenset({"period_evidence", "payment_status"})


def content_sha256(record: object) -> bytes:
    """Hash one record of ``billing.models`` with all its rows, in order; 32 bytes."""
    digest = hashlib.sha256(_row_texts("", [record]))
    for name in _shape(type(record))[1]:
        rows = iter(getattr(record, name))
        while some := list(islice(rows, _ROWS_AT_ONCE)):
            digest.update(_row_texts(name, some))
    return digest.digest()


def value_text(value: object) -> str:
    """Write one value so that two are the same content if, and only if, their texts are equal."""
    return canonical(_plain(value))


def _row_texts(many: str, rows: Sequence[object]) -> bytes:
    """
    Write rows of one type, each as one canonical JSON text, by column: a column's values have much in common.

    Quotes and escapes keep a vendor's text from posing as the end of a field or of a row. A field without value is left
    out, so that a new one changes no old hash.

    :param many: the field of the record that holds them; empty for the record itself.
    """
    names = sorted(_shape(type(rows[0]))[0])
    columns = zip(*map(attrgetter(*names), rows), strict=True)
    members = [_members(name, values) for name, values in zip(names, columns, strict=True)]
    start = f"[{canonical(many)},{{"
    # each member begins with a comma, and the first has none before it
    return "".join(f"{start}{''.join(row)[1:]}}}]\n" for row in zip(*members, strict=True)).encode()


@lru_cache(maxsize=10_000)
def _quoted(text: str) -> str:
    """Write a text; a product's name comes again and again."""
    return canonical(text)


def _members(name: str, values: Sequence[object]) -> Iterable[str]:
    """Write one field of many rows, ``,"name":value`` each, nothing for None; one object is written once."""
    begin = f",{_quoted(name)}:"
    kinds = set(map(type, values))
    if kinds <= {str, NoneType}:
        return ["" if value is None else begin + _quoted(value) for value in values]
    if kinds <= {Decimal, int}:
        return [begin + text for text in number_texts(values)]  # type: ignore[arg-type]  # by their types
    # the attributes of many rows are one object
    keys = list(map(id, values))
    distinct = dict(zip(keys, values, strict=True))
    written = {key: "" if value is None else begin + value_text(value) for key, value in distinct.items()}
    return map(written.__getitem__, keys)


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
