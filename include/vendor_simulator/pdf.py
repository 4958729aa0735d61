"""Small PDF invoices, the same bytes for the same content."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

try:
    from fpdf import FPDF
except ModuleNotFoundError:
    raise ImportError("The simulator needs a package more: pip install 'tieout[simulator]'") from None

LINES_SHOWN = 40


Row = str | tuple[str, str]
"""A line of text, or two texts at the two sides of the page."""


@lru_cache(maxsize=256)
def invoice_pdf(seller: str, number: str, facts: Sequence[str], total: str) -> bytes:
    """
    Print an invoice: its number, some facts one below the other, and the total as ``Total: …``.

    The built-in fonts know Latin-1 alone; other letters are printed as question marks.
    """
    return rows_pdf(seller, number, (f"Invoice number: {number}",), facts, (f"Total: {total}",))


def rows_pdf(seller: str, number: str, head: Sequence[Row], facts: Sequence[str], foot: Sequence[Row]) -> bytes:
    """Print an invoice with its own words for number and total."""
    pdf = FPDF(format="A4")
    pdf.set_creation_date(datetime(2023, 1, 1, tzinfo=UTC))
    pdf.set_title(f"{seller} invoice {number}")
    pdf.add_page()
    pdf.set_font("Helvetica", size=16)
    _print(pdf, seller, 10)
    pdf.set_font("Helvetica", size=11)
    for row in head:
        _print(pdf, row, 7)
    for fact in facts[:LINES_SHOWN]:
        _print(pdf, fact, 6)
    if len(facts) > LINES_SHOWN:
        _print(pdf, f"and {len(facts) - LINES_SHOWN} more lines", 6)
    for row in foot:
        _print(pdf, row, 9)
    return bytes(pdf.output())


def _print(pdf: FPDF, row: Row, height: int) -> None:
    left, right = (row, "") if isinstance(row, str) else row
    pdf.cell(0, height, _latin(left), new_x="LMARGIN", new_y="TOP" if right else "NEXT")
    if right:
        pdf.cell(0, height, _latin(right), align="R", new_x="LMARGIN", new_y="NEXT")


def _latin(text: str) -> str:
    return text.encode("latin-1", "replace").decode("latin-1")
