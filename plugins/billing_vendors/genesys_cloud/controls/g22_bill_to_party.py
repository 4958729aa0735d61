"""G22: the bill is addressed to the account's customer."""

from __future__ import annotations

from collections.abc import Iterator

from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked, not_applicable
from billing.models import Contract, Invoice
from billing.names import name_key
from billing_vendors.genesys_cloud.settings import GenesysSettings


def bills_are_ours(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    Compare the customer that each invoice is billed to with the account's ``bill_to``, and the customer it is sold to
    with those of the account's contracts.

        billed to A-00000077, bill_to A-00000077          -> PASS
        billed to A-00000078                              -> EXCEPTION
        sold to A-00099999, contracts sold to A-00012345  -> EXCEPTION
        contracts of another organization than the account's -> BLOCKED: the connection or accounts.yaml is wrong
        the invoice does not state to whom it is billed   -> BLOCKED
        no invoice                                        -> NOT_APPLICABLE
    """
    account_month, ours = evidence.account_month, evidence.account.settings.bill_to
    if not account_month.invoices:
        yield not_applicable(str(account_month.month), "the month has no invoice")
    if others := _other_organizations(account_month.contracts, evidence.account.settings.organization_id):
        yield blocked(
            str(account_month.month),
            f"the contracts are of {', '.join(others)}, not of organization_id "
            f"{evidence.account.settings.organization_id}: check the account's connection and organization_id",
        )
    for invoice in account_month.invoices:
        if not ours:
            yield blocked(invoice.invoice_id, "the account has no bill_to setting")
        else:
            yield _finding(invoice, ours, account_month.contracts)


def _finding(invoice: Invoice, ours: str, contracts: tuple[Contract, ...]) -> Finding:
    billed, sold = _number(invoice, "billToCustomer"), _number(invoice, "soldToCustomer")
    if not billed:
        return blocked(invoice.invoice_id, "the invoice does not state to whom it is billed")
    buyers = sorted({contract.sold_to_number for contract in contracts if contract.sold_to_number})
    faults = [] if name_key(billed) == name_key(ours) else [f"it is billed to {billed}, not to us ({ours})"]
    if sold and buyers and name_key(sold) not in map(name_key, buyers):
        faults.append(f"it is sold to {sold}, the contracts to {', '.join(buyers)}")
    return Finding(
        invoice.invoice_id,
        State.EXCEPTION if faults else State.PASS,
        "; ".join(faults) or f"it is billed to us, {billed}",
        operands={"billed_to": billed, "ours": ours, "sold_to": sold, "contracts_sold_to": buyers},
    )


def _other_organizations(contracts: tuple[Contract, ...], ours: str) -> list[str]:
    """Return the organizations that the contracts' plans name, if ours is not among them; none if they name none."""
    plans = [plan for contract in contracts for plan in contract.attributes.get("plans") or []]
    named = {each["id"] for plan in plans for each in plan.get("organizations") or [] if each.get("id")}
    return [] if ours.casefold() in map(str.casefold, named) else sorted(named)


def _number(invoice: Invoice, role: str) -> str:
    return str((invoice.attributes.get(role) or {}).get("number") or "").strip()


G22 = Control(
    "G22",
    "Bills are addressed to us",
    "rights",
    "blocked",
    bills_are_ours,
    operands="bill-to and sold-to customer of the invoice, bill_to of the account, sold-to of the contracts",
)
