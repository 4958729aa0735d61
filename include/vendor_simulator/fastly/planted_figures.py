"""Errors in the figures of Fastly's months: totals, lines, rates, usage. Each function changes a correct month."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from vendor_simulator import exact
from vendor_simulator.fastly.model import FastlyMonth, Invoice, Line, UsageRow
from vendor_simulator.fastly.month import TAX, flat

Corrupted = tuple[FastlyMonth, str, str]
"""The month with the error, the document that is wrong, and what is wrong with it."""

_IN_1024S = {"bandwidth": 2**30, "requests": 10_240}
_MUCH = 200  # units of which 1 % is more than half of the last decimal that is shown, in whatever unit


def header_off(clean: FastlyMonth) -> Corrupted | None:
    """F1: beyond what the rounding of that many lines could explain."""
    invoice = clean.invoices[0]
    off = _unit(invoice) * (len(invoice.lines) + 117)
    return (
        with_first(clean, replace(invoice, total=exact.total((invoice.total, off)))),
        str(invoice.invoice_id),
        f"The total is {off} above the sum of the lines.",
    )


def line_dropped(clean: FastlyMonth) -> Corrupted | None:
    """F1: the largest line is not among the items any more; the total still has it."""
    invoice = clean.invoices[0]
    largest = _largest(invoice)
    if largest is None or len(invoice.lines) < 2:
        return None
    rest = tuple(line for line in invoice.lines if line is not largest)
    return (
        with_first(clean, replace(invoice, lines=rest)),
        str(invoice.invoice_id),
        f"The total has {largest.amount} for {largest.meter.name}, the lines have not.",
    )


def sign_changed(clean: FastlyMonth) -> Corrupted | None:
    """F1: the amount of the largest line is negative; the total still adds it."""
    invoice = clean.invoices[0]
    largest = _largest(invoice)
    if largest is None:
        return None
    lines = (replace(line, amount=-line.amount) if line is largest else line for line in invoice.lines)
    return (
        with_first(clean, replace(invoice, lines=tuple(lines))),
        str(invoice.invoice_id),
        f"The amount of {largest.meter.name} is {-largest.amount}; the total adds it as {largest.amount}.",
    )


def amount_off(clean: FastlyMonth) -> Corrupted | None:
    """F2: the line still foots, it is just not rate times units; a shortfall would no longer fit the charges."""
    invoice = clean.invoices[0]
    if _has_shortfall(invoice) or len(invoice.lines) < 2 or invoice.lines[1].kind not in {"usage", "fee"}:
        return None
    line = invoice.lines[1]
    off = 7 * _unit(invoice)
    wrong = replace(line, amount=exact.total((line.amount, off)))
    return (
        with_first(clean, _with_line(invoice, line, wrong)),
        str(invoice.invoice_id),
        f"The amount of line 2 ({line.meter.name}) is {off} above rate times units.",
    )


def usage_less(clean: FastlyMonth) -> Corrupted | None:
    """F12: 4 % of what the first line bills was never metered."""
    if not clean.usage:
        return None
    row = clean.usage[0]
    metered = exact.rounded(exact.times(row.quantity, Decimal("0.96")), row.meter.places)
    raw = exact.times(metered, row.meter.raw_per_unit)
    if metered == row.quantity:
        return None
    return (
        _with_usage(clean, row, replace(row, quantity=metered, raw_quantity=raw)),
        f"usage {clean.month}",
        f"{row.meter.name}: {row.quantity} units are invoiced, {metered} were metered.",
    )


def conversion_off(clean: FastlyMonth) -> Corrupted | None:
    """F13: the raw quantity is in 1,024s where the contract counts in 1,000s, by more than rounding could explain."""
    row = next((row for row in clean.usage if _says_its_unit(row) and row.quantity > _MUCH), None)
    if row is None:
        return None
    per_unit = _IN_1024S[row.meter.usage_type]
    wrong = replace(row, raw_quantity=exact.times(row.quantity, per_unit))
    return (
        _with_usage(clean, row, wrong),
        f"usage {clean.month}",
        f"{row.meter.name}: one unit counts {per_unit} instead of {row.meter.raw_per_unit}.",
    )


def rate_raised(clean: FastlyMonth) -> Corrupted | None:
    """F14: 10 % above the agreed rate, in this month alone; nothing is said of what was not billed the month before."""
    invoice = clean.invoices[0]
    line = next(_billed_before(clean), None)
    if line is None or _has_shortfall(invoice):
        return None
    rate = exact.times(line.rate, Decimal("1.1"))
    amount = exact.times(rate, line.units)
    if line.amount != exact.times(line.rate, line.units):
        amount = exact.money(amount, invoice.currency)
    wrong = replace(line, rate=rate, amount=amount)
    return (
        with_first(clean, _with_line(invoice, line, wrong)),
        str(invoice.invoice_id),
        f"The rate of {line.meter.name} is 10 % above the agreed one in this month.",
    )


def shortfall_off(clean: FastlyMonth) -> Corrupted | None:
    """F15: more is charged than lifts the month to its minimum."""
    invoice = clean.invoices[0]
    line = next((line for line in invoice.lines if line.kind == "shortfall"), None)
    if line is None:
        return None
    amount = line.amount + 10
    return (
        with_first(clean, _with_line(invoice, line, replace(line, rate=amount, amount=amount))),
        str(invoice.invoice_id),
        f"The shortfall is 10 {invoice.currency} more than the minimum less the charges.",
    )


def shortfall_missing(clean: FastlyMonth) -> Corrupted | None:
    """F15: the charges are below the minimum, and nothing lifts them to it; not even tax, if it counted."""
    invoice = clean.invoices[0]
    line = next((line for line in invoice.lines if line.kind == "shortfall"), None)
    tax = exact.total(line.amount for line in invoice.lines if line.kind == "tax")
    if line is None or len(invoice.lines) < 2 or line.amount <= tax:
        return None
    rest = tuple(each for each in invoice.lines if each is not line)
    total = exact.total((invoice.total, -exact.money(line.amount, invoice.currency)))
    return (
        with_first(clean, replace(invoice, lines=rest, total=total)),
        str(invoice.invoice_id),
        f"The charges are {line.amount} {invoice.currency} below the minimum, and no line says so.",
    )


def credit_above_charges(clean: FastlyMonth) -> Corrupted | None:
    """F16: a credit takes off more than the month costs."""
    invoice = clean.invoices[0]
    amount = exact.money(
        exact.times(exact.total(line.amount for line in invoice.lines if line.amount > 0), 2), invoice.currency
    )
    if not amount:
        return None
    credit = flat("credit", "Goodwill credit", "Credits", -amount, "GOODWILL")
    total = exact.total((invoice.total, credit.amount))
    return (
        with_first(clean, replace(invoice, lines=(*invoice.lines, credit), total=total)),
        str(invoice.invoice_id),
        f"A credit of {amount} is twice what the month costs.",
    )


def residual(clean: FastlyMonth) -> Corrupted | None:
    """F17: the total has tax, or something else, that no line names."""
    invoice = clean.invoices[0]
    more = exact.money(exact.times(invoice.total, TAX), invoice.currency)
    if abs(more) <= _unit(invoice) * (len(invoice.lines) + 1):
        return None
    return (
        with_first(clean, replace(invoice, total=exact.total((invoice.total, more)))),
        str(invoice.invoice_id),
        f"The total is {more} above the lines, and nothing says what for.",
    )


def subtotal_off(clean: FastlyMonth) -> Corrupted | None:
    """F24: v2's incurred cost is not what it covers."""
    invoice = clean.invoices[0]
    return (
        with_first(clean, replace(invoice, subtotal_off=Decimal("31.50"))),
        str(invoice.invoice_id),
        "incurred_cost is 31.50 above bandwidth and requests.",
    )


