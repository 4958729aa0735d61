"""Billing errors of Fastly invoices: each function changes a correct month so that exactly one control finds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from vendor_simulator import exact
from vendor_simulator.fastly.month import (
    SECOND_PRIMARY,
    FastlyMonth,
    Invoice,
    Line,
    UsageRow,
    invoice_number,
)

Corrupted = tuple[FastlyMonth, str, str]
"""The month with the error, the document that is wrong, and what is wrong with it."""


def plant(kind: str, clean: FastlyMonth) -> Corrupted | None:
    """Return the month with the error, or None if the error does not fit this month."""
    if not clean.invoices or (kind in _NEW_API_ONLY and clean.account.api == "v2"):
        return None
    return _KINDS[kind](clean)


def _header_off(clean: FastlyMonth) -> Corrupted | None:
    """F1: beyond what the rounding of that many lines could explain."""
    invoice = clean.invoices[0]
    unit = Decimal(1).scaleb(-exact.EXPONENTS[invoice.currency])
    off = unit * (len(invoice.lines) + 117)
    return (
        _with_first(clean, replace(invoice, total=exact.total((invoice.total, off)))),
        str(invoice.invoice_id),
        (f"The total is {off} above the sum of the lines."),
    )


def _amount_off(clean: FastlyMonth) -> Corrupted | None:
    """F2: the line still foots, it is just not rate times units; a shortfall would no longer fit the charges."""
    invoice = clean.invoices[0]
    if any(line.kind == "shortfall" for line in invoice.lines):
        return None
    line = invoice.lines[1]
    off = Decimal(7).scaleb(-exact.EXPONENTS[invoice.currency])
    wrong = replace(line, amount=exact.total((line.amount, off)))
    corrupted = _relined(invoice, (invoice.lines[0], wrong, *invoice.lines[2:]))
    return (
        _with_first(clean, corrupted),
        str(invoice.invoice_id),
        (f"The amount of line 2 ({line.meter.name}) is {off} above rate times units."),
    )


def _period_short(clean: FastlyMonth) -> Corrupted | None:
    """F4: the last three days are missing."""
    invoice = clean.invoices[0]
    short = replace(invoice, end=invoice.end - timedelta(days=3))
    return _with_first(clean, short), str(invoice.invoice_id), "The period ends three days before the month does."


def _billed_twice(clean: FastlyMonth) -> Corrupted | None:
    """F6: a second primary invoice with the month's first fee; usage is billed once."""
    fees = tuple(line for line in clean.invoices[0].lines if line.kind == "fee")[:1]
    if not fees:
        return None
    number = invoice_number(clean.account, clean.month, SECOND_PRIMARY)
    first = clean.invoices[0]
    posted = first.posted_at + timedelta(hours=3)
    second = replace(first, invoice_id=number, posted_at=posted, lines=fees, total=fees[0].amount)
    return (
        replace(clean, invoices=(*clean.invoices, second)),
        str(number),
        (f"A second primary invoice for the month bills {fees[0].meter.name} again."),
    )


def _by_id_differs(clean: FastlyMonth) -> Corrupted | None:
    """F11: the list and the document by its id are not the same."""
    invoice = clean.invoices[0]
    meter = invoice.lines[0].meter
    changed = replace(invoice, by_id_description=f"{meter.description or meter.name} (revised)")
    return (
        _with_first(clean, changed),
        str(invoice.invoice_id),
        ("The document by its id describes line 1 in other words than the list does."),
    )


def _usage_less(clean: FastlyMonth) -> Corrupted | None:
    """F12: 4 % of what the first line bills was never metered."""
    row = clean.usage[0]
    metered = exact.rounded(exact.times(row.quantity, Decimal("0.96")), row.meter.places)
    raw = exact.times(metered, row.meter.raw_per_unit)
    return (
        _with_usage(clean, replace(row, quantity=metered, raw_quantity=raw)),
        f"usage {clean.month}",
        (f"{row.meter.name}: {row.quantity} units are invoiced, {metered} were metered."),
    )


def _conversion_off(clean: FastlyMonth) -> Corrupted | None:
    """F13: the raw quantity is in 1,024s or 1,000s where the contract says otherwise."""
    row = clean.usage[0]
    per_unit = 2**30 if row.meter.usage_type == "bandwidth" else 1_000
    wrong = replace(row, raw_quantity=exact.times(row.quantity, per_unit))
    return (
        _with_usage(clean, wrong),
        f"usage {clean.month}",
        (f"{row.meter.name}: one unit counts {per_unit} instead of {row.meter.raw_per_unit}."),
    )


def _shortfall_off(clean: FastlyMonth) -> Corrupted | None:
    """F15: more is charged than lifts the month to its minimum."""
    invoice = clean.invoices[0]
    lines: list[Line] = []
    for line in invoice.lines:
        amount = line.amount + 10
        lines.append(replace(line, rate=amount, amount=amount) if line.kind == "shortfall" else line)
    if tuple(lines) == invoice.lines:
        return None
    return (
        _with_first(clean, _relined(invoice, tuple(lines))),
        str(invoice.invoice_id),
        (f"The shortfall is 10 {invoice.currency} more than the minimum less the charges."),
    )


def _relined(invoice: Invoice, lines: tuple[Line, ...]) -> Invoice:
    return replace(invoice, lines=lines, total=exact.total(line.amount for line in lines))


def _with_first(month: FastlyMonth, invoice: Invoice) -> FastlyMonth:
    return replace(month, invoices=(invoice, *month.invoices[1:]))


def _with_usage(month: FastlyMonth, row: UsageRow) -> FastlyMonth:
    return replace(month, usage=(row, *month.usage[1:]))


_NEW_API_ONLY = ("F6", "F12", "F13")  # v2 has one bill a month, and no usage metrics
_KINDS: dict[str, Callable[[FastlyMonth], Corrupted | None]] = {
    "F1": _header_off,
    "F2": _amount_off,
    "F4": _period_short,
    "F6": _billed_twice,
    "F11": _by_id_differs,
    "F12": _usage_less,
    "F13": _conversion_off,
    "F15": _shortfall_off,
}

RAISED_RATE = "F14"  # not a change of one month: the rate stays up, see FastlyWorld
ROTATION = ("F1", "F12", "F2", "F14", "F6", "F11", "F13", "F4", "F15")

# What the lines lack is a residual; days that no invoice bills are a gap.
ALSO = {"F1": ("F17",), "F4": ("F5",)}
