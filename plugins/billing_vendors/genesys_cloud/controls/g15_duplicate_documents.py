"""G15: no contract is billed twice for the same thing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from billing.controls.checks.duplicate_documents import no_document_comes_twice
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State
from billing_vendors.genesys_cloud.matching_terms import TERMS
from billing_vendors.genesys_cloud.settings import GenesysSettings


def no_contract_is_billed_twice(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    Compare documents as F7 does, in three strengths, with one difference: an account may have many contracts, and two
    of them may bill the same amount in one month. A medium match counts only under one purchase order; a document
    without one may belong to any contract.

        strong: INV00501234 and INV-00501234                        -> EXCEPTION: hold it
        medium: same month, type, currency, amount, purchase order  -> EXCEPTION: hold it
        the same, under two purchase orders                         -> PASS
        weak: another month, same amount, issued within 7 days      -> VARIANCE_TOLERATED
        nothing alike                                               -> PASS
        a document of the month is not among the stored ones        -> BLOCKED
        no document                                                 -> NOT_APPLICABLE
    """
    orders = {invoice.invoice_id: TERMS.purchase_order(invoice) for invoice in evidence.account_month.invoices}
    for finding in no_document_comes_twice(evidence):
        yield _of_one_contract(finding, orders) if finding.operands.get("strength") == "medium" else finding


def _of_one_contract(finding: Finding, orders: dict[str, str]) -> Finding:
    ours = orders.get(finding.subject, "")
    like = [other for other in finding.operands["like"] if not ours or orders.get(other, "") in {"", ours}]
    if like:
        text = f"medium match: it has the same month, type, currency, amount and purchase order as {', '.join(like)}"
        return replace(finding, explanation=text, operands={**finding.operands, "like": like, "purchase_order": ours})
    others = ", ".join(finding.operands["like"])
    return replace(
        finding,
        state=State.PASS,
        explanation=f"{others} has the same amount, but bills another purchase order",
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
