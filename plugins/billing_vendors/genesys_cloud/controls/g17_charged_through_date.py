"""G17: a contract is charged through the period that is billed, and never less far than before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from billing.controls.aggregate import summarize_passes
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked, not_applicable
from billing.matching.price_book import Purpose, purpose_of
from billing.models import ContractBillingPeriod, ContractItem
from billing.names import name_key
from billing_vendors.genesys_cloud.settings import GenesysSettings

_ONE_DAY = timedelta(days=1)


def charging_advances(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    Compare, for each recurring item in force, the day through which it is charged with the last day of the month's
    billing period, and with what the contract said a month ago. A month that is fetched late shows a later day:
    a day beyond the period is correct, an earlier day than before is not.

        October's period, charged through 31 October (a month ago: 30 September)  -> PASS
        October's period, charged through 30 September                            -> EXCEPTION
        charged through 31 October (a month ago: 30 November)                     -> EXCEPTION: it went back
        an item for usage alone shows no day                                      -> NOT_APPLICABLE
        a prepaid item shows no day, another one does                             -> BLOCKED
        no item shows one                                                         -> NOT_APPLICABLE
        the billing period is not closed                                          -> BLOCKED
        no billing period, or no item in force                                    -> NOT_APPLICABLE
    """
    account_month = evidence.account_month
    contracts = {contract.contract_id: contract for contract in account_month.contracts}
    earlier = _earlier(evidence)
    if not account_month.billing_periods:
        yield not_applicable(str(account_month.month), "no billing period of a contract ends in the month")
    for period in account_month.billing_periods:
        contract = contracts.get(period.contract_id)
        if contract is None:
            yield blocked(period.billing_period_id, "the contract of the billing period was not read")
            continue
        items = [item for item in contract.items if _in_force(item, period)]
        if not items:
            yield not_applicable(period.billing_period_id, "the contract has no item in force")
        state_it = any(item.charged_through for each in account_month.contracts for item in each.items)
        findings = [
            _of_item(period, item, earlier.get(_name(contract.contract_id, item)), others_state_it=state_it)
            for item in items
        ]
        yield from summarize_passes(period.billing_period_id, "items", findings)


def _of_item(
    period: ContractBillingPeriod, item: ContractItem, before: date | None, *, others_state_it: bool
) -> Finding:
    subject, what = period.billing_period_id, f"item {item.item_number or item.position} ({item.name})"
    through = item.charged_through
    if through is None:
        if purpose_of(item) is not Purpose.PREPAID:
            return not_applicable(subject, f"{what} is for {purpose_of(item)}, which is not charged ahead of time")
        missing = f"{what} does not state through which day it is charged"
        return blocked(subject, missing) if others_state_it else not_applicable(subject, missing + ", and no item does")
    if name_key(period.status) == "open":
        return blocked(subject, f"{what}: its billing period is not closed, so it need not be charged yet")
    if name_key(period.status) != "closed":
        return not_applicable(subject, f"{what}: the vendor does not say whether its billing period is closed (G12)")
    due = min(period.ends_on, item.effective_end or period.ends_on) - _ONE_DAY
    operands = {"item": item.item_number, "charged_through": str(through), "due": str(due), "before": str(before)}
    if before is not None and through < before:
        text = f"{what} is charged through {through}; a month ago it was {before}"
        return Finding(subject, State.EXCEPTION, text, operands=operands)
    good = through >= due
    verdict = "the period is charged" if good else f"the period until {due} is not charged"
    return Finding(
        subject,
        State.PASS if good else State.EXCEPTION,
        f"{what} is charged through {through}: {verdict}",
        operands=operands,
    )


def _in_force(item: ContractItem, period: ContractBillingPeriod) -> bool:
    begun = item.effective_start is None or item.effective_start < period.ends_on
    return begun and (item.effective_end is None or item.effective_end > period.starts_on)


def _earlier(evidence: Evidence[GenesysSettings]) -> dict[tuple[object, ...], date]:
    contracts = evidence.previous.contracts if evidence.previous else ()
    return {
        _name(contract.contract_id, item): item.charged_through
        for contract in contracts
        for item in contract.items
        if item.charged_through is not None
    }


def _name(contract_id: str, item: ContractItem) -> tuple[object, ...]:
    """Return a key of a contract's item: its number, or its plan, position and dates."""
    if item.item_number:
        return contract_id, item.item_number
    return contract_id, item.plan_id, item.name, item.effective_start


G17 = Control(
    "G17",
    "Charging advances with the billing periods",
    "completeness",
    "warning",
    charging_advances,
    operands="date charged through of each item, now and a month ago, and the billing period's last day",
)
