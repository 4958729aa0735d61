"""G15: no contract is billed twice for the same thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from billing.controls.checks.duplicate_documents import no_document_comes_twice
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State
from billing.matching.price_book import PriceBook
from billing.matching.receipts import repeated_documents
from billing.matching.three_way import held_documents
from billing.models import Invoice
from billing_vendors.genesys_cloud.matching_terms import TERMS
from billing_vendors.genesys_cloud.settings import GenesysSettings


def no_contract_is_billed_twice(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    Compare documents as F7 does, in three strengths, with one difference: an account may have many contracts, and two
    of them may bill the same amount in one month. A medium match counts only under one purchase order; a document
    without one may belong to any contract. It counts only if both bill the same products for the same days, and if not
    both together bill what was received, as two contracts under one order may be billed the same. A row that the vendor
    lists twice is one document, and it is said.

        strong: INV00501234 and INV-00501234                        -> EXCEPTION: hold it
        medium: same month, type, currency, amount, purchase order  -> EXCEPTION: hold it
        the same, under two purchase orders                         -> PASS
        the same, other lines, or both bill what was received       -> PASS
        one invoice twice in the vendor's list                      -> VARIANCE_TOLERATED: stored once
        weak: another month, same amount, issued within 7 days      -> VARIANCE_TOLERATED
        nothing alike                                               -> PASS
        a document of the month is not among the stored ones        -> BLOCKED
        no document                                                 -> NOT_APPLICABLE
    """
    orders = {invoice.invoice_id: TERMS.purchase_order(invoice) for invoice in evidence.account_month.invoices}
    account_month = evidence.account_month
    price_book = PriceBook(account_month.contracts, account_month.billing_periods)
    held = held_documents(account_month, price_book, TERMS)
    things = {invoice.invoice_id: _things(invoice) for invoice in account_month.invoices}
    repeated = repeated_documents(account_month.invoices) - held
    for finding in no_document_comes_twice(evidence):
        yield (
            _of_one_contract(finding, orders, things, repeated)
            if finding.operands.get("strength") == "medium"
            else finding
        )
    listed = Counter(row for each in account_month.listings if each.operation == "invoices" for row in each.row_ids)
    for invoice in account_month.invoices:
        if listed[invoice.invoice_id] > 1:
            text = f"the vendor lists it {listed[invoice.invoice_id]} times; it is stored and counted once"
            yield Finding(invoice.invoice_id, State.VARIANCE_TOLERATED, text)


def _things(invoice: Invoice) -> frozenset[object]:
    """Return what an invoice bills, and from which day on."""
    return frozenset((line.product or line.description, line.service_start) for line in invoice.lines)


def _of_one_contract(
    finding: Finding, orders: dict[str, str], things: dict[str, frozenset[object]], explained: frozenset[str]
) -> Finding:
    ours = orders.get(finding.subject, "")
    like = [other for other in finding.operands["like"] if not ours or orders.get(other, "") in {"", ours}]
    ours_too = things.get(finding.subject)
    like = [other for other in like if things.get(other, ours_too) == ours_too and finding.subject not in explained]
    if like:
        text = f"medium match: it has the same month, type, currency, amount and purchase order as {', '.join(like)}"
        return replace(finding, explanation=text, operands={**finding.operands, "like": like, "purchase_order": ours})
    others = ", ".join(finding.operands["like"])
    return replace(
        finding,
        state=State.PASS,
        explanation=f"{others} has the same amount, but bills another contract or other lines",
        operands={"purchase_order": ours, "same_amount": finding.operands["like"]},
    )


G15 = Control(
    "G15",
    "No contract is billed twice",
    "existence",
    "hold",
    no_contract_is_billed_twice,
    operands="invoice id, type, currency, amount, purchase order, month and date of all documents",
)
