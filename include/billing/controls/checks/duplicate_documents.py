"""F7: no document is a second copy of another one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from billing.controls.checks.document_keys import Signature, amount_of, numbers_of, signatures_of
from billing.controls.control import Control, Evidence, InvoiceHead
from billing.controls.finding import Finding, State, blocked, not_applicable

NEAR = timedelta(days=7)
"""How near two documents of different months must be issued to be a weak match."""


def no_document_comes_twice(evidence: Evidence) -> Iterator[Finding]:
    """
    Compare each document of the month with the others of the month and with earlier ones, in three strengths.

    The later of two is reported: in order of month, date of issue and number.

        strong: 4183280 and 04183280, or one statement number on both      -> EXCEPTION: hold it
        medium: same month, currency and amount under another number       -> EXCEPTION: hold it
        weak: another month, same amount, issued within 7 days             -> VARIANCE_TOLERATED: look at it once
        an amount of nothing is no match; a credit memo matches no invoice
        nothing alike                                                      -> PASS
        a document of the month is not among the stored ones               -> BLOCKED
        the month has no invoice                                           -> NOT_APPLICABLE
    """
    account_month = evidence.account_month
    if not account_month.invoices:
        yield not_applicable(str(account_month.month), "the month has no invoice")
    heads = sorted(evidence.history, key=_order)
    first = {head.invoice_id: place for place, head in reversed(list(enumerate(heads)))}
    marked = _by_mark(heads)
    for invoice in account_month.invoices:
        at = first.get(invoice.invoice_id)
        if at is None:
            yield blocked(invoice.invoice_id, "it is not among the stored documents that it is compared with")
        else:
            alike = set().union(*(marked[mark] for mark in signatures_of(heads[at])))
            yield _judged(heads[at], [heads[place] for place in sorted(alike) if place < at], at)


def _by_mark(heads: list[InvoiceHead]) -> dict[Signature, list[int]]:
    """Give the places of the documents that bear a mark: whatever is like another one has a mark in common with it."""
    places: dict[Signature, list[int]] = defaultdict(list)
    for place, head in enumerate(heads):
        for mark in signatures_of(head):
            places[mark].append(place)
    return places


def _judged(head: InvoiceHead, earlier: list[InvoiceHead], compared: int) -> Finding:
    """Judge a document; ``earlier`` are those that may be like it, of all that it was compared with."""
    for strength, alike, why in (
        ("strong", _same_number, "bears a number of"),
        ("medium", _same_bill, "has the month, currency and amount of"),
        ("weak", _near, "has the amount of, and was issued within days of,"),
    ):
        twins = [other.invoice_id for other in earlier if alike(head, other)]
        if twins:
            return Finding(
                head.invoice_id,
                State.VARIANCE_TOLERATED if strength == "weak" else State.EXCEPTION,
                f"{strength} match: it {why} {', '.join(twins)}",
                operands={"strength": strength, "like": twins, "amount": head.total},
                currency=head.currency,
            )
    return Finding(head.invoice_id, State.PASS, "no earlier document is like it", operands={"compared": compared})


def _same_number(head: InvoiceHead, other: InvoiceHead) -> bool:
    return not numbers_of(head).isdisjoint(numbers_of(other))


def _same_bill(head: InvoiceHead, other: InvoiceHead) -> bool:
    return head.month == other.month and _same_amount(head, other)


def _near(head: InvoiceHead, other: InvoiceHead) -> bool:
    if head.issued_at is None or other.issued_at is None:
        return False
    return _same_amount(head, other) and abs(head.issued_at - other.issued_at) <= NEAR


def _same_amount(head: InvoiceHead, other: InvoiceHead) -> bool:
    same_sign = (head.total < 0) == (other.total < 0) and head.kind == other.kind
    return same_sign and not amount_of(head).isdisjoint(amount_of(other))


def _order(head: InvoiceHead) -> tuple[object, ...]:
    return head.month, head.issued_at is None, head.issued_at.isoformat() if head.issued_at else "", head.invoice_id


F7 = Control(
    "F7",
    "No document comes twice",
    "existence",
    "hold",
    no_document_comes_twice,
    operands="invoice id, statement number, currency, amount, month and date of issue of all documents",
)
