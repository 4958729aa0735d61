"""G4: an overage charge is its quantity times its rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from billing.controls.aggregate import summarize_passes
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, blocked, compare_amounts, not_applicable
from billing.models import Charge, Wallet
from billing.money import product
from billing_vendors.genesys_cloud.settings import GenesysSettings


def overage_charges_are_quantity_times_rate(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    Recompute the overage charge of each charge and of each wallet; the vendor rounds it once.

    Yields one finding for all of a billing period that agree, and one for each that does not.

        12 x 148.50, charge 1782.00, EUR         -> PASS
        323992 x 0.0004, charge 129.60, EUR      -> PASS_WITHIN_ROUNDING (129.5968)
        12 x 297.00, charge 1782.00, EUR         -> EXCEPTION
        overage 0, charge 0, no rate             -> PASS: zero times any rate is zero
        overage 12 and no rate, or no charge     -> BLOCKED
        the month has no charge and no wallet    -> NOT_APPLICABLE
    """
    periods = [period for period in evidence.account_month.billing_periods if period.charges or period.wallets]
    if not periods:
        yield not_applicable(str(evidence.account_month.month), "no billing period with a charge ends in the month")
    for period in periods:
        subject = period.billing_period_id
        rows: tuple[Charge | Wallet, ...] = (*period.charges, *period.wallets)
        yield from summarize_passes(subject, "overages", (_of(subject, row) for row in rows))


def _of(subject: str, row: Charge | Wallet) -> Finding:
    record_type = "wallet" if isinstance(row, Wallet) else "charge"
    what = f"{record_type} {row.position} ({row.name or row.sku})"
    if row.overage_quantity is None or row.overage_charge is None:
        return blocked(subject, f"{what} has no overage {'quantity' if row.overage_quantity is None else 'charge'}")
    if row.overage_rate is None and row.overage_quantity:
        return blocked(subject, f"{what} has an overage of {row.overage_quantity} and no rate")
    found = compare_amounts(
        subject,
        f"overage of {what}, {row.overage_quantity} x {row.overage_rate}",
        expected=product(row.overage_rate or Decimal(0), row.overage_quantity),
        actual=row.overage_charge,
        currency=row.currency,
        roundings=1,
    )
    operands = {"sku": row.sku, "quantity": row.overage_quantity, "rate": row.overage_rate}
    return replace(found, operands=operands | {"charge": row.overage_charge})


G4 = Control(
    "G4",
    "Overage charges are quantity x rate",
    "accuracy",
    "exception",
    overage_charges_are_quantity_times_rate,
    operands="overage quantity, rate and charge of each charge and wallet",
)
