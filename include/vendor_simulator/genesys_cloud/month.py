"""One billing period of one contract: charges, wallet, invoices. Pure: no clock."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from vendor_simulator import exact, seeded_random
from vendor_simulator.genesys_cloud.accounts import TOKENS_PER_UNIT, Contract, Plan, Product
from vendor_simulator.months import Month

LONG_INVOICE_LINES = 5_000
INVOICE, CREDIT_MEMO, DUPLICATE = 0, 1, 2
_EPOCH = Month(2015, 1)


@dataclass(frozen=True, slots=True)
class Period:
    """
    A billing period.

    :param month: the month of its last day.
    :param start: first day.
    :param end: last day, included.
    """

    contract: Contract
    month: Month
    start: date
    end: date

    @property
    def id(self) -> str:
        """The vendor's id of the period, unique over all contracts."""
        return f"bp-{self.contract.id[:8]}-{self.month}"

    @property
    def days(self) -> int:
        """Length in days."""
        return (self.end - self.start).days + 1


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
    """One line of an invoice; ``end`` is the last day of service, ``kind`` is our own word."""

    kind: str
    product: Product
    description: str
    start: date
    end: date
    quantity: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Invoice:
    """One document: an invoice, or a credit memo with negative amounts."""

    invoice_id: str
    type: str
    invoiced_on: date
    currency: str
    purchase_order: str
    lines: tuple[Line, ...]
    amount: Decimal
    document_amount: Decimal | None = None

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
    """

    contract: Contract
    period: Period
    charges: tuple[Charge, ...]
    wallets: tuple[Wallet, ...]
    invoices: tuple[Invoice, ...]
    reported: dict[str, Decimal] = field(default_factory=dict)
    overview: dict[str, Decimal] = field(default_factory=dict)


def period_of(contract: Contract, month: Month) -> Period:
    """Return the contract's period whose last day lies in a month."""
    if contract.cycle_day == 1:
        return Period(contract, month, month.start.date(), month.last_day)
    day = contract.cycle_day
    before = month.shift(-1)
    return Period(contract, month, date(before.year, before.number, day), date(month.year, month.number, day - 1))


def clean_month(seed: int, contract: Contract, month: Month, opening: Decimal) -> GenesysMonth:
    """
    Build a closed period without any error.

    :param opening: balance of the contract's wallet before this period.
    """
    period = period_of(contract, month)
    return _with_invoices(seed, running(seed, period, opening, period.days))


def running(seed: int, period: Period, opening: Decimal, days: int) -> GenesysMonth:
    """Return charges and wallet of a period after some of its days; no invoice yet."""
    charges = tuple(_charge(seed, period, plan, days) for plan in period.contract.plans)
    wallets = tuple(_wallet(period, charge, opening) for charge in charges if charge.tokens is not None)
    return GenesysMonth(period.contract, period, charges, wallets, ())


def is_quiet(contract: Contract, month: Month) -> bool:
    """Return whether nothing is used in a period."""
    return contract.quiet and month.index % 8 == 2


def increase_in(plan: Plan, month: Month) -> int:
    """Return the tokens granted in a period: the plan's yearly quantity, each January."""
    return plan.quantity if month.number == 1 else 0


