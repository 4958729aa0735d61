"""Billing errors of Genesys Cloud: each function changes a correct period so that exactly one control finds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from vendor_simulator import exact
from vendor_simulator.genesys_cloud.month import (
    DUPLICATE,
    Charge,
    GenesysMonth,
    Invoice,
    Line,
    Wallet,
    invoice_id,
)

Corrupted = tuple[GenesysMonth, str, str]
"""The period with the error, the document that is wrong, and what is wrong with it."""


def plant(kind: str, clean: GenesysMonth) -> Corrupted | None:
    """Return the period with the error, or None if the error does not fit it."""
    return _KINDS[kind](clean) if clean.invoices else None


def _header_off(clean: GenesysMonth) -> Corrupted | None:
    """G1: beyond what the rounding of that many lines could explain."""
    invoice = clean.invoices[0]
    off = Decimal(1).scaleb(-exact.EXPONENTS[invoice.currency]) * (len(invoice.lines) + 211)
    wrong = replace(invoice, amount=invoice.amount + off)
    return _with_first(clean, wrong), invoice.invoice_id, f"The amount is {off} above the sum of the lines."


def _price_off(clean: GenesysMonth) -> Corrupted | None:
    """G2: the prepaid line is billed at 2 % above the contract's price, and foots."""
    line = next((line for line in clean.invoices[0].lines if line.kind == "prepay"), None)
    if line is None:
        return None
    invoice = clean.invoices[0]
    dearer = replace(line, amount=exact.money(exact.times(line.amount, Decimal("1.02")), invoice.currency))
    return (
        _with_line(clean, line, dearer),
        invoice.invoice_id,
        (f"{line.description}: {dearer.amount} where the contract's price gives {line.amount}."),
    )


def _quantity_off(clean: GenesysMonth) -> Corrupted | None:
    """G3: more overage than was used beyond the allowance; charge and invoice line follow it."""
    charge = _billed_charge(clean)
    if charge is None:
        return None
    overage = charge.overage + 3
    amount = exact.money(exact.times(charge.rate, overage), charge.currency)
    corrupted = _with_charge(clean, charge, replace(charge, overage=overage, amount=amount))
    line = _line_of(clean, charge)
    corrupted = _with_line(corrupted, line, replace(line, quantity=int(overage), amount=amount))
    return (
        corrupted,
        clean.period.id,
        (f"{charge.plan.product.name}: overage of {overage} where {charge.overage} were used beyond the allowance."),
    )


def _rate_off(clean: GenesysMonth) -> Corrupted | None:
    """G4: the rate shown does not give the charge shown."""
    charge = _billed_charge(clean)
    if charge is None:
        return None
    rate = exact.times(charge.rate, 2)
    return (
        _with_charge(clean, charge, replace(charge, rate=rate)),
        clean.period.id,
        (f"{charge.plan.product.name}: {charge.overage} at {rate} is not {charge.amount}."),
    )


def _line_off(clean: GenesysMonth) -> Corrupted | None:
    """G5: the invoice bills more units than the period was charged, at the right price."""
    charge = _billed_charge(clean)
    if charge is None:
        return None
    line = _line_of(clean, charge)
    quantity = line.quantity + 5
    more = replace(line, quantity=quantity, amount=exact.money(exact.times(charge.rate, quantity), charge.currency))
    return (
        _with_line(clean, line, more),
        clean.invoices[0].invoice_id,
        (f"{line.description}: {quantity} are invoiced, {line.quantity} were charged."),
    )


def _report_off(clean: GenesysMonth) -> Corrupted | None:
    """G6: the usage report knows less usage than was charged; it covers calendar months only."""
    if clean.contract.cycle_day != 1:
        return None
    charge = clean.charges[0]
    used = charge.actual - 2
    name = charge.plan.product.name
    return (
        replace(clean, reported={name: used}),
        clean.period.id,
        (f"{name}: {charge.actual} are charged, the usage report has {used}."),
    )


def _wallet_off(clean: GenesysMonth) -> Corrupted | None:
    """G7: the consumption shown does not lead to the end balance; the next period still starts from that balance."""
    if not clean.wallets:
        return None
    wallet = clean.wallets[0]
    wrong: Wallet = replace(wallet, consumption=wallet.consumption + 50)
    return (
        replace(clean, wallets=(wrong, *clean.wallets[1:])),
        clean.period.id,
        (f"Wallet {wallet.plan.product.name}: the balances do not roll forward, 50 tokens are missing."),
    )


