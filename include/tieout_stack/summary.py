"""What the demo prints of one month, read back with SQL."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from datetime import date

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

HEADINGS = (
    "vendor",
    "account",
    "invoices",
    "lines",
    "total",
    "",
    "passed",
    "exceptions",
    "warnings",
    "blocked",
    "status",
)
RIGHT = frozenset({"invoices", "lines", "total", "passed", "exceptions", "warnings", "blocked"})
MONTH = """
    SELECT vendor, account, invoices::text, lines::text, coalesce(total::text, ''),
           coalesce(currency, ''), passed::text, exceptions::text, warnings::text, blocked::text, status
    FROM billing.account_month_summary
    WHERE month = :month
    ORDER BY vendor, account, currency
"""
FOUND = """
    SELECT outcome, vendor, account, control_id, explanation
    FROM billing.current_control_result
    WHERE month = :month AND outcome IN ('exception', 'warning')
    ORDER BY vendor, account, control_id, subject
"""
BLOCKED = """
    SELECT control_id, count(*)::text, min(explanation)
    FROM billing.current_control_result
    WHERE month = :month AND outcome = 'blocked'
    GROUP BY control_id
    ORDER BY left(control_id, 1), length(control_id), control_id
"""
INVOICE = "SELECT min(invoice_id) FROM billing.current_invoice WHERE month = :month"
MAX_WIDTH = 110
MAX_FOUND = 20


def month_table(url: str, month: date) -> list[str]:
    """
    Return a sentence that counts the accounts by status, and the table; amounts with every digit that is stored.

    :param url: of the billing database.
    :param month: its first day.
    """
    rows = _rows(url, MONTH, month)
    status_of = {(vendor, account): status for vendor, account, *_, status in rows}
    counts = [f"{count} {status}" for status, count in Counter(status_of.values()).most_common()]
    return [f"Month {month:%Y-%m}: {', '.join([f'{len(status_of)} accounts', *counts])}", "", *table(HEADINGS, rows)]


def findings(url: str, month: date) -> list[str]:
    """
    Return one line for each exception and each warning of a month, and one for each control that is blocked.

    :param url: of the billing database.
    :param month: its first day.
    """
    exceptions, warnings = (
        [
            f"  {vendor}/{account}  {control}: {_one_line(explanation)}"
            for found, vendor, account, control, explanation in _rows(url, FOUND, month)
            if found == outcome
        ]
        for outcome in ("exception", "warning")
    )
    blocked = [f"  {control} ({times}): {_one_line(reason)}" for control, times, reason in _rows(url, BLOCKED, month)]
    lines = ["Exceptions (a control found an error: check the invoice):" if exceptions else "No exceptions."]
    lines += _first(exceptions)
    lines += ["Warnings (unusual, and no reason to hold the payment):", *_first(warnings)] if warnings else []
    lines += ["Blocked (a figure to compare with is missing; never counted as passed):"] if blocked else []
    return lines + blocked


def _first(lines: list[str]) -> list[str]:
    return lines[:MAX_FOUND] + ([f"  and {len(lines) - MAX_FOUND} more"] if len(lines) > MAX_FOUND else [])


def first_invoice(url: str, month: date) -> str | None:
    """Return the id of one invoice of a month; None if there is none."""
    return _rows(url, INVOICE, month)[0][0]


def _rows(url: str, query: str, month: date) -> list[tuple[str, ...]]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query), {"month": month})]


def _one_line(explanation: str) -> str:
    """Shorten an explanation to one line; it may hold a vendor's text, so control characters are replaced."""
    plain = "".join(sign if sign.isprintable() else " " for sign in explanation)
    return plain if len(plain) <= MAX_WIDTH else plain[: MAX_WIDTH - 1] + "…"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return aligned lines: headings, a rule, then the rows; numbers on the right."""
    cells = [headings, *rows]
    widths = [max(_width(row[column]) for row in cells) for column in range(len(headings))]
    lines = [_line(row, headings, widths) for row in cells]
    return [lines[0], "  ".join("─" * width for width in widths), *lines[1:]]


def _line(row: Sequence[str], headings: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(
        _padded(cell, width, right=heading in RIGHT) for cell, heading, width in zip(row, headings, widths, strict=True)
    ).rstrip()


def _padded(cell: str, width: int, *, right: bool) -> str:
    blanks = " " * (width - _width(cell))
    return blanks + cell if right else cell + blanks


def _width(value: str) -> int:
    """Return the number of columns that a terminal uses: 0 for a combining accent, 2 for a CJK character."""
    return sum(_columns(sign) for sign in value)


def _columns(sign: str) -> int:
    if unicodedata.combining(sign) or unicodedata.category(sign) in ("Cf", "Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1
