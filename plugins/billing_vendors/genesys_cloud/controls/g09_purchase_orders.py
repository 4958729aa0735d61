"""G9: an invoice names a purchase order of a contract."""

from __future__ import annotations

from collections.abc import Iterator

from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked, not_applicable
from billing.names import name_key
from billing_vendors.genesys_cloud.matching_terms import TERMS
from billing_vendors.genesys_cloud.settings import GenesysSettings


def invoices_name_our_purchase_orders(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    Compare each invoice's purchase order with those of the account's contracts; spaces around it do not count.

    How much of an order is left is unknown: the vendor's API does not return the amount of an order.

        PO-2025-0042, on the contract             -> PASS
        XPO-2025-0042, on no contract             -> EXCEPTION
        an order, and no contract names any       -> NOT_APPLICABLE
        no order, and the contracts name some     -> BLOCKED
        no order, and no contract names any       -> NOT_APPLICABLE
        no contract was read                      -> BLOCKED
    """
    account_month = evidence.account_month
    if not account_month.invoices:
        yield not_applicable(str(account_month.month), "the month has no invoice")
        return
    agreed = sorted({order.strip() for each in account_month.contracts for order in each.purchase_order_numbers})
    for invoice in account_month.invoices:
        order = TERMS.purchase_order(invoice)
        yield _finding(invoice.invoice_id, order, agreed, contracts=len(account_month.contracts))
    yield not_applicable(
        str(account_month.month), "headroom: the vendor's API does not return the amount of a purchase order"
    )


def _finding(subject: str, order: str, agreed: list[str], contracts: int) -> Finding:
    operands = {"purchase_order": order, "agreed": agreed}
    if not contracts:
        return blocked(subject, "no contract was read")
    if order and name_key(order) in map(name_key, agreed):
        return Finding(subject, State.PASS, f"purchase order {order} is on a contract", operands=operands)
    if order and not agreed:
        return not_applicable(subject, f"the contracts name no purchase order to compare {order} with")
    if order:
        text = f"purchase order {order} is on no contract ({', '.join(agreed[:5])})"
        return Finding(subject, State.EXCEPTION, text, operands=operands)
    if agreed:
        return blocked(subject, "the invoice names no purchase order, the contracts do")
    return not_applicable(subject, "neither the invoice nor a contract names a purchase order")


G9 = Control(
    "G9",
    "Invoices name our purchase orders",
    "rights",
    "exception",
    invoices_name_our_purchase_orders,
    operands="purchase order of the invoice, purchase orders of the contracts",
)