def with_first(month: FastlyMonth, invoice: Invoice) -> FastlyMonth:
    """Replace the first invoice of a month."""
    return replace(month, invoices=(invoice, *month.invoices[1:]))


def _unit(invoice: Invoice) -> Decimal:
    return Decimal(1).scaleb(-exact.EXPONENTS[invoice.currency])


def _has_shortfall(invoice: Invoice) -> bool:
    return any(line.kind == "shortfall" for line in invoice.lines)


def _largest(invoice: Invoice) -> Line | None:
    """Return the charge of the highest amount, if rounding could not explain it."""
    charged = [line for line in invoice.lines if line.kind in {"usage", "fee"}]
    largest = max(charged, key=lambda line: line.amount, default=None)
    return largest if largest and largest.amount > _unit(invoice) * (len(invoice.lines) + 1) else None


def _billed_before(month: FastlyMonth) -> Iterator[Line]:
    """Yield the usage of a month that has an agreed rate, or that was billed the month before."""
    account, before = month.account, month.month.shift(-1)
    if account.agreement is not None:
        known = set(account.agreement.known_in(before))
    else:
        known = set(account.meters) if account.has_usage_in(before) else set()
    return (line for line in month.invoices[0].lines if line.kind == "usage" and line.meter in known)


def _with_line(invoice: Invoice, old: Line, new: Line) -> Invoice:
    """Replace a line; the total goes along."""
    change = exact.money(exact.total((new.amount, -old.amount)), invoice.currency)
    lines = tuple(new if line is old else line for line in invoice.lines)
    return replace(invoice, lines=lines, total=exact.total((invoice.total, change)))


def _says_its_unit(row: UsageRow) -> bool:
    """Return whether the metric's name tells that it counts requests or bytes, which alone have a documented unit."""
    return row.meter.usage_type in _IN_1024S and row.meter.usage_type in row.meter.name.lower()


def _with_usage(month: FastlyMonth, old: UsageRow, new: UsageRow) -> FastlyMonth:
    return replace(month, usage=tuple(new if row is old else row for row in month.usage))
