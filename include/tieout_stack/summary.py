"""The table at the end: what is stored of one month, read back with SQL."""

import unicodedata
from collections.abc import Sequence
from datetime import date

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

HEADINGS = ("vendor", "account", "month", "invoices", "lines", "total", "", "passed", "exceptions", "blocked", "status")
RIGHT = frozenset({"invoices", "lines", "total", "passed", "exceptions", "blocked"})
QUERY = """
    SELECT vendor, account, to_char(month, 'YYYY-MM'), invoices::text, lines::text, coalesce(total::text, ''),
           coalesce(currency, ''), passed::text, exceptions::text, blocked::text, status
    FROM billing.account_month_summary
    WHERE month = :month
    ORDER BY vendor, account, currency
"""

EXCEPTIONS = """
    SELECT vendor, account, control_id, explanation
    FROM billing.current_control_result
    WHERE month = :month AND state = 'EXCEPTION'
    ORDER BY vendor, account, control_id, subject
"""
BLOCKED = """
    SELECT control_id, count(*)::text, min(explanation)
    FROM billing.current_control_result
    WHERE month = :month AND state = 'BLOCKED'
    GROUP BY control_id
    ORDER BY left(control_id, 1), length(control_id), control_id
"""
LONGEST = 110
MOST = 20


def findings(url: str, month: date) -> list[str]:
    """
    Say what the controls found in one month, an exception a line, and what keeps the blocked ones from judging.

    :param url: of the billing database.
    :param month: its first day.
    """
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(EXCEPTIONS), {"month": month})]
        kept = [tuple(row) for row in connection.execute(text(BLOCKED), {"month": month})]
    lines = ["Exceptions, for a person to look at:"] if found else ["No exceptions."]
    lines += [f"  {vendor}/{account}  {control}: {_short(why)}" for vendor, account, control, why in found[:MOST]]
    lines += [f"  and {len(found) - MOST} more"] if len(found) > MOST else []
    lines += ["Blocked, never counted as passed (an operand is missing):"] if kept else []
    lines += [f"  {control} ({times}): {_short(why)}" for control, times, why in kept]
    return lines


def _short(explanation: str) -> str:
    """Cut an explanation to a line; it may hold a vendor's text, so nothing in it moves the cursor."""
    plain = "".join(sign if sign.isprintable() else " " for sign in explanation)
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 1] + "…"


def month_table(url: str, month: date) -> list[str]:
    """
    Return the table's lines for one month; amounts with all digits that are stored, no more and no less.

    :param url: of the billing database.
    :param month: its first day.
    """
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(text(QUERY), {"month": month})]
    return table(HEADINGS, rows)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Set rows under headings, columns as wide as they need to be, numbers to the right."""
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
    """Count the columns a terminal takes: an accent of its own none, a CJK sign two."""
    return sum(_columns(sign) for sign in value)


def _columns(sign: str) -> int:
    if unicodedata.combining(sign) or unicodedata.category(sign) in ("Cf", "Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1
