"""G23: prepaid quantities are those of the contract."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from billing.controls.aggregate import compare_quantities, summarize_passes
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked, not_applicable
from billing.matching.price_book import ChargeType, PriceBook, PricedItem
from billing.models import Contract, ContractBillingPeriod
from billing.money import exact_sum
from billing_vendors.genesys_cloud.settings import GenesysSettings


def prepaid_quantities_are_agreed(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    Compare, for each product of a billing period, the prepaid quantity of its charges with that of the contract's
    items in force when the period begins.

        contract 250, charge 250                           -> PASS
        contract 250 and an amendment of 20, charge 270    -> PASS
        contract 250, charges of 200 and 50                -> PASS
        contract 250, charge 240                           -> EXCEPTION
        charge 240, no item in force                       -> EXCEPTION
        contract 250, no charge                            -> EXCEPTION
        an item or a charge has no quantity                -> BLOCKED
        the contract was not read                          -> BLOCKED
        no billing period, or nothing prepaid on any side  -> NOT_APPLICABLE
    """
    account_month = evidence.account_month
    if not account_month.billing_periods:
        yield not_applicable(str(account_month.month), "no billing period of a contract ends in the month")
    price_book = PriceBook(account_month.contracts)
    contracts = {contract.contract_id: contract for contract in account_month.contracts}
    for period in account_month.billing_periods:
        contract = contracts.get(period.contract_id)
        if contract is None:
            yield blocked(period.billing_period_id, "the contract of the billing period was not read")
        else:
            yield from _of_period(period, contract, price_book)


def _of_period(period: ContractBillingPeriod, contract: Contract, price_book: PriceBook) -> Iterator[Finding]:
    subject = period.billing_period_id
    charged: dict[str, list[Decimal | None]] = defaultdict(list)
    for charge in period.charges:
        charged[charge.sku or charge.product_name or ""].append(charge.prepaid_quantity)
    ours = frozenset({contract.contract_id})
    skus = dict.fromkeys([*charged, *(item.sku or item.product_name or "" for item in contract.items)])
    findings = []
    for sku in skus:
        agreed = price_book.in_force(sku, ChargeType.PREPAID, ours, period.starts_on)
        if any(each.item.quantity != 0 for each in agreed) or any(charged.get(sku, ())):
            findings.append(_of_product(subject, sku, agreed, charged.get(sku)))
    if not findings:
        yield not_applicable(subject, "nothing is prepaid, neither by the contract nor by the charges")
    yield from summarize_passes(subject, "prepaid products", findings, listed=True)


def _of_product(subject: str, sku: str, agreed: list[PricedItem], charged: list[Decimal | None] | None) -> Finding:
    quantities = [each.item.quantity for each in agreed if each.item.quantity is not None]
    if len(quantities) < len(agreed):
        return blocked(subject, f"{sku}: a contract item in force has no quantity")
    expected = exact_sum(quantities)
    if charged is None:
        text = f"{sku}: the contract prepays {expected}, but the billing period has no charge of it"
        return Finding(subject, State.EXCEPTION, text, expected=expected, operands={"sku": sku})
    known = [number for number in charged if number is not None]
    if len(known) < len(charged):
        return blocked(subject, f"{sku}: a charge has no prepaid quantity")
    what = f"prepaid quantity of {sku} against the contract's"
    found = compare_quantities(subject, what, expected=expected, actual=exact_sum(known))
    return replace(found, operands={"sku": sku, "contract": quantities, "charges": known})


G23 = Control(
    "G23",
    "Prepaid quantities are those of the contract",
    "accuracy",
    "exception",
    prepaid_quantities_are_agreed,
    operands="prepaid quantity of each charge, quantity of the contract's items in force",
)
