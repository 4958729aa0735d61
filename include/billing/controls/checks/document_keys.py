"""Keys by which two documents may be the same: their numbers and amounts. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from billing.controls.evidence import InvoiceSummary
from billing.month import Month

_NOT_A_MARK = re.compile(r"[^0-9a-z]+")

DocumentKey = tuple[str, ...]


def same_number(number: str) -> str:
    """
    Return the forms of a document number that different people might type.

        INV-000123, inv 000123, 000123 -> inv000123, inv000123, 123
    """
    return _NOT_A_MARK.sub("", number.casefold()).lstrip("0")


def numbers_of(summary: InvoiceSummary) -> set[DocumentKey]:
    """Return the numbers of a document."""
    numbers = {same_number(number) for number in (summary.invoice_id, summary.statement_number) if number}
    return {("number", number) for number in numbers if number}


def amount_of(summary: InvoiceSummary) -> set[DocumentKey]:
    """Return a document's amount, whether charged or credited; None for a total of zero."""
    return {("amount", summary.currency or "", format(abs(summary.total).normalize(), "f"))} if summary.total else set()


def document_keys(summary: InvoiceSummary) -> set[DocumentKey]:
    """Return all keys of a document."""
    return numbers_of(summary) | amount_of(summary)


def related(summaries: Sequence[InvoiceSummary], month: Month) -> tuple[InvoiceSummary, ...]:
    """
    Return the part of an account's history that a month's controls see: its own documents, those of the month before,
    and any earlier one that has a key in common with one of its own. Order is kept.
    """
    keys: set[DocumentKey] = set()
    for summary in summaries:
        if summary.month == month:
            keys |= document_keys(summary)
    recent = (month, month.shifted(-1))
    return tuple(
        summary
        for summary in summaries
        if summary.month in recent or (summary.month < month and not keys.isdisjoint(document_keys(summary)))
    )