def _charge(seed: int, period: Period, plan: Plan, days: int) -> Charge:
    contract, month = period.contract, period.month
    actual = Decimal(0)
    if not is_quiet(contract, month):
        whole = seeded_random.between(plan.low, plan.high, seed, contract.id, str(month), plan.id)
        actual = Decimal(whole if days == period.days else whole * days // period.days)
    prepaid = plan.quantity if plan.kind == "prepay" else 0
    fair_use = plan.quantity if plan.kind == "fair_use" else 0
    price = plan.price_on(period.start)
    if plan.kind == "token":
        # tokens / 40, so that the quantity may have a fraction, as in the vendor's own example
        used = exact.EXACT.divide(actual, TOKENS_PER_UNIT)
        nothing = Decimal(0)
        return Charge(plan, 0, 0, used, nothing, nothing, nothing, contract.currency, tokens=actual)
    if actual and actual < fair_use and plan.product.unit == "GB":
        actual += Decimal(seeded_random.between(1, 99, seed, contract.id, str(month), "fraction")).scaleb(-2)
    overage = max(Decimal(0), actual - prepaid - fair_use)
    amount = exact.money(exact.times(price.overage, overage), contract.currency)
    return Charge(plan, prepaid, fair_use, actual, overage, price.overage, amount, contract.currency)


def _wallet(period: Period, charge: Charge, opening: Decimal) -> Wallet:
    plan, currency = charge.plan, period.contract.currency
    increase = Decimal(increase_in(plan, period.month))
    consumption = charge.tokens or Decimal(0)
    rest = opening + increase - consumption
    overage = max(Decimal(0), -rest)
    rate = plan.price_on(period.start).overage
    amount = exact.money(exact.times(rate, overage), currency)
    return Wallet(plan, opening, increase, consumption, max(Decimal(0), rest), overage, rate, amount, currency)


def _with_invoices(seed: int, month: GenesysMonth) -> GenesysMonth:
    contract, period = month.contract, month.period
    lines = [*_prepay_lines(period), *_overage_lines(month), *_wallet_lines(month)]
    if contract.credited == "line" and period.month.index % 6 == 3:
        lines.append(_credit_line(seed, period, "Goodwill credit", lines[0].product))
    if not lines:
        return month
    on = period.end + timedelta(days=seeded_random.between(1, 5, seed, contract.id, str(period.month), "dated"))
    invoices = [_invoice(contract, period, INVOICE, "Invoice", on, tuple(lines))]
    if contract.credited == "memo" and period.month.index % 5 == 2:
        text = f"Credit for {invoices[0].invoice_id}"
        credit = _credit_line(seed, period, text, lines[0].product)
        invoices.append(_invoice(contract, period, CREDIT_MEMO, "Credit Memo", on, (credit,)))
    return replace(month, invoices=tuple(invoices))


def _prepay_lines(period: Period) -> list[Line]:
    contract = period.contract
    billed = period_of(contract, period.month.shift(1)) if contract.advance else period
    lines = []
    for plan in contract.plans:
        if plan.kind == "prepay":
            price = plan.price_on(billed.start).price
            amount = exact.money(exact.times(price, plan.quantity), contract.currency)
            text = f"{plan.product.name} - Prepay"
            lines.append(Line("prepay", plan.product, text, billed.start, billed.end, plan.quantity, amount))
    return lines


def _overage_lines(month: GenesysMonth) -> list[Line]:
    lines = []
    for charge in month.charges:
        if charge.overage:
            lines += _split(month, charge) if _is_long(month) else [_overage_line(month, charge)]
    return lines


def _overage_line(month: GenesysMonth, charge: Charge) -> Line:
    product, period = charge.plan.product, month.period
    text = f"{product.name} - overage"
    return Line("overage", product, text, period.start, period.end, int(charge.overage), charge.amount)


def _is_long(month: GenesysMonth) -> bool:
    return month.contract.long and month.period.month.number == 6


def _split(month: GenesysMonth, charge: Charge) -> list[Line]:
    """Write one overage as 5,000 lines, one for each extension; the rate is whole, so that they foot exactly."""
    share, rest = divmod(int(charge.overage), LONG_INVOICE_LINES)
    whole = _overage_line(month, charge)
    return [
        replace(
            whole,
            description=f"{whole.description} (extension {number:04d})",
            quantity=share + (number <= rest),
            amount=exact.times(charge.rate, share + (number <= rest)),
        )
        for number in range(1, LONG_INVOICE_LINES + 1)
    ]


def _wallet_lines(month: GenesysMonth) -> list[Line]:
    period = month.period
    return [
        Line(
            "overage",
            wallet.plan.product,
            f"{wallet.plan.product.name} - overage",
            period.start,
            period.end,
            int(wallet.overage),
            wallet.amount,
        )
        for wallet in month.wallets
        if wallet.overage
    ]


def _credit_line(seed: int, period: Period, text: str, product: Product) -> Line:
    contract = period.contract
    cents = seeded_random.between(10_000, 90_000, seed, contract.id, str(period.month), "credit")
    amount = -exact.money(Decimal(cents).scaleb(-2), contract.currency)
    return Line("credit", product, text, period.start, period.end, 1, amount)


def _invoice(contract: Contract, period: Period, which: int, kind: str, on: date, lines: tuple[Line, ...]) -> Invoice:
    order = contract.purchase_orders[0 if period.month.year < 2025 else -1]
    amount = exact.total(line.amount for line in lines)
    return Invoice(invoice_id(period, which), kind, on, contract.currency, order, lines, amount)


def invoice_id(period: Period, which: int) -> str:
    """Number a document: eight digits that hold organisation, contract, month and which of the month's it is."""
    contract = period.contract
    offset = (period.month.index - _EPOCH.index) * 10 + which
    number = contract.organisation_number * 10_000_000 + contract.number * 10_000 + offset
    return f"{'CM' if which == CREDIT_MEMO else 'INV'}{number:08d}"


def place_of(invoice: str) -> tuple[int, int, Month]:
    """
    Read organisation number, contract number and month out of an invoice id.

    :raises ValueError: it is none.
    """
    digits = invoice.removeprefix("INV").removeprefix("CM")
    if len(digits) < 8 or not digits.isdecimal() or digits == invoice:
        raise ValueError(f"{invoice} is no invoice id")
    number = int(digits)
    return number // 10_000_000, number // 10_000 % 1_000, _EPOCH.shift(number % 10_000 // 10)
