"""One billing period of one contract: charges and wallets. Pure: no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from vendor_simulator import exact, seeded_random
from vendor_simulator.genesys_cloud.accounts import Contract, Plan, Price, Product
from vendor_simulator.genesys_cloud.periods import Period, first_month
from vendor_simulator.genesys_cloud.prices import stretches
from vendor_simulator.months import Month


@dataclass(frozen=True, slots=True)
class Charge:
    """What one plan used in a period; money in ``currency``."""

    plan: Plan
    prepaid: int
    fair_use: int
    actual: Decimal
    overage: Decimal
    rate: Decimal
    amount: Decimal
    currency: str
    tokens: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Wallet:
    """Prepaid tokens: start + increase - decrease - consumption = end, what is missing is overage."""

    plan: Plan
    start: Decimal
    increase: Decimal
    consumption: Decimal
    end: Decimal
    overage: Decimal
    rate: Decimal
    amount: Decimal
    currency: str
    decrease: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Line:
    """
    One line of an invoice; ``end`` is the last day of service, ``kind`` is our own word.

    :param exact: the amount before it is rounded, where that is another one.
    """

    kind: str
    product: Product | None
    description: str
    start: date
    end: date
    quantity: Decimal
    amount: Decimal
    exact: Decimal | None = None
    plan: Plan | None = None


@dataclass(frozen=True, slots=True)
class Invoice:
    """
    One document: an invoice, or a credit memo with negative amounts.

    :param document_amount: the total on the PDF, where that is another one.
    :param listed: how many of the lines the list has, from the first; all if None.
    :param printed_as: the id on the PDF, where that is another one.
    :param bill_to: the customer number it is addressed to, where that is another one.
    """

    invoice_id: str
    type: str
    invoiced_on: date
    currency: str
    purchase_order: str
    lines: tuple[Line, ...]
    amount: Decimal
    document_amount: Decimal | None = None
    listed: int | None = None
    printed_as: str = ""
    bill_to: str = ""

    @property
    def lines_total(self) -> Decimal:
        """Sum of the lines, in ``currency``."""
        return exact.total(line.amount for line in self.lines)


@dataclass(frozen=True, slots=True)
class GenesysMonth:
    """
    Everything the vendor knows about one billing period.

    :param reported: usage by product name where the usage report differs from the charges.
    :param overview: usage by product name where the trustee overview differs from the charges.
    :param omitted: the contract does not name the period.
    """

    contract: Contract
    period: Period
    charges: tuple[Charge, ...]
    wallets: tuple[Wallet, ...]
    invoices: tuple[Invoice, ...]
    reported: Mapping[str, Decimal] = field(default_factory=dict)
    overview: Mapping[str, Decimal] = field(default_factory=dict)
    omitted: bool = False


def running(seed: int, period: Period, openings: Mapping[str, Decimal], days: int) -> GenesysMonth:
    """
    Return charges and wallets of a period after some of its days; no invoice yet.

    :param openings: balances of the contract's wallets before this period, by the ids of their plans.
    """
    active = [plan for plan in period.contract.plans if stretches(plan, period)]
    charges = [_charge(seed, period, plan, days) for plan in active]
    used = _tokens_used(charges)
    wallets = tuple(_wallet(period, plan, openings[plan.id], used[plan.id]) for plan in active if plan.kind == "token")
    month = GenesysMonth(period.contract, period, tuple(charges), wallets, ())
    return _charged(month) if period.contract.read["wallet_overage"] == "charge" else month


def is_quiet(contract: Contract, month: Month) -> bool:
    """Return whether nothing is used in a period."""
    return contract.quiet and month.index % 8 == 2


def increase_in(plan: Plan, period: Period) -> int:
    """Return the tokens that a wallet gets in a period."""
    bought = sum(each.quantity for each in plan.purchases if period.start <= each.on <= period.end)
    first = period.contract.begins is not None and period.month == first_month(period.contract)
    match plan.grant:
        case "yearly":
            return bought + (plan.quantity if period.month.number == 1 or first else 0)
        case "monthly":
            return bought + plan.quantity_at(_price(plan, period))
        case "top_up":
            return bought + (plan.quantity // 4 if period.month.index % 3 == 0 else 0)
        case _:
            return bought


def _price(plan: Plan, period: Period) -> Price:
    """Return the price whose quantity and rate a period's charge shows."""
    parts = stretches(plan, period)
    return parts[-1 if period.contract.read["amended_quantity"] == "last" else 0].price


