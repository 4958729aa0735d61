"""G3: overage is the usage beyond the allowance, and tokens are the converted usage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import product as product_of

from billing.controls.aggregate import compare_quantities, summarize_passes
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, blocked, not_applicable
from billing.matching.price_book import ChargeType, PriceBook
from billing.matching.quantities import SCALES, scale_between
from billing.models import Charge, ContractBillingPeriod
from billing.money import EXACT, difference, exact_sum, product
from billing_vendors.genesys_cloud.settings import GenesysSettings

_FAR = Decimal(100)


def overage_is_beyond_the_allowance(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    Recompute the overage quantity of each charge by its kind: actual minus prepaid and fair-use quantity, never
    below zero. A missing quantity is none, or the contract's allowance if the charge states no allowance at all; a
    quantity may be divided by 1,000, 10,000 or 1,000,000. A charge that was paid from a wallet has no overage unless
    the wallet ran out and shows none; its tokens x units per token, or / tokens per unit, are the usage, to half of the
    last digit that the vendor shows of the tokens.

    Yields one finding for all charges of a billing period that agree, and one for each that does not.

        prepaid 250, actual 262, overage 12                    -> PASS
        prepaid 250, actual 240, overage 0                     -> PASS
        fair use 10000000, actual 10323992, overage 323.992    -> PASS: divided by 1000
        no allowance, the contract's item has 250, overage 12  -> PASS
        fair use 10000000, actual 10323992, overage 323995     -> EXCEPTION
        actual 40.5, 1620 tokens at 0.025, overage 0           -> PASS
        actual 40.51, 1620 tokens at 0.025, overage 0          -> PASS_WITHIN_ROUNDING (half a token is 0.0125)
        no actual quantity, or no allowance that explains it   -> BLOCKED
        the month has no billing period with a charge          -> NOT_APPLICABLE
    """
    periods = [period for period in evidence.account_month.billing_periods if period.charges]
    if not periods:
        yield not_applicable(str(evidence.account_month.month), "no billing period with a charge ends in the month")
    price_book = PriceBook(evidence.account_month.contracts, periods)
    for period in periods:
        found = (_of_charge(period, charge, price_book) for charge in period.charges)
        yield from summarize_passes(period.billing_period_id, "charges", found)


def _of_charge(period: ContractBillingPeriod, charge: Charge, price_book: PriceBook) -> Finding:
    subject, what = period.billing_period_id, f"charge {charge.position} ({charge.product_name or charge.sku})"
    missing_overage = charge.overage_quantity is None and charge.overage_charge
    if missing_overage or (charge.actual_quantity is None and charge.overage_quantity):
        return blocked(subject, f"{what} has no {'overage' if missing_overage else 'actual'} quantity")
    if charge.converted_token_count or charge.token_conversion_rate:
        return _of_tokens(subject, what, charge, _is_used_up(period))
    overage, actual = charge.overage_quantity or Decimal(0), charge.actual_quantity or Decimal(0)
    stated = [number for number in (charge.prepaid_quantity, charge.fair_use_quantity) if number is not None]
    agreed = [] if any(stated) else _agreed(period, charge, price_book)
    operands = {"actual": charge.actual_quantity, "overage": charge.overage_quantity, "sku": charge.sku}
    operands |= {"prepaid": charge.prepaid_quantity, "fair_use": charge.fair_use_quantity}
    for scale in SCALES:
        if any(_explains(actual, allowance, overage, scale) for allowance in (exact_sum(stated), *agreed)):
            found = compare_quantities(subject, f"overage of {what}", expected=overage, actual=overage)
            return replace(found, operands=operands | {"scale": scale})
    if not stated:
        return blocked(subject, f"{what} has neither a prepaid nor a fair-use quantity")
    beyond = max(Decimal(0), difference(actual, exact_sum(stated)))
    found = compare_quantities(subject, f"overage of {what}", expected=beyond, actual=overage)
    return replace(found, operands=operands)


def _agreed(period: ContractBillingPeriod, charge: Charge, price_book: PriceBook) -> list[Decimal]:
    """Return what the contract allows of a product in a billing period: the quantity of any of its items in force."""
    ours, product_name = frozenset({period.contract_id}), charge.sku or charge.product_name
    items = (
        priced.item
        for charge_type in ChargeType
        for priced in price_book.in_force(product_name, charge_type, ours, period.starts_on)
    )
    return [item.quantity for item in items if item.quantity]


def _explains(actual: Decimal, allowance: Decimal, overage: Decimal, scale: Decimal) -> bool:
    """
    Return whether an overage is what was used beyond an allowance, with one or two of them multiplied by a scale.

    No overage proves no scale, so there an allowance is only taken for divided if far more than it was used.
    """
    if scale != 1 and not overage and not (allowance and actual > product(allowance, _FAR)):
        return False
    ones = (Decimal(1), scale)
    return any(
        max(Decimal(0), difference(product(actual, one), product(allowance, two))) == product(overage, three)
        for one, two, three in product_of(ones, ones, ones)
    )


def _of_tokens(subject: str, what: str, charge: Charge, used_up: bool) -> Finding:
    tokens, actual = charge.converted_token_count or Decimal(0), charge.actual_quantity or Decimal(0)
    rate = charge.token_conversion_rate
    if not rate:
        return blocked(subject, f"{what} was converted to tokens, but it has no conversion rate")
    if charge.overage_quantity and not used_up:
        found = compare_quantities(
            subject, f"overage of {what}, paid in tokens", expected=Decimal(0), actual=charge.overage_quantity
        )
    elif scale_between(product(tokens, rate), actual) not in (None, 1):
        found = compare_quantities(subject, f"{what}, {tokens} tokens, divided", expected=actual, actual=actual)
    elif product(actual, rate) == tokens:
        found = compare_quantities(subject, f"{what}, {rate} tokens a unit", expected=tokens, actual=tokens)
    else:
        found = compare_quantities(
            subject,
            f"{what}, {tokens} tokens at {rate} units",
            expected=product(tokens, rate),
            actual=actual,
            bound=product(_half_of_last_digit(tokens), rate),
        )
    return replace(found, operands={"sku": charge.sku, "actual": actual, "tokens": tokens, "units_per_token": rate})


def _is_used_up(period: ContractBillingPeriod) -> bool:
    """Return whether a wallet of the period is empty and charges no overage: then the charges may have it."""
    return any(not wallet.ending_balance and not wallet.overage_charge for wallet in period.wallets)


def _half_of_last_digit(number: Decimal) -> Decimal:
    """Return half of the last digit shown; trailing zeros after the point are not precision."""
    exponent = EXACT.normalize(number).as_tuple().exponent
    return Decimal(5).scaleb(min(0, int(exponent)) - 1)


G3 = Control(
    "G3",
    "Overage is what was used beyond the allowance",
    "accuracy",
    "exception",
    overage_is_beyond_the_allowance,
    operands="actual, prepaid, fair-use and overage quantity of each charge; tokens and their conversion rate",
)
