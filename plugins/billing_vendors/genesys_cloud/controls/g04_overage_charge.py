"""G4: an overage charge is its quantity times its rate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from billing.controls.aggregate import summarize_passes
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked, bound_of, compare_amounts, not_applicable
from billing.matching.price_book import ChargeType, PriceBook
from billing.matching.quantities import SCALES
from billing.models import Charge, ContractBillingPeriod, Wallet
from billing.money import EXACT, difference, product
from billing.names import name_key
from billing_vendors.genesys_cloud.settings import GenesysSettings


def overage_charges_are_quantity_times_rate(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    Recompute the overage charge of each charge and of each wallet; the vendor rounds it once. A rate may be for 1,000,
    10,000 or 1,000,000 units, or a quantity divided by so many; all rows of a contract's product alike.

    Yields one finding for all of a billing period that agree, and one for each that does not.

        12 x 148.50, charge 1782.00, EUR         -> PASS
        323992 x 0.0004, charge 129.60, EUR      -> PASS_WITHIN_ROUNDING (129.5968)
        323992 x 0.4, charge 129.60, EUR         -> PASS_WITHIN_ROUNDING: the rate is for 1000
        12 x 297.00, charge 1782.00, EUR         -> EXCEPTION
        overage 0, charge 0, no rate             -> PASS: zero times any rate is zero
        no rate, the contract's price gives it   -> PASS
        overage 12 and no rate, or no charge     -> BLOCKED
        the month has no charge and no wallet    -> NOT_APPLICABLE
    """
    periods = [period for period in evidence.account_month.billing_periods if period.charges or period.wallets]
    if not periods:
        yield not_applicable(str(evidence.account_month.month), "no billing period with a charge ends in the month")
    price_book = PriceBook(evidence.account_month.contracts, periods)
    for period in periods:
        subject = period.billing_period_id
        rows: tuple[Charge | Wallet, ...] = (*period.charges, *period.wallets)
        yield from summarize_passes(
            subject, "overages", (_of(subject, _with_rate(row, period, price_book)) for row in rows)
        )
    yield from _inconsistent_scales(periods)


def _of(subject: str, row: Charge | Wallet) -> Finding:
    record_type = "wallet" if isinstance(row, Wallet) else "charge"
    what = f"{record_type} {row.position} ({row.name or row.sku})"
    quantity, charged = row.overage_quantity or Decimal(0), row.overage_charge or Decimal(0)
    if bool(quantity) != bool(charged) and None in (row.overage_quantity, row.overage_charge):
        return blocked(subject, f"{what} has no overage {'quantity' if row.overage_quantity is None else 'charge'}")
    if row.overage_rate is None and quantity:
        return blocked(subject, f"{what} has an overage of {quantity} and no rate")
    scale = _scale(row, row.currency) or Decimal(1)
    found = compare_amounts(
        subject,
        f"overage of {what}, {quantity} x {row.overage_rate}" + (f" / {scale}" if scale != 1 else ""),
        expected=EXACT.divide(product(row.overage_rate or Decimal(0), quantity), scale),
        actual=charged,
        currency=row.currency,
        roundings=1,
    )
    operands = {"sku": row.sku, "quantity": row.overage_quantity, "rate": row.overage_rate, "scale": scale}
    return replace(found, operands=operands | {"charge": row.overage_charge})


def _with_rate(row: Charge | Wallet, period: ContractBillingPeriod, price_book: PriceBook) -> Charge | Wallet:
    """Return a row; one without a rate with the contract's overage price that gives its charge, if one does."""
    if row.overage_rate is not None or not row.overage_quantity or not row.overage_charge:
        return row
    ours, name = frozenset({period.contract_id}), row.sku or row.name
    prices = price_book.in_force(name, ChargeType.OVERAGE, ours, period.starts_on)
    rated = (replace(row, overage_rate=each.price) for each in prices)
    return next((each for each in rated if _scale(each, row.currency)), row)


def _scale(row: Charge | Wallet, currency: str | None) -> Decimal | None:
    """Return by what quantity x rate is divided to give the charge, to its rounding; None if nothing explains it."""
    bound = bound_of(currency, 1) or Decimal(0)
    whole = product(row.overage_rate or Decimal(0), row.overage_quantity or Decimal(0))
    charged = row.overage_charge or Decimal(0)
    if abs(difference(whole, charged)) <= bound:
        return Decimal(1)
    if abs(charged) <= bound * 2:  # rounding alone would explain so little, whatever it is divided by
        return None
    divisors = [*SCALES[1:], *(EXACT.divide(Decimal(1), scale) for scale in SCALES[1:])]
    close = (scale for scale in divisors if abs(difference(EXACT.divide(whole, scale), charged)) <= bound)
    return next(close, None)


def _inconsistent_scales(periods: list[ContractBillingPeriod]) -> Iterator[Finding]:
    """Yield the products of which one charge is divided and another is not, or otherwise."""
    scales: dict[tuple[str, str], dict[Decimal, str]] = defaultdict(dict)
    for period in periods:
        rows: tuple[Charge | Wallet, ...] = (*period.charges, *period.wallets)
        for row in rows:
            known = row.overage_rate and row.overage_quantity and row.overage_charge and row.currency
            if known and (scale := _scale(row, row.currency)):
                scales[period.contract_id, name_key(row.sku or row.name)].setdefault(scale, period.billing_period_id)
    for (_, product_key), by_scale in scales.items():
        if len(by_scale) > 1:
            text = f"{product_key}: overage is divided by {' and by '.join(map(str, by_scale))} in one month"
            yield Finding(list(by_scale.values())[-1], State.EXCEPTION, text)


G4 = Control(
    "G4",
    "Overage charges are quantity x rate",
    "accuracy",
    "exception",
    overage_charges_are_quantity_times_rate,
    operands="overage quantity, rate and charge of each charge and wallet",
)
