"""The plans of a drawn contract: prepaid, fair use, metered and token plans, several of one product too."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from vendor_simulator import exact
from vendor_simulator.genesys_cloud.accounts import Contract, Plan, Price, Product, Purchase
from vendor_simulator.genesys_cloud.drawn import catalogue
from vendor_simulator.genesys_cloud.drawn.draw import Draw
from vendor_simulator.genesys_cloud.drawn.terms import change_days
from vendor_simulator.genesys_cloud.periods import months_of, period_of
from vendor_simulator.months import Month

_MOST_PURCHASES = 6
_LAST_PURCHASE = Month(2027, 6)
_CONVERSIONS = (Decimal("0.025"), Decimal("0.2"), Decimal(1), Decimal("2.5"))
_WORTH = {"USD": 1, "EUR": 1, "GBP": 1, "KWD": 1, "JPY": 150}


def plans_of(contract: Contract, branches: int, draw: Draw) -> tuple[Plan, ...]:
    """Return one to six plans."""
    kinds = [draw.one_of(_KINDS, f"kind {number}") for number in range(draw.number(1, 5, "plans"))]
    plans: list[Plan] = []
    for number, kind in enumerate(kinds):
        plan = _MAKERS[kind](contract, draw.of(number))
        if all(plan.product.sku != other.product.sku for other in plans):
            plans.append(plan)
    prepaid = next((plan for plan in plans if plan.kind == "prepay"), None)
    if prepaid is not None and draw.chance(30, "second plan of a product"):
        plans.append(_second(contract, prepaid, branches, draw.of("second")))
    wallet = next((plan for plan in plans if plan.kind == "token"), None)
    if wallet is not None:
        plans += _token_uses(contract, wallet, draw.of("token uses"))
    return tuple(plans)


def _prepay(contract: Contract, draw: Draw) -> Plan:
    name, sku = draw.one_of(catalogue.SEATS, "product")
    seats = draw.magnitude(0, 4, "seats")
    prices = _prices(contract, draw, seats)
    most = max(price.quantity or seats for price in prices)
    plan = _plan(draw, catalogue.product(name, sku, "User"), "prepay", seats, prices)
    months = draw.one_of((1, 1, 1, 3, 12), "months")
    low, high = most * draw.number(60, 100, "low") // 100, most * draw.number(100, 130, "high") // 100 + 1
    return replace(plan, low=low, high=high, months=months, advance=_advance(contract, draw))


def _fair_use(contract: Contract, draw: Draw) -> Plan:
    name, sku, unit = draw.one_of(catalogue.COUNTED, "product")
    allowance = draw.magnitude(3, 8, "allowance")
    plan = _plan(draw, catalogue.product(name, sku, unit), "fair_use", allowance, _rates(contract, draw, allowance))
    return replace(plan, low=allowance * 7 // 10, high=allowance * draw.one_of((9, 11, 15), "high") // 10 + 1)


def _metered(contract: Contract, draw: Draw) -> Plan:
    name, sku, unit = draw.one_of(catalogue.COUNTED, "product")
    typical = draw.magnitude(1, 8, "typical")
    plan = _plan(draw, catalogue.product(name, sku, unit), "metered", 0, _rates(contract, draw, typical))
    return replace(plan, low=typical // 2, high=typical * 2)


def _storage(contract: Contract, draw: Draw) -> Plan:
    name, sku = draw.one_of(catalogue.STORAGE, "product")
    allowance = draw.magnitude(2, 4, "allowance")
    plan = _plan(draw, catalogue.product(name, sku, "GB"), "fair_use", allowance, _rates(contract, draw, allowance))
    return replace(plan, low=allowance // 2, high=allowance * draw.one_of((9, 12), "high") // 10 + 1)


def _token(contract: Contract, draw: Draw) -> Plan:
    name, sku = draw.one_of(catalogue.TOKENS, "product")
    grant = draw.one_of(("monthly", "monthly", "yearly", "one_time", "top_up"), "grant")
    tokens = draw.magnitude(2, 4, "tokens")
    typical = tokens if grant == "monthly" else tokens // 6 + 1
    rate = _rounded(Decimal(_WORTH[contract.currency]) * draw.number(50, 120, "rate") / 100, contract, 2)
    price = _rounded(rate * 8 / 10, contract, 2) if grant == "monthly" else Decimal(0)
    first = contract.begins or date.min
    plan = _plan(draw, catalogue.product(name, sku, "Token"), "token", tokens, (Price(first, price, rate),))
    bought = grant == "one_time" or draw.chance(30, "one-time tokens too")
    return replace(
        plan,
        low=typical // 2,
        high=typical * 3 // 2 + 1,
        grant=grant,
        purchases=_purchases(contract, tokens, _rounded(rate * 9 / 10, contract, 2), draw) if bought else (),
        advance=_advance(contract, draw),
    )


def _second(contract: Contract, first: Plan, branches: int, draw: Draw) -> Plan:
    """Return another plan of the same product: fewer seats of another organization at another price, added later."""
    seats = first.quantity // 3 + 1
    plan = _plan(draw, first.product, "prepay", seats, _prices(contract, draw, seats))
    days = change_days(contract, draw, "added")
    place = draw.number(0, branches, "place")
    most = max(price.quantity or seats for price in plan.prices)
    return replace(
        plan,
        low=most // 2,
        high=most * 6 // 5 + 1,
        begins=days[0] if days else None,
        place=place,
        months=first.months,
        advance=first.advance,
    )


def _token_uses(contract: Contract, wallet: Plan, draw: Draw) -> list[Plan]:
    """Return up to two plans whose usage is paid from a wallet, each with its own units per token."""
    first = draw.number(0, len(catalogue.TOKEN_USES) - 1, "first product")
    plans = []
    for number in range(draw.one_of((0, 1, 2), "how many")):
        product = catalogue.product(*catalogue.TOKEN_USES[(first + number) % len(catalogue.TOKEN_USES)])
        free = (Price(contract.begins or date.min, Decimal(0), Decimal(0)),)
        plan = _plan(draw.of(number), product, "token_use", 0, free)
        conversion = draw.one_of(_CONVERSIONS, f"conversion {number}")
        plans.append(replace(plan, low=wallet.low // 4, high=wallet.high // 2 + 1, conversion=conversion))
    return plans


def _plan(draw: Draw, product: Product, kind: str, quantity: int, prices: tuple[Price, ...]) -> Plan:
    title = draw.one_of(("{} plan", "{}", "Add-on: {}", "Paket {}"), "title").format(product.name)
    return Plan(draw.identifier("plan"), title, product, kind, quantity, 0, 0, prices)


def _advance(contract: Contract, draw: Draw) -> bool:
    return not contract.advance if draw.chance(20, "other timing") else contract.advance


def _prices(contract: Contract, draw: Draw, seats: int) -> tuple[Price, ...]:
    """Return the prices of a prepaid plan; on some days the price rises, or the quantity, or both."""
    worth = _WORTH[contract.currency]
    price = _rounded(Decimal(draw.number(300, 25_000, "price") * worth) / 100, contract, 0)
    prices = [Price(contract.begins or date.min, price, _rounded(price * 11 / 10, contract, 2), seats)]
    for number, day in enumerate(change_days(contract, draw, "price")):
        last, how = prices[-1], draw.one_of(("price", "quantity", "both"), f"change {number}")
        quantity = last.quantity or seats
        if how != "price":
            quantity += quantity * draw.number(10, 60, f"more {number}") // 100 + 1
        if how != "quantity":
            price = _rounded(price * draw.number(102, 112, f"dearer {number}") / 100, contract, 0)
        prices.append(Price(day, price, _rounded(price * 11 / 10, contract, 2), quantity))
    return tuple(prices)


def _rates(contract: Contract, draw: Draw, typical: int) -> tuple[Price, ...]:
    """Return overage prices that come to some hundreds or thousands for a tenth of the typical quantity."""
    rate = Decimal(draw.number(100, 9_999, "rate") * _WORTH[contract.currency]) / max(1, typical // 10)
    rates = [Price(contract.begins or date.min, Decimal(0), _significant(rate))]
    for number, day in enumerate(change_days(contract, draw, "rate")):
        rate = rate * draw.number(80, 120, f"rate {number}") / 100
        rates.append(Price(day, Decimal(0), _significant(rate)))
    return tuple(rates)


def _purchases(contract: Contract, tokens: int, price: Decimal, draw: Draw) -> tuple[Purchase, ...]:
    months = months_of(contract, _LAST_PURCHASE)
    chosen = {months[0], *(draw.one_of(months, f"bought {number}") for number in range(_MOST_PURCHASES))}
    periods = [period_of(contract, month) for month in sorted(chosen)]
    return tuple(
        Purchase(draw.one_of((period.start, period.end), f"bought on {period.month}"), tokens * 2, price)
        for period in periods
    )


def _rounded(amount: Decimal, contract: Contract, more_places: int) -> Decimal:
    return exact.rounded(amount, exact.EXPONENTS[contract.currency] + more_places)


def _significant(rate: Decimal) -> Decimal:
    """Return a rate with three digits, as a price list would have it."""
    places = max(0, 2 - rate.adjusted())
    return max(exact.rounded(rate, places), Decimal(1).scaleb(-places))


_MAKERS = {"prepay": _prepay, "fair_use": _fair_use, "metered": _metered, "storage": _storage, "token": _token}
_KINDS = ("prepay", "prepay", "fair_use", "metered", "storage", "token")
