"""Check that no document is a second copy of another one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from billing.controls.checks.document_keys import DocumentKey, amount_of, document_keys, numbers_of
from billing.controls.evidence import Evidence, InvoiceSummary
from billing.controls.finding import Finding, State, blocked, not_applicable

NEAR = timedelta(days=7)
"""How near two documents of different months must be issued to be a weak match."""


def no_document_comes_twice(evidence: Evidence[object]) -> Iterator[Finding]:
    """
    Compare each document of the month with the others of the month and with earlier ones, in three strengths.

    The later of two is reported: in order of month, date of issue and number.

        strong: 4183280 and 04183280, or one statement number on both      -> EXCEPTION: hold it
        medium: same month, currency and amount under another number       -> EXCEPTION: hold it
        weak: another month, same amount, issued within 7 days             -> VARIANCE_TOLERATED: review it once
        an amount of nothing is no match; a credit memo matches no invoice
        nothing alike                                                      -> PASS
        a document of the month is not among the stored ones               -> BLOCKED
        the month has no invoice                                           -> NOT_APPLICABLE
    """
    account_month = evidence.account_month
    if not account_month.invoices:
        yield not_applicable(str(account_month.month), "the month has no invoice")
    summaries = sorted(evidence.history, key=_order)
    first = {summary.invoice_id: place for place, summary in reversed(list(enumerate(summaries)))}
    marked = _by_mark(summaries)
    for invoice in account_month.invoices:
        at = first.get(invoice.invoice_id)
        if at is None:
            yield blocked(invoice.invoice_id, "it is missing from the stored documents to compare with")
        else:
            alike = set().union(*(marked[mark] for mark in document_keys(summaries[at])))
            yield _finding(summaries[at], [summaries[place] for place in sorted(alike) if place < at], at)


def _by_mark(summaries: list[InvoiceSummary]) -> dict[DocumentKey, list[int]]:
    """
    Return the positions of the documents by key: two similar documents have a key in common.
    """
    places: dict[DocumentKey, list[int]] = defaultdict(list)
    for place, summary in enumerate(summaries):
        for mark in document_keys(summary):
            places[mark].append(place)
    return places


def _finding(summary: InvoiceSummary, earlier: list[InvoiceSummary], compared: int) -> Finding:
    """Check a document; ``earlier`` are the documents that may resemble it, of all that it was compared with."""
    for strength, alike, why in (
        ("strong", _same_number, "has the same number as"),
        ("medium", _same_bill, "has the same month, currency and amount as"),
        ("weak", _near, "has the same amount as, and was issued within days of,"),
    ):
        twins = [other.invoice_id for other in earlier if alike(summary, other)]
        if twins:
            return Finding(
                summary.invoice_id,
                State.VARIANCE_TOLERATED if strength == "weak" else State.EXCEPTION,
                f"{strength} match: it {why} {', '.join(twins)}",
                operands={"strength": strength, "like": twins, "amount": summary.total},
                currency=summary.currency,
            )
    return Finding(summary.invoice_id, State.PASS, "no earlier document resembles it", operands={"compared": compared})


def _same_number(summary: InvoiceSummary, other: InvoiceSummary) -> bool:
    return not numbers_of(summary).isdisjoint(numbers_of(other))


def _same_bill(summary: InvoiceSummary, other: InvoiceSummary) -> bool:
    return summary.month == other.month and _same_amount(summary, other)


def _near(summary: InvoiceSummary, other: InvoiceSummary) -> bool:
    if summary.issued_at is None or other.issued_at is None:
        return False
    return _same_amount(summary, other) and abs(summary.issued_at - other.issued_at) <= NEAR


def _same_amount(summary: InvoiceSummary, other: InvoiceSummary) -> bool:
    same_sign = (summary.total < 0) == (other.total < 0) and summary.kind == other.kind
    return same_sign and not amount_of(summary).isdisjoint(amount_of(other))


def _order(summary: InvoiceSummary) -> tuple[object, ...]:
    return (
        summary.month,
        summary.issued_at is None,
        summary.issued_at.isoformat() if summary.issued_at else "",
        summary.invoice_id,
    )
