"""By which marks two documents may be one: the numbers they bear, and what they amount to. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from billing.controls.control import InvoiceHead
from billing.month import Month

_NOT_A_MARK = re.compile(r"[^0-9a-z]+")

Signature = tuple[str, ...]


def same_number(number: str) -> str:
    """
    Write a document number as two people would who type it differently.

        INV-000123, inv 000123, 000123 -> inv000123, inv000123, 123
    """
    return _NOT_A_MARK.sub("", number.casefold()).lstrip("0")


def numbers_of(head: InvoiceHead) -> set[Signature]:
    """Give the numbers a document bears."""
    numbers = {same_number(number) for number in (head.invoice_id, head.statement_number) if number}
    return {("number", number) for number in numbers if number}


def amount_of(head: InvoiceHead) -> set[Signature]:
    """Give what a document amounts to, whether charged or credited; a total of nothing says nothing."""
    return {("amount", head.currency or "", format(abs(head.total).normalize(), "f"))} if head.total else set()


def signatures_of(head: InvoiceHead) -> set[Signature]:
    """Give all marks of a document."""
    return numbers_of(head) | amount_of(head)


def related(heads: Sequence[InvoiceHead], month: Month) -> tuple[InvoiceHead, ...]:
    """
    Choose what a month's controls see of an account's history: its own documents, those of the month before, and any
    earlier one that has a mark in common with one of its own. Order is kept.
    """
    marks: set[Signature] = set()
    for head in heads:
        if head.month == month:
            marks |= signatures_of(head)
    recent = (month, month.shifted(-1))
    return tuple(
        head
        for head in heads
        if head.month in recent or (head.month < month and not marks.isdisjoint(signatures_of(head)))
    )