def _currency_off(clean: GenesysMonth) -> Corrupted | None:
    """G8: by turns the invoice or the charge is in another currency than the contract."""
    charge, invoice = _billed_charge(clean), clean.invoices[0]
    if invoice.currency == "JPY":
        return None
    other = "USD" if invoice.currency != "USD" else "EUR"
    if charge is not None and clean.period.month.index % 2:
        corrupted = _with_charge(clean, charge, replace(charge, currency=other))
        return corrupted, clean.period.id, f"{charge.plan.product.name}: charged in {other}, not {invoice.currency}."
    corrupted = _with_first(clean, replace(invoice, currency=other))
    return corrupted, invoice.invoice_id, f"Invoiced in {other}, the contract is in {invoice.currency}."


def _order_off(clean: GenesysMonth) -> Corrupted | None:
    """G9: a purchase order that the contract does not have; only where there is one contract."""
    if clean.contract.organisation not in {"nord-contact", "aurora-help"}:
        return None
    invoice = clean.invoices[0]
    wrong = replace(invoice, purchase_order=f"X{invoice.purchase_order}")
    return _with_first(clean, wrong), invoice.invoice_id, f"{wrong.purchase_order} is not on the contract."


def _service_dates_off(clean: GenesysMonth) -> Corrupted | None:
    """G10: one of several lines ends nine days after its period."""
    invoice = clean.invoices[0]
    if len(invoice.lines) < 2:
        return None
    line = invoice.lines[-1]
    late = replace(line, end=line.end + timedelta(days=9))
    return (
        _with_line(clean, line, late),
        invoice.invoice_id,
        (f"{line.description}: service until {late.end}, the period ends on {line.end}."),
    )


def _billed_twice(clean: GenesysMonth) -> Corrupted | None:
    """G15: the same invoice once more under another id."""
    invoice = clean.invoices[0]
    again = replace(invoice, invoice_id=invoice_id(clean.period, DUPLICATE))
    return (
        replace(clean, invoices=(*clean.invoices, again)),
        again.invoice_id,
        (f"The content of {invoice.invoice_id} is billed again under another id."),
    )


def _document_off(clean: GenesysMonth) -> Corrupted | None:
    """G21: the printed total is another one."""
    invoice = clean.invoices[0]
    printed = invoice.amount + 100
    return (
        _with_first(clean, replace(invoice, document_amount=printed)),
        invoice.invoice_id,
        (f"The PDF says {printed}, the API {invoice.amount}."),
    )


def _overview_off(clean: GenesysMonth) -> Corrupted | None:
    """G24: the trustee overview has other usage than the period."""
    charge = clean.charges[0]
    used = charge.actual + 4
    name = charge.plan.product.name
    return (
        replace(clean, overview={name: used}),
        clean.period.id,
        (f"{name}: {charge.actual} in the period, {used} in the trustee overview."),
    )


def _billed_charge(month: GenesysMonth) -> Charge | None:
    """Return the first charge with an overage that one invoice line bills."""
    found = (charge for charge in month.charges if charge.overage)
    charge = next(found, None)
    return charge if charge is not None and len(month.invoices[0].lines) < 100 else None


def _line_of(month: GenesysMonth, charge: Charge) -> Line:
    lines = month.invoices[0].lines
    return next(line for line in lines if line.kind == "overage" and line.product is charge.plan.product)


def _with_charge(month: GenesysMonth, old: Charge, new: Charge) -> GenesysMonth:
    return replace(month, charges=tuple(new if charge is old else charge for charge in month.charges))


def _with_line(month: GenesysMonth, old: Line, new: Line) -> GenesysMonth:
    invoice = month.invoices[0]
    lines = tuple(new if line is old else line for line in invoice.lines)
    relined = replace(invoice, lines=lines, amount=exact.total(line.amount for line in lines))
    return _with_first(month, relined)


def _with_first(month: GenesysMonth, invoice: Invoice) -> GenesysMonth:
    return replace(month, invoices=(invoice, *month.invoices[1:]))


_KINDS: dict[str, Callable[[GenesysMonth], Corrupted | None]] = {
    "G1": _header_off,
    "G2": _price_off,
    "G3": _quantity_off,
    "G4": _rate_off,
    "G5": _line_off,
    "G6": _report_off,
    "G7": _wallet_off,
    "G8": _currency_off,
    "G9": _order_off,
    "G10": _service_dates_off,
    "G15": _billed_twice,
    "G21": _document_off,
    "G24": _overview_off,
}
ROTATION = ("G1", "G3", "G15", "G2", "G8", "G6", "G10", "G4", "G7", "G5", "G9", "G24", "G21")