def _charge(seed: int, period: Period, plan: Plan, days: int) -> Charge:
    contract, month = period.contract, period.month
    actual = Decimal(0)
    if not is_quiet(contract, month):
        whole = seeded_random.between(plan.low, plan.high, seed, contract.id, str(month), plan.id)
        actual = Decimal(whole if days == period.days else whole * days // period.days)
    price = _price(plan, period)
    prepaid = plan.quantity_at(price) if plan.kind == "prepay" else 0
    fair_use = plan.quantity_at(price) if plan.kind == "fair_use" else 0
    if plan.kind in {"token", "token_use"}:
        used = exact.times(plan.conversion, actual)  # may have a fraction, as in the vendor's own example
        nothing = Decimal(0)
        return Charge(plan, 0, 0, used, nothing, nothing, nothing, contract.currency, tokens=actual)
    if actual and plan.product.unit == "GB" and (actual < fair_use or contract.begins is not None):
        actual += Decimal(seeded_random.between(1, 99, seed, contract.id, str(month), "fraction")).scaleb(-2)
    overage = max(Decimal(0), actual - prepaid - fair_use)
    amount = exact.money(exact.times(price.overage, overage), contract.currency)
    return Charge(plan, prepaid, fair_use, actual, overage, price.overage, amount, contract.currency)


def _tokens_used(charges: list[Charge]) -> dict[str, Decimal]:
    """Return what is taken from each wallet, by its plan; the first one pays for the usage of other plans too."""
    used = {each.plan.id: each.tokens or Decimal(0) for each in charges if each.plan.kind == "token"}
    others = exact.total(each.tokens or Decimal(0) for each in charges if each.plan.kind == "token_use")
    return {
        name: exact.total((tokens, others if place == 0 else Decimal(0)))
        for place, (name, tokens) in enumerate(used.items())
    }


def _wallet(period: Period, plan: Plan, opening: Decimal, consumption: Decimal) -> Wallet:
    currency = period.contract.currency
    increase = Decimal(increase_in(plan, period))
    rest = opening + increase - consumption
    overage = max(Decimal(0), -rest)
    rate = _price(plan, period).overage
    amount = exact.money(exact.times(rate, overage), currency)
    return Wallet(plan, opening, increase, consumption, max(Decimal(0), rest), overage, rate, amount, currency)


def _charged(month: GenesysMonth) -> GenesysMonth:
    """Charge what the wallets lack with the usage that was to be paid from them, in its units, not with the wallets."""
    charges = list(month.charges)
    for position, wallet in enumerate(month.wallets):
        lacking = wallet.overage
        for place, charge in enumerate(charges):
            pays = charge.plan is wallet.plan or (position == 0 and charge.plan.kind == "token_use")
            if pays and lacking:
                part = min(lacking, charge.tokens or Decimal(0))
                charges[place] = _with_overage(charge, part, wallet.rate)
                lacking -= part
    wallets = [replace(wallet, rate=Decimal(0), amount=Decimal(0)) for wallet in month.wallets]
    return replace(month, charges=tuple(charges), wallets=tuple(wallets))


def _with_overage(charge: Charge, tokens: Decimal, rate: Decimal) -> Charge:
    """Return a charge for tokens that were not there, with the rate of as many as a unit needs."""
    units, amount = exact.times(charge.plan.conversion, tokens), exact.money(exact.times(rate, tokens), charge.currency)
    return replace(charge, overage=units, rate=exact.EXACT.divide(rate, charge.plan.conversion), amount=amount)
