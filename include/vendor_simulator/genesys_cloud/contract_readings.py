"""Change an organisation's contracts to what they are where the vendor reads the API's contract in another way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from vendor_simulator.genesys_cloud.accounts import HISTORY_START, Contract, Organisation, Plan, Purchase
from vendor_simulator.genesys_cloud.periods import last_day


def with_readings(owner: Organisation, read: Mapping[str, str]) -> Organisation:
    """Return the organisation as a vendor bills it that reads the API's contract like this."""
    return replace(
        owner, read=read, contracts=tuple(_read_contract(contract, owner, read) for contract in owner.contracts)
    )


def _read_contract(contract: Contract, owner: Organisation, read: Mapping[str, str]) -> Contract:
    orders = owner.contracts[0].purchase_orders if read["purchase_order"] == "shared" else contract.purchase_orders
    changed = replace(
        contract,
        read=read,
        purchase_orders=orders,
        cycle_day=contract.cycle_day if read["cycle_day"] == "contract" else int(read["cycle_day"]),
        credited=contract.credited if read["credit_form"] == "contract" else read["credit_form"],
        wording=contract.wording if read["line_words"] == "contract" else read["line_words"],
        apart=contract.apart if read["documents"] == "contract" else read["documents"] == "apart",
        plans=tuple(_read_plan(plan, contract, read) for plan in contract.plans),
    )
    return changed if changed.begins is None else replace(changed, ends=last_day(changed))


def _read_plan(plan: Plan, contract: Contract, read: Mapping[str, str]) -> Plan:
    frequency = {"monthly": 1, "quarterly": 3, "yearly": 12}.get(read["prepay_frequency"], plan.months)
    advance = contract.advance if plan.advance is None else plan.advance
    if read["prepay_timing"] != "contract":
        advance = read["prepay_timing"] == "advance"
    plan = replace(plan, months=frequency, advance=advance)
    if plan.kind != "token" or read["token_grant"] in {"contract", plan.grant}:
        return plan
    return _granted(plan, contract, read["token_grant"])


def _granted(plan: Plan, contract: Contract, grant: str) -> Plan:
    """Return a token plan with another grant; only what is bought once has a price then."""
    prices = tuple(replace(step, price=Decimal(0)) for step in plan.prices)
    if grant != "one_time":
        return replace(plan, grant=grant, prices=prices)
    first = (contract.begins or HISTORY_START.start.date()).year
    days = [contract.begins or date(first, 1, 1), *(date(year, 1, 1) for year in range(first + 1, contract.ends.year))]
    bought = tuple(Purchase(day, plan.quantity, plan.prices[0].overage) for day in days)
    return replace(plan, grant=grant, prices=prices, purchases=bought)
