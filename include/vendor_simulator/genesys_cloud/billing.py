"""The invoices of one billing period: which lines, on which documents, and how they add up. Pure: no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from vendor_simulator import exact, seeded_random
from vendor_simulator.genesys_cloud.accounts import Contract
from vendor_simulator.genesys_cloud.month import Charge, GenesysMonth, Invoice, Line, Wallet, running
from vendor_simulator.genesys_cloud.periods import Period, period_of
from vendor_simulator.genesys_cloud.prepayment import one_time_lines, prepay_lines
from vendor_simulator.genesys_cloud.wording import describe
from vendor_simulator.months import Month

LONG_INVOICE_LINES = 5_000
INVOICE, CREDIT_MEMO, DUPLICATE, USAGE = range(4)
TAX = Decimal("0.19")
_DECIMALS = 12
_EPOCH = Month(2015, 1)
_DAYS_OFF = {"day_early": -1, "day_late": 1}


def clean_month(seed: int, contract: Contract, month: Month, openings: Mapping[str, Decimal]) -> GenesysMonth:
    """
    Build a closed period without any error.

    :param openings: balances of the contract's wallets before this period, by the ids of their plans.
    """
    period = period_of(contract, month)
    content = running(seed, period, openings, period.days)
    return replace(content, invoices=tuple(_invoices(seed, content)))


def _invoices(seed: int, month: GenesysMonth) -> list[Invoice]:
    contract, period = month.contract, month.period
    paid = [*prepay_lines(period), *one_time_lines(period)]
    used = [*_overage_lines(month), *_wallet_lines(month)]
    documents = [(INVOICE, paid), (USAGE, used)] if contract.apart and paid else [(INVOICE, [*paid, *used])]
    credited = next((lines for _, lines in reversed(documents) if lines), [])
    if contract.credited == "line" and period.month.index % 6 == 3 and credited:
        credited.append(_credit_line(seed, period, "Goodwill credit", credited))
    on = _dated(seed, period)
    invoices = [_invoice(contract, period, which, "Invoice", on, tuple(lines)) for which, lines in documents if lines]
    if contract.credited == "memo" and period.month.index % 5 == 2 and invoices:
        text, lines = f"Credit for {invoices[0].invoice_id}", invoices[0].lines
        credit = _credit_line(seed, period, text, lines)
        invoices.append(_credit_memo(contract, period, on, credit))
    return invoices


def _dated(seed: int, period: Period) -> date:
    latest = period.contract.invoiced_within
    after = seeded_random.between(1, latest, seed, period.contract.id, str(period.month), "dated")
    return period.end + timedelta(days=after + _DAYS_OFF.get(period.contract.read["invoice_date"], 0))


def _overage_lines(month: GenesysMonth) -> list[Line]:
    lines = []
    for charge in month.charges:
        if charge.overage:
            lines += _split(month, charge) if _is_long(month) else [_overage_line(month, charge)]
    return lines


def _overage_line(month: GenesysMonth, charge: Charge) -> Line:
    period, plan, whole = month.period, charge.plan, exact.times(charge.rate, charge.overage)
    text = describe(month.contract, "overage", plan)
    return Line("overage", plan.product, text, period.start, period.end, charge.overage, charge.amount, whole, plan)


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
            quantity=Decimal(share + (number <= rest)),
            amount=exact.times(charge.rate, share + (number <= rest)),
            exact=None,
        )
        for number in range(1, LONG_INVOICE_LINES + 1)
    ]


def _wallet_lines(month: GenesysMonth) -> list[Line]:
    return [_wallet_line(month.period, wallet) for wallet in month.wallets if wallet.overage and wallet.rate]


def _wallet_line(period: Period, wallet: Wallet) -> Line:
    plan, whole = wallet.plan, exact.times(wallet.rate, wallet.overage)
    text = describe(period.contract, "overage", plan)
    return Line("overage", plan.product, text, period.start, period.end, wallet.overage, wallet.amount, whole, plan)


def _credit_line(seed: int, period: Period, text: str, credited: Sequence[Line]) -> Line:
    """Write a credit for the first line's product: some hundreds in the demo, else a part of what its plan costs."""
    contract, first = period.contract, credited[0]
    key = (seed, contract.id, str(period.month), "credit")
    amount = Decimal(seeded_random.between(10_000, 90_000, *key)).scaleb(-2)
    if contract.begins is not None:
        whole = exact.total(line.amount for line in credited if line.plan is first.plan)
        amount = exact.times(whole, Decimal(seeded_random.between(1, 40, *key)).scaleb(-2))
    amount = -exact.money(amount, contract.currency)
    return Line("credit", first.product, text, period.start, period.end, Decimal(1), amount, plan=first.plan)


def _credit_memo(contract: Contract, period: Period, on: date, line: Line) -> Invoice:
    typed = contract.read["invoice_type"] == "words"
    if contract.read["credit_sign"] == "positive" and typed:  # without a type nothing would say that it is a credit
        line = replace(line, amount=-line.amount)
    return _invoice(contract, period, CREDIT_MEMO, "Credit Memo", on, (line,))


def _invoice(contract: Contract, period: Period, which: int, kind: str, on: date, lines: tuple[Line, ...]) -> Invoice:
    order = contract.purchase_orders[0 if period.month.year < 2025 else -1]
    lines, amount = _added_up(contract, period, lines)
    return Invoice(invoice_id(period, which), kind, on, contract.currency, order, lines, amount)


def _added_up(contract: Contract, period: Period, lines: tuple[Line, ...]) -> tuple[tuple[Line, ...], Decimal]:
    """Return the lines with the tax, if it has a line, and the total."""
    exact_total = exact.total(line.amount if line.exact is None else line.exact for line in lines)
    if contract.read["rounding"] == "exact_lines":
        lines = tuple(line if line.exact is None else replace(line, amount=_shown(line.exact)) for line in lines)
    if contract.read["rounding"] == "per_line":
        amount = exact.total(line.amount for line in lines)
    else:
        amount = exact.money(exact_total, contract.currency)
    if contract.read["tax"] == "none":
        return lines, amount
    tax = exact.money(exact.times(amount, TAX), contract.currency)
    if contract.read["tax"] == "line":
        lines = (*lines, Line("tax", None, "VAT 19 %", period.start, period.end, Decimal(1), tax))
    return lines, exact.total((amount, tax))


def _shown(amount: Decimal) -> Decimal:
    """Return an amount with at most twelve decimals: a share of days may have no end of them."""
    return min((amount, round(amount, _DECIMALS)), key=lambda each: len(each.as_tuple().digits))


def invoice_id(period: Period, which: int) -> str:
    """Number a document: eight digits that hold organisation, contract, month and which of the month's it is."""
    contract = period.contract
    offset = (period.month.index - _EPOCH.index) * 10 + which
    number = contract.organisation_number * 10_000_000 + contract.number * 10_000 + offset
    if contract.read["ids"] != "text":
        return str(number)
    return f"{'CM' if which == CREDIT_MEMO else 'INV'}{number:08d}"


def place_of(invoice: str) -> tuple[int, int, Month]:
    """
    Read organisation number, contract number and month out of an invoice id.

    :raises ValueError: it is none.
    """
    digits = invoice.removeprefix("INV").removeprefix("CM")
    if len(digits) < 8 or not digits.isdecimal():
        raise ValueError(f"{invoice} is no invoice id")
    number = int(digits)
    return number // 10_000_000, number // 10_000 % 1_000, _EPOCH.shift(number % 10_000 // 10)
