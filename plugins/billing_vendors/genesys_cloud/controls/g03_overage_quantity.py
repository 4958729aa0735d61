"""G3: overage is the usage beyond the allowance, and tokens are the converted usage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from billing.controls.aggregate import compare_quantities, summarize_passes
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, blocked, not_applicable
from billing.models import Charge
from billing.money import EXACT, difference, exact_sum, product
from billing_vendors.genesys_cloud.settings import GenesysSettings


def overage_is_beyond_the_allowance(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    Recompute the overage quantity of each charge by its kind: actual minus prepaid and fair-use quantity, never
    below zero. A charge that was paid from a wallet has no overage; its tokens x units per token are the
    usage, to half of the last digit that the vendor shows of the tokens.

    Yields one finding for all charges of a billing period that agree, and one for each that does not.

        prepaid 250, actual 262, overage 12                -> PASS
        prepaid 250, actual 240, overage 0                 -> PASS
        fair use 10000000, actual 10323992, overage 323995 -> EXCEPTION
        actual 40.5, 1620 tokens at 0.025, overage 0       -> PASS
        actual 40.51, 1620 tokens at 0.025, overage 0      -> PASS_WITHIN_ROUNDING (half a token is 0.0125)
        no actual quantity, or no allowance of any kind    -> BLOCKED
        the month has no billing period with a charge      -> NOT_APPLICABLE
    """
    periods = [period for period in evidence.account_month.billing_periods if period.charges]
    if not periods:
        yield not_applicable(str(evidence.account_month.month), "no billing period with a charge ends in the month")
    for period in periods:
        found = (_of_charge(period.billing_period_id, charge) for charge in period.charges)
        yield from summarize_passes(period.billing_period_id, "charges", found)


def _of_charge(subject: str, charge: Charge) -> Finding:
    what = f"charge {charge.position} ({charge.product_name or charge.sku})"
    if charge.actual_quantity is None or charge.overage_quantity is None:
        return blocked(subject, f"{what} has no {'actual' if charge.actual_quantity is None else 'overage'} quantity")
    if charge.converted_token_count is not None:
        return _of_tokens(subject, what, charge, charge.converted_token_count, charge.actual_quantity)
    allowances = [number for number in (charge.prepaid_quantity, charge.fair_use_quantity) if number is not None]
    if not allowances:
        return blocked(subject, f"{what} has neither a prepaid nor a fair-use quantity")
    beyond = max(Decimal(0), difference(charge.actual_quantity, exact_sum(allowances)))
    found = compare_quantities(subject, f"overage of {what}", expected=beyond, actual=charge.overage_quantity)
    operands = {"actual": charge.actual_quantity, "overage": charge.overage_quantity, "sku": charge.sku}
    return replace(
        found, operands=operands | {"prepaid": charge.prepaid_quantity, "fair_use": charge.fair_use_quantity}
    )


def _of_tokens(subject: str, what: str, charge: Charge, tokens: Decimal, actual: Decimal) -> Finding:
    rate = charge.token_conversion_rate
    if rate is None:
        return blocked(subject, f"{what} was converted to tokens, but it has no conversion rate")
    if charge.overage_quantity:
        found = compare_quantities(
            subject, f"overage of {what}, paid in tokens", expected=Decimal(0), actual=charge.overage_quantity
        )
    else:
        found = compare_quantities(
            subject,
            f"{what}, {tokens} tokens at {rate} units",
            expected=product(tokens, rate),
            actual=actual,
            bound=product(_half_of_last_digit(tokens), rate),
        )
    return replace(found, operands={"sku": charge.sku, "actual": actual, "tokens": tokens, "units_per_token": rate})


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
