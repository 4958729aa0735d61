"""Write many rows by COPY, the fastest way into Postgres, with exact numbers."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table

from billing.errors import PayloadError
from billing.month import Month
from billing.payloads import exact_json
from billing.storage.server_errors import server_errors


class UnstorableRow(PayloadError):
    """
    A row that Postgres cannot hold.

    :param row: the row, as it was given.
    """

    def __init__(self, message: str, row: Sequence[object]) -> None:
        super().__init__(message)
        self.row = row


_ROWS_AT_ONCE = 10_000  # about 2 MB of text: memory does not grow with the invoice
_BYTES_AT_ONCE = 1 << 20
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def copy_rows(connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """
    Append rows to a table inside the connection's transaction, in batches; return their number.

    :raises UnstorableRow: a string contains U+0000 or half a surrogate pair, which Postgres cannot store, or a number
        is NaN or Infinity, which it must not store.
    :raises StorageError: the server is gone, or has ended the transaction.
    """
    statement = f"copy {table.fullname} ({', '.join(columns)}) from stdin"
    rows, written = iter(rows), 0
    cursor = connection.connection.cursor()
    try:
        while batch := list(islice(rows, _ROWS_AT_ONCE)):
            text = "".join(map(_line, batch)).encode()
            with server_errors():
                cursor.copy_expert(statement, io.BytesIO(text), size=_BYTES_AT_ONCE)
            written += len(batch)
    finally:
        cursor.close()
    return written


def _line(row: Sequence[object]) -> str:
    """Write one row in COPY's text format."""
    try:
        return "\t".join([_WRITERS[type(value)](value) for value in row]) + "\n"
    except PayloadError as error:
        raise UnstorableRow(str(error), row) from None
    except KeyError as error:
        raise TypeError(f"{error.args[0].__name__} has no column type") from None


def _number(number: Decimal) -> str:
    if not number.is_finite():
        raise PayloadError(f"{number} is not a finite number")
    return str(number)


def _text(text: str) -> str:
    if text.isprintable() and "\\" not in text:  # nothing to escape, and neither U+0000 nor half a character
        return text
    return _storable(text).translate(_ESCAPES)


def _storable(text: str) -> str:
    if "\x00" in text:
        raise PayloadError(f"the text {text[:40]!a} contains U+0000, which Postgres cannot store")
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
    return _text("{" + ",".join(quoted) + "}")


_WRITERS: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: "\\N",
    str: _text,
    Decimal: _number,
    int: str,
    date: date.isoformat,
    datetime: datetime.isoformat,
    Month: lambda month: str(month.first_day),
    bytes: lambda value: f"\\\\x{value.hex()}",
    tuple: _array,
    dict: _json,
}
