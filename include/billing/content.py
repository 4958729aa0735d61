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
from functools import cache, lru_cache
from itertools import chain, repeat
from types import NoneType
from typing import get_args, get_origin, get_type_hints

from billing.columns import columns_of
from billing.exact_json import canonical, number_texts
from billing.period import BillingPeriod

_ROWS_AT_ONCE = 10_000  # memory stays flat however long the invoice
_NOT_CONTENT = frozenset({"period_evidence", "payment_status"})


def content_sha256(record: object) -> bytes:
    """Hash one record of ``billing.models`` with all its rows, in order; 32 bytes."""
    plain, many = _shape(type(record))  # type: ignore[arg-type]  # a class has a hash
    digest = hashlib.sha256(_row_texts("", plain, [record]))
    for name, fields in many.items():
        rows = getattr(record, name)
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            digest.update(_row_texts(name, fields, rows[start : start + _ROWS_AT_ONCE]))
    return digest.digest()


def value_text(value: object) -> str:
    """Write one value so that two are the same content if, and only if, their texts are equal."""
    return canonical(_plain(value))


def _row_texts(many: str, names: Sequence[str], rows: Sequence[object]) -> bytes:
    """
    Write rows of one type, each as one canonical JSON text, by column: a column's values have much in common.

    Quotes and escapes keep a vendor's text from posing as the end of a field or of a row. A field without value is left
    out, so that a new one changes no old hash.

    :param many: the field of the record that holds them; empty for the record itself.
    :param names: their fields, sorted.
    """
    start = f"[{canonical(many)},{{"
    members = map(_members, names, columns_of(rows, names))
    parts = [repeat(f"\n{start}"), *(part for member in members for part in member), repeat("}]", len(rows))]
    text = "".join(chain.from_iterable(zip(*parts)))  # noqa: B905 (constant parts have no end)
    # Each member begins with a comma, the first one too many. In JSON a line ends nowhere but here.
    return (text.replace(f"\n{start},", f"\n{start}")[1:] + "\n").encode()


@lru_cache(maxsize=10_000)
def _quoted(text: str) -> str:
    """Write a text; a product's name comes again and again."""
    return canonical(text)


def _members(name: str, values: Sequence[object]) -> Iterable[Iterable[str]]:
    """Write one field of many rows, ``,"name":value`` each in one or two parts, nothing for None."""
    begin = f",{_quoted(name)}:"
    kinds = set(map(type, values))
    if kinds <= {NoneType}:
        return ()
    if kinds <= {str, NoneType}:
        texts = {value: "" if value is None else begin + _quoted(value) for value in set(values)}
        return (map(texts.__getitem__, values),)
    if kinds <= {Decimal, int}:
        return repeat(begin), number_texts(values)  # type: ignore[arg-type]  # by their types
    # the attributes of many rows are one object
    keys = list(map(id, values))
    distinct = dict(zip(keys, values, strict=True))
    written = {key: "" if value is None else begin + value_text(value) for key, value in distinct.items()}
    return (map(written.__getitem__, keys),)


@cache
def _shape(kind: type) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
    """Give the names of a type's plain fields, sorted, and for those that hold many rows the rows' names."""
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
        case BillingPeriod():
            return str(value)
        case _:
            return value
