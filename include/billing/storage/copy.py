"""Write many rows by COPY, the fastest way into Postgres, digit for digit."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from types import NoneType

from sqlalchemy import Connection, Table

from billing.columns import each_once
from billing.errors import PayloadError
from billing.month import Month
from billing.payloads import exact_json
from billing.storage.engine import server_errors

_ROWS_AT_ONCE = 10_000  # about 2 MB of text: memory stays flat however long the invoice
_BYTES_AT_ONCE = 1 << 20
_NULL = "\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


@dataclass(frozen=True, slots=True)
class Copy:
    """
    Rows as COPY's text, ready to be sent.

    :param pieces: whole rows each.
    """

    statement: str
    pieces: tuple[bytes, ...]


def copy_rows(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """Append rows to a table as ``copy_of`` and ``send`` do, a part at a time, and give their number."""
    rows, written = iter(rows), 0
    while some := list(islice(rows, _ROWS_AT_ONCE)):
        send(connection, copy_of(table, dict(zip(columns, zip(*some, strict=True), strict=True))))
        written += len(some)
    return written


def copy_of(table: Table, columns: Mapping[str, Sequence[object]]) -> Copy:
    """
    Write rows as text.

    :param columns: by name, all of one length, of one row at least. One without any value is not named: it stays
        null.
    :raises PayloadError: a text holds U+0000 or half a surrogate pair, or a number is NaN or Infinity: Postgres cannot
        store the first two and must not store the last.
    """
    rows = len(next(iter(columns.values())))
    columns = {
        name: values
        for name, values in columns.items()
        if values[0] is not None or set(map(type, values)) != {NoneType}
    }
    slices = (slice(start, start + _ROWS_AT_ONCE) for start in range(0, rows, _ROWS_AT_ONCE))
    pieces = (_lines([values[some] for values in columns.values()]).encode() for some in slices)
    return Copy(f"copy {table.fullname} ({', '.join(columns)}) from stdin", tuple(pieces))


def send(connection: Connection, copy: Copy) -> None:
    """
    Append rows to their table inside the connection's transaction.

    :raises StorageError: the server is gone, or has ended the transaction.
    """
    cursor = connection.connection.cursor()
    try:
        for piece in copy.pieces:
            with server_errors():
                cursor.copy_expert(copy.statement, io.BytesIO(piece), size=_BYTES_AT_ONCE)
    finally:
        cursor.close()


def _lines(columns: Sequence[Sequence[object]]) -> str:
    """Write rows in COPY's text format, by column: one look at a whole column is cheaper than one at each value."""
    texts = map("\t".join, zip(*map(_column, columns), strict=True))
    return "\n".join(texts) + "\n"


def _column(values: Sequence[object]) -> Iterable[str]:
    kinds = set(map(type, values))
    if kinds == {str} and _needs_no_escape("".join(values)):  # type: ignore[arg-type]  # its type says so
        return values  # type: ignore[return-value]  # as above
    if kinds <= {str, NoneType} or kinds == {int}:  # a product's name or a record's key comes again and again
        texts = {value: _value(value) for value in set(values)}
        return map(texts.__getitem__, values)
    if kinds <= {Decimal, int}:
        numbers = list(map(str, values))
        if "N" not in (written := "".join(numbers)) and "I" not in written:  # NaN, Infinity
            return numbers
    if kinds <= {dict, NoneType}:
        return each_once(_value, values)
    return map(_value, values)


def _needs_no_escape(text: str) -> bool:
    return text.isascii() and text.isprintable() and "\\" not in text


def _value(value: object) -> str:
    match value:
        case None:
            return _NULL
        case str():
            return _text(value).translate(_ESCAPES)
        case Decimal() | int():
            return _number(value)
        case datetime() | date():
            return value.isoformat()
        case Month():
            return value.first_day.isoformat()
        case bytes():
            return f"\\\\x{value.hex()}"
        case tuple():
            return _value(_array(value))
        case Mapping():
            return _json(value).translate(_ESCAPES)
        case _:
            raise TypeError(f"{type(value).__name__} has no column type")


def _number(number: Decimal | int) -> str:
    if isinstance(number, Decimal) and not number.is_finite():
        raise PayloadError(f"{number} is not a number that can be billed")
    return str(number)


def _text(text: str) -> str:
    if "\x00" in text:
        raise PayloadError(f"the text {text[:40]!a} holds U+0000, which Postgres cannot store")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise PayloadError(f"the text {text[:40]!a} is not Unicode: {error.reason}") from None
    return text


def _json(members: Mapping[str, object]) -> str:
    written = exact_json.dumps(members)
    if "\\u0000" in written:
        exact_json.loads_text(written)  # refuses U+0000; a backslash before "u0000" in a text is fine
    return _text(written)


def _array(texts: tuple[str, ...]) -> str:
    quoted = ('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in texts)
    return "{" + ",".join(quoted) + "}"
