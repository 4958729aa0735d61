"""F7: no document is a second copy of another one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from billing.controls.checks.duplicate_documents import no_document_comes_twice
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State
from billing_vendors.fastly.settings import FastlySettings


def documents_are_unlike(evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
    """
    Compare each document of the month with the others of the month and with earlier ones, in three strengths.

    The later of two is reported: in order of month, date of issue and number. A row that the list has twice is one
    document, stored once; F10 says whether the list is complete.

        strong: 4183280 and 04183280, or one statement number on both      -> EXCEPTION: hold it
        medium: same month, currency and amount under another number       -> EXCEPTION: hold it
        weak: another month, same amount, issued within 7 days             -> VARIANCE_TOLERATED: review it once
        the list has 4183280 twice                                         -> EXCEPTION of severity warning
        an amount of nothing is no match; a credit memo matches no invoice
        nothing alike                                                      -> PASS
        a document of the month is not among the stored ones               -> BLOCKED
        the month has no invoice                                           -> NOT_APPLICABLE
    """
    yield from no_document_comes_twice(evidence)
    ours = {invoice.invoice_id for invoice in evidence.account_month.invoices}
    for listing in evidence.account_month.listings:
        for row_id, times in Counter(listing.row_ids).items():
            if times > 1 and row_id in ours:
                yield Finding(
                    row_id,
                    State.EXCEPTION,
                    f"the list has this invoice {times} times; it is stored once: pay it once",
                    operands={"operation": listing.operation, "rows": times},
                    severity="warning",
                )


F7 = Control(
    "F7",
    "No document appears twice",
    "existence",
    "hold",
    documents_are_unlike,
    operands="id, statement number, currency, amount, month and date of issue of all documents; rows of the list",
)
