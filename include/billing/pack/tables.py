"""The exact JSON of a statement as CSV: one table for each list, and one for each list inside it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from billing.payloads import exact_json
from billing.spreadsheets import safe_text


def tables(name: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, bytes]]:
    """
    Yield names and contents of the CSV files of a list of JSON objects, e.g. ``invoices`` and ``invoices_lines``.

    A row of an inner list begins with the row number of the object it belongs to. No file without rows.
    """
    if not rows:
        return
    inner = sorted({key for row in rows for key, value in row.items() if _is_list_of_objects(value)})
    columns = sorted({key for row in rows for key in row} - {*inner})
    yield name, _csv(columns, ([row.get(column) for column in columns] for row in rows))
    for key in inner:
        below = [
            {"row": number, **member}
            for number, row in enumerate(rows, start=1)
            for member in (row.get(key) if _is_list_of_objects(row.get(key)) else ()) or ()
        ]
        yield from tables(f"{name}_{key}", below)


def _is_list_of_objects(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(member, dict) for member in value)


def _csv(columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> bytes:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return written.getvalue().encode()


def _cell(value: object) -> str:
    """Return a number with every digit, a text that no spreadsheet runs, anything else as JSON."""
    match value:
        case None:
            return ""
        case str():
            return safe_text(value)
        case bool():
            return str(value).lower()
        case int() | Decimal():
            return format(Decimal(value), "f")
        case _:
            return exact_json.dumps(value)
