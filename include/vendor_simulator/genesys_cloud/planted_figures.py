"""Errors in the figures of a correct period; each function makes one, or returns None if it does not fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

from vendor_simulator import exact
from vendor_simulator.genesys_cloud.edits import (
    Corrupted,
    billed_charge,
    find_line,
    largest_line,
    more_units,
    with_charge,
    with_invoice,
    with_line,
)
from vendor_simulator.genesys_cloud.month import Charge, GenesysMonth, Line, Wallet
from vendor_simulator.genesys_cloud.periods import first_day
from vendor_simulator.genesys_cloud.usage_documents import used_by_product

_ORGANISATIONS_OF_ONE_CONTRACT = {"nord-contact", "aurora-help"}


def header_off(clean: GenesysMonth, _slight: bool) -> Corrupted | None:
    """G1: beyond what the rounding of that many lines could explain."""
    invoice = clean.invoices[0]
    off = Decimal(1).scaleb(-exact.EXPONENTS[invoice.currency]) * (len(invoice.lines) + 211)
    wrong = replace(invoice, amount=invoice.amount + off)
    sentence = f"The amount is {off} above the sum of the lines."
    return Corrupted(with_invoice(clean, invoice, wrong), invoice.invoice_id, sentence)


def price_off(clean: GenesysMonth, slight: bool) -> Corrupted | None:
    """G2: a prepaid line is billed at 2 % above the contract's price, and foots."""
    found = find_line(clean, lambda line: line.kind == "prepay") if slight else largest_line(clean, "prepay")
    if found is None:
        return None
    invoice, line = found
    dearer = replace(line, amount=exact.money(exact.times(line.amount, Decimal("1.02")), invoice.currency))
    sentence = f"{line.description}: {dearer.amount} where the contract's price gives {line.amount}."
    return Corrupted(with_line(clean, invoice, line, dearer), invoice.invoice_id, sentence)


def quantity_off(clean: GenesysMonth, slight: bool) -> Corrupted | None:
    """G3: more overage than was used beyond the allowance; charge and invoice line follow it."""
    found = billed_charge(clean)
    if found is None:
        return None
    charge, invoice, line = found
    overage = charge.overage + more_units(clean.contract, charge, 3, slight)
    amount = exact.money(exact.times(charge.rate, overage), charge.currency)
    corrupted = with_line(clean, invoice, line, replace(line, quantity=overage, amount=amount))
    corrupted = with_charge(corrupted, charge, replace(charge, overage=overage, amount=amount))
    name = charge.plan.product.name
    sentence = f"{name}: overage of {overage} where {charge.overage} were used beyond the allowance."
    return Corrupted(corrupted, clean.period.id, sentence)


def rate_off(clean: GenesysMonth, _slight: bool) -> Corrupted | None:
    """G4: the rate shown does not give the charge shown."""
    found = billed_charge(clean)
    if found is None:
        return None
    charge = found[0]
    rate = exact.times(charge.rate, 2)
    corrupted = with_charge(clean, charge, replace(charge, rate=rate))
    sentence = f"{charge.plan.product.name}: {charge.overage} at {rate} is not {charge.amount}."
    return Corrupted(corrupted, clean.period.id, sentence)


def line_off(clean: GenesysMonth, slight: bool) -> Corrupted | None:
    """G5: the invoice bills more units than the period was charged, at the right price."""
    found = billed_charge(clean)
    if found is None:
        return None
    charge, invoice, line = found
    quantity = line.quantity + more_units(clean.contract, charge, 5, slight)
    more = replace(line, quantity=quantity, amount=exact.money(exact.times(charge.rate, quantity), charge.currency))
    sentence = f"{line.description}: {quantity} are invoiced, {line.quantity} were charged."
    return Corrupted(with_line(clean, invoice, line, more), invoice.invoice_id, sentence)


def report_off(clean: GenesysMonth, slight: bool) -> Corrupted | None:
    """G6: the usage report knows less usage than was charged."""
    if slight and clean.contract.cycle_day != 1:
        return None
    found = _used_charge(clean, slight, lambda _: True)
    if found is None:
        return None
    name, used = found
    less = used - (2 if slight else max(Decimal(2), _share(used) * 4))
    return Corrupted(
        replace(clean, reported={name: less}),
        clean.period.id,
        f"{name}: {used} are charged, the usage report has {less}.",
    )


def overview_off(clean: GenesysMonth, slight: bool) -> Corrupted | None:
    """G24: the trustee overview has other usage than the period."""
    hidden = "minute" if clean.contract.read["overview_rows"] == "without_voice" else ""
    found = _used_charge(clean, slight, lambda charge: charge.plan.product.measure != hidden)
    if found is None:
        return None
    name, used = found
    more = used + (4 if slight else max(Decimal(4), _share(used) * 4))
    return Corrupted(
        replace(clean, overview={name: more}),
        clean.period.id,
        f"{name}: {used} in the period, {more} in the trustee overview.",
    )


