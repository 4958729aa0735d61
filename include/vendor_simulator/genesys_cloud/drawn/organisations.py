"""Organisations beside those of the demo, drawn widely from the seed: nothing about them follows a habit."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import lru_cache

from vendor_simulator import seeded_random
from vendor_simulator.genesys_cloud.accounts import CONTRACT_END, Contract, Customer, Organisation, Plan
from vendor_simulator.genesys_cloud.drawn.draw import Draw
from vendor_simulator.genesys_cloud.drawn.plans import plans_of
from vendor_simulator.genesys_cloud.drawn.renewals import renewal
from vendor_simulator.genesys_cloud.drawn.terms import cycle_day, other_cycle_day, with_term
from vendor_simulator.genesys_cloud.periods import ONE_DAY
from vendor_simulator.genesys_cloud.wording import WORDINGS
from vendor_simulator.months import Month

FIRST_NUMBER = 101
_RAMP_DAYS = 366
_CURRENCIES = ("USD", "USD", "EUR", "EUR", "GBP", "JPY", "KWD")
_COUNTRIES = (
    ("DE", "Germany", "Bremen", "28195"),
    ("US", "United States", "Denver", "80202"),
    ("JP", "Japan", "大阪", "530-0001"),
    ("KW", "Kuwait", "Kuwait City", "13001"),
)


def drawn_organisations(seed: int, count: int) -> tuple[Organisation, ...]:
    """Return that many organisations; the first ones are the same whatever the number."""
    return tuple(_organisation(seed, number) for number in range(1, count + 1))


@lru_cache(maxsize=4096)
def _organisation(seed: int, number: int) -> Organisation:
    draw = Draw((seed, "drawn genesys", number))
    title = f"Drawn Organisation {number}"
    further = range(1, draw.number(1, 3, "organizations"))
    branches = tuple((draw.identifier(f"branch {each}"), f"{title}, branch {each}") for each in further)
    owner = Organisation(
        FIRST_NUMBER + number - 1,
        f"drawn-genesys-{number}",
        title,
        draw.identifier("organisation"),
        draw.identifier("client"),
        seeded_random.text(43, *draw.key, "secret"),
        draw.one_of(_CURRENCIES, "currency"),
        Customer(draw.identifier("bill"), f"B-{number:06d}", f"{title} (accounts payable)"),
        Customer(draw.identifier("sold"), f"S-{number:06d}", title),
        draw.one_of(_COUNTRIES, "country"),
        branches=branches,
        drawn=True,
    )
    contracts = _contracts(owner, draw)
    first = min(each.begins for each in contracts if each.begins)
    latest = max(each.invoiced_within for each in contracts)
    return replace(owner, contracts=contracts, first_month=Month.of(first), posting_day=max(6, latest + 1))


def _contracts(owner: Organisation, draw: Draw) -> tuple[Contract, ...]:
    first_cycle = cycle_day(draw)
    contracts: list[Contract] = []
    for number in range(1, draw.one_of((1, 1, 1, 2, 2, 3, 4), "contracts") + 1):
        part = draw.of("contract", number)
        day = first_cycle if number == 1 else other_cycle_day(first_cycle, part)
        contract = _contract(owner, number, day, part)
        contract = with_term(contract, number == 1 or part.chance(60, "lasting"), part)
        plans = plans_of(contract, len(owner.branches), part)
        quiet = part.chance(50, "quiet") and not any(plan.is_prepaid for plan in plans)
        contracts.append(replace(contract, plans=plans, quiet=quiet, ramp=_ramp(contract, plans)))
    ended = [contract for contract in contracts if contract.ends < CONTRACT_END]
    renewed = [contract for contract in ended if draw.of("contract", contract.number).chance(50, "renewed")]
    for number, contract in enumerate(renewed, start=len(contracts) + 1):
        contracts.append(renewal(contract, number, draw.of("renewal", number)))
    return tuple(contracts)


def _ramp(contract: Contract, plans: tuple[Plan, ...]) -> tuple[date, date] | None:
    """Return the days until the last change of a prepaid plan within the contract's first year, if there is one."""
    begins = contract.begins or contract.ends
    changes = [price.start for plan in plans if plan.is_prepaid for price in plan.prices[1:]]
    early = [day for day in changes if (day - begins).days <= _RAMP_DAYS]
    return (begins, max(early) - ONE_DAY) if early else None


def _contract(owner: Organisation, number: int, day: int, draw: Draw) -> Contract:
    orders = tuple(f"PO-{owner.number}-{number}-{order}" for order in range(1, draw.one_of((1, 1, 2), "orders") + 1))
    return Contract(
        number,
        draw.identifier("contract"),
        f"Q-{owner.number:03d}{number:05d}",
        orders,
        owner.name,
        owner.number,
        owner.currency,
        (),
        cycle_day=day,
        advance=draw.chance(45, "advance"),
        credited=draw.one_of(("", "", "line", "memo"), "credited"),
        apart=draw.chance(35, "apart"),
        invoiced_within=draw.one_of((1, 3, 5, 5, 12), "invoiced within"),
        wording=draw.one_of(WORDINGS, "wording"),
    )
