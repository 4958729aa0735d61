"""A contract that follows another one: the same products under the same purchase orders, at new prices."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from vendor_simulator import exact
from vendor_simulator.genesys_cloud.accounts import CONTRACT_END, Contract, Plan, Purchase
from vendor_simulator.genesys_cloud.drawn.draw import Draw
from vendor_simulator.genesys_cloud.periods import ONE_DAY, last_day


def renewal(contract: Contract, number: int, draw: Draw) -> Contract:
    """Return the contract that begins on the day after another one ends, and lasts."""
    begins = contract.ends + ONE_DAY
    plans = tuple(_renewed(contract, plan, begins, draw.of(place)) for place, plan in enumerate(contract.plans))
    follower = replace(
        contract,
        number=number,
        id=draw.identifier("contract"),
        external_number=f"Q-{contract.organisation_number:03d}{number:05d}",
        plans=plans,
        begins=begins,
        ends=CONTRACT_END,
        ramp=None,
    )
    return replace(follower, ends=last_day(follower))


def _renewed(contract: Contract, plan: Plan, begins: date, draw: Draw) -> Plan:
    """Return a plan with its last price, raised by some percent, from the new contract's first day."""
    last = plan.price_on(contract.ends)
    dearer = Decimal(draw.number(100, 108, "dearer")) / 100
    places = exact.EXPONENTS[contract.currency]
    price = replace(last, start=begins, price=exact.rounded(exact.times(last.price, dearer), places))
    bought = (Purchase(begins, each.quantity, each.price) for each in plan.purchases[:1])
    return replace(plan, id=draw.identifier("plan"), prices=(price,), purchases=tuple(bought), begins=None)