def wallet_off(clean: GenesysMonth, slight: bool) -> Corrupted | None:
    """G7: the consumption shown does not lead to the end balance; the next period still starts from that balance."""
    if not clean.wallets:
        return None
    wallet = clean.wallets[0]
    more = Decimal(50) if slight else max(Decimal(50), _share(wallet.consumption))
    wrong: Wallet = replace(wallet, consumption=wallet.consumption + more)
    sentence = f"Wallet {wallet.plan.product.name}: the balances do not roll forward, {more} tokens are missing."
    return Corrupted(replace(clean, wallets=(wrong, *clean.wallets[1:])), clean.period.id, sentence)


def wallet_gap(clean: GenesysMonth, _slight: bool) -> Corrupted | None:
    """G7: a wallet begins with other tokens than the period before left; the balances of this period roll forward."""
    if not clean.wallets or clean.period.start <= first_day(clean.contract):
        return None
    wallet = clean.wallets[0]
    gap = max(Decimal(50), _share(wallet.start))
    wrong: Wallet = replace(wallet, start=wallet.start + gap, decrease=wallet.decrease + gap)
    sentence = (
        f"Wallet {wallet.plan.product.name} begins with {wrong.start}, the period before ended with {wallet.start}."
    )
    return Corrupted(replace(clean, wallets=(wrong, *clean.wallets[1:])), clean.period.id, sentence)


def currency_off(clean: GenesysMonth, _slight: bool) -> Corrupted | None:
    """G8: by turns the invoice or the charge is in another currency than the contract."""
    charge, invoice = billed_charge(clean), clean.invoices[0]
    if exact.EXPONENTS[invoice.currency] != 2:
        return None
    other = "USD" if invoice.currency != "USD" else "EUR"
    if charge is not None and clean.period.month.index % 2:
        name, corrupted = charge[0].plan.product.name, with_charge(clean, charge[0], replace(charge[0], currency=other))
        return Corrupted(corrupted, clean.period.id, f"{name}: charged in {other}, not {invoice.currency}.")
    corrupted = with_invoice(clean, invoice, replace(invoice, currency=other))
    sentence = f"Invoiced in {other}, the contract is in {invoice.currency}."
    return Corrupted(corrupted, invoice.invoice_id, sentence)


def order_off(clean: GenesysMonth, slight: bool) -> Corrupted | None:
    """G9: a purchase order that the contract does not have."""
    if slight and clean.contract.organisation not in _ORGANISATIONS_OF_ONE_CONTRACT:
        return None
    invoice = clean.invoices[0]
    wrong = replace(invoice, purchase_order=f"X{invoice.purchase_order}")
    sentence = f"{wrong.purchase_order} is not on the contract."
    return Corrupted(with_invoice(clean, invoice, wrong), invoice.invoice_id, sentence)


def service_dates_off(clean: GenesysMonth, slight: bool) -> Corrupted | None:
    """G10: one of several lines ends nine days after its period."""
    services = {"prepay", "overage", "credit"} if slight else {"prepay", "overage"}
    for invoice in clean.invoices:
        lines = [line for line in invoice.lines if line.kind in services]
        if len(invoice.lines) < 2 or not lines:
            continue
        line = lines[-1]
        late: Line = replace(line, end=line.end + timedelta(days=9))
        sentence = f"{line.description}: service until {late.end}, the period ends on {line.end}."
        return Corrupted(with_line(clean, invoice, line, late), invoice.invoice_id, sentence)
    return None


def old_price(clean: GenesysMonth, _slight: bool) -> Corrupted | None:
    """G2: a prepaid line is billed at the price before the one in force."""
    for invoice in clean.invoices:
        for line in invoice.lines:
            plan = line.plan
            if line.kind != "prepay" or plan is None:
                continue
            price = plan.price_on(line.start)
            before = next((old for old, new in pairwise(plan.prices) if new is price and old.price != new.price), None)
            if before is None or line.exact is None:
                continue
            whole = exact.EXACT.divide(exact.times(line.exact, before.price), price.price)
            older = replace(line, exact=whole, amount=exact.money(whole, invoice.currency))
            if older.amount == line.amount:
                continue
            sentence = f"{line.description}: billed at {before.price}, {price.price} is in force since {price.start}."
            return Corrupted(with_line(clean, invoice, line, older), invoice.invoice_id, sentence, ("G18",))
    return None


def prepaid_off(clean: GenesysMonth, _slight: bool) -> Corrupted | None:
    """G23: a charge shows a smaller prepaid quantity than the contract has; no overage follows from it."""
    spare = [charge for charge in clean.charges if charge.prepaid > charge.actual + 1]
    if not spare:
        return None
    charge = spare[0]
    wrong: Charge = replace(charge, prepaid=int(charge.actual) + (charge.prepaid - int(charge.actual)) // 2)
    sentence = f"{charge.plan.product.name}: {wrong.prepaid} prepaid in the period, {charge.prepaid} in the contract."
    return Corrupted(with_charge(clean, charge, wrong), clean.period.id, sentence)


def _used_charge(clean: GenesysMonth, slight: bool, fits: Callable[[Charge], bool]) -> tuple[str, Decimal] | None:
    """Return a product that was used in the period, and how much of it."""
    used = used_by_product(clean)
    charges = clean.charges[:1] if slight else [each for each in clean.charges if each.actual > 10 and fits(each)]
    names = [each.plan.product.name for each in charges]
    return (names[0], used[names[0]]) if names else None


def _share(quantity: Decimal) -> Decimal:
    return Decimal(int(exact.times(quantity, Decimal("0.05"))))
