"""Tables with FOCUS's types, and the two files that are written of one: Parquet, and CSV for everything else."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import Enum
from itertools import islice
from typing import Any, Generic, TypeVar
from unicodedata import combining, normalize

import pyarrow as pa
import pyarrow.parquet as pq

from billing.errors import PayloadError
from billing.spreadsheets import safe_text

RowT = TypeVar("RowT")

_BATCH = 10_000
_ROUNDING = Context(prec=60, rounding=ROUND_HALF_EVEN)
_MONEY_PLACES, _NUMBER_PLACES = 12, 18


class Kind(Enum):
    """
    A column's type. Decimals have one scale in all files, so that a reader of many files needs no cast.

    FOCUS's texts are ASCII; identifiers, and what is in no column of FOCUS, stay as they are.
    """

    TEXT = pa.field("text", pa.string())
    RAW_TEXT = pa.field("raw_text", pa.string())
    MOMENT = pa.field("moment", pa.timestamp("us", tz="UTC"))
    MONEY = pa.field("money", pa.decimal128(38, _MONEY_PLACES))
    NUMBER = pa.field("number", pa.decimal128(38, _NUMBER_PLACES))
    COUNT = pa.field("count", pa.int64())


@dataclass(frozen=True, slots=True)
class Column(Generic[RowT]):
    """One column of a dataset and how its value is read from a row."""

    name: str
    kind: Kind
    value: Callable[[RowT], Any]


def tables_of(datasets: Mapping[str, Sequence[Column[RowT]]], rows: Iterable[RowT]) -> dict[str, pa.Table]:
    """
    Create a table for each dataset, by its name, in one pass over rows that need not be in memory together.

    :raises PayloadError: an amount has more digits than the column; it would not be exact.
    """
    made: dict[str, list[pa.RecordBatch]] = {name: [] for name in datasets}
    remaining = iter(rows)
    while some := list(islice(remaining, _BATCH)):
        for name, columns in datasets.items():
            made[name].append(_batch(columns, some))
    return {name: pa.Table.from_batches(made[name], _schema(columns)) for name, columns in datasets.items()}


def parquet(table: pa.Table) -> bytes:
    """Return a table as Parquet; the same table gives the same bytes."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    body: bytes = sink.getvalue().to_pybytes()
    return body


def csv_file(table: pa.Table) -> bytes:
    """Return a table as CSV; see :func:`csv_rows`."""
    columns = (batch.columns for batch in table.to_batches(_BATCH))
    rows = (row for batch in columns for row in zip(*(column.to_pylist() for column in batch), strict=True))
    return csv_rows(table.column_names, rows)


def csv_rows(names: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """
    Return rows as CSV: decimals with all their digits and a point, times in UTC, nothing for null.

    A text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(map(_text, row) for row in rows)
    return file.getvalue().encode()


def _schema(columns: Sequence[Column[RowT]]) -> pa.Schema:
    return pa.schema([(column.name, column.kind.value.type) for column in columns])


def _batch(columns: Sequence[Column[RowT]], rows: Sequence[RowT]) -> pa.RecordBatch:
    values = [
        pa.array([_exact(column, column.value(row)) for row in rows], column.kind.value.type) for column in columns
    ]
    return pa.record_batch(values, _schema(columns))


def _exact(column: Column[Any], value: Any) -> Any:  # noqa: ANN401 (a column of any type)
    """Return what fits the column: an amount unchanged or not at all, a quantity or price to 18 places."""
    if column.kind is Kind.TEXT and value is not None:
        return _ascii(value)
    if not isinstance(value, Decimal):
        return value
    places = _MONEY_PLACES if column.kind is Kind.MONEY else _NUMBER_PLACES
    rounded = value.quantize(Decimal(1).scaleb(-places), context=_ROUNDING)
    if (column.kind is Kind.MONEY and rounded != value) or rounded.adjusted() >= 38 - places:
        raise PayloadError(
            f"{column.name} {value} has more digits than {places} after and {38 - places} before the point"
        )
    return rounded


def _ascii(text: str) -> str | None:
    """
    Return a text as FOCUS wants it. Accents are left out, other letters are written as escapes; None if it is empty.

        "São Paulo" -> "Sao Paulo"
    """
    plain = "".join(letter for letter in normalize("NFKD", text) if not combining(letter))
    return plain.encode("ascii", "backslashreplace").decode() or None


def _text(value: object) -> object:
    if isinstance(value, Decimal):
        whole, _, places = format(value, "f").partition(".")
        return f"{whole}.{places.rstrip('0') or '0'}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return safe_text(value) if isinstance(value, str) else value
