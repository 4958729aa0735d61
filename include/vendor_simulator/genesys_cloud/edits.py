"""Find and replace parts of a billing period; what errors are made with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Decimal

from vendor_simulator import exact
from vendor_simulator.genesys_cloud.accounts import Contract
from vendor_simulator.genesys_cloud.month import Charge, GenesysMonth, Invoice, Line
from vendor_simulator.genesys_cloud.units import scale_of

_MOST_LINES = 100
_SEEN_MINOR_UNITS = 10
_SEEN_SHARE = Decimal("0.05")


@dataclass(frozen=True, slots=True)
class Corrupted:
    """
    A period with an error.

    :param document: the invoice, or the period, that is wrong.
    :param also: controls that see the same error from another side.
    """

    month: GenesysMonth
    document: str
    sentence: str
    also: tuple[str, ...] = ()


def find_line(month: GenesysMonth, wanted: Callable[[Line], bool]) -> tuple[Invoice, Line] | None:
    """Return the first line of that kind, with its invoice; None in invoices too long to look through."""
    found = ((each, line) for each in month.invoices if len(each.lines) < _MOST_LINES for line in each.lines)
    return next((pair for pair in found if wanted(pair[1])), None)


def largest_line(month: GenesysMonth, kind: str) -> tuple[Invoice, Line] | None:
    """Return the line of a kind with the greatest amount, with its invoice; None if none is worth some minor units."""
    found = [(each, line) for each in month.invoices for line in each.lines if line.kind == kind]
    invoice, line = max(found, key=lambda pair: pair[1].amount, default=(None, None))
    return None if invoice is None or line is None or not is_material(line.amount, invoice, 500) else (invoice, line)


def is_material(amount: Decimal, invoice: Invoice, minor_units: int) -> bool:
    """Return whether an amount is worth that many minor units of its currency."""
    return abs(amount) >= Decimal(minor_units).scaleb(-exact.EXPONENTS[invoice.currency])


def billed_charge(month: GenesysMonth) -> tuple[Charge, Invoice, Line] | None:
    """Return the first charge with an overage that one invoice line bills."""
    for charge in month.charges:
        if charge.amount and charge.tokens is None:
            found = find_line(month, _bills(charge))
            if found:
                return (charge, *found)
    return None


def _bills(charge: Charge) -> Callable[[Line], bool]:
    return lambda line: line.kind == "overage" and line.plan is charge.plan


def with_charge(month: GenesysMonth, old: Charge, new: Charge) -> GenesysMonth:
    """Return the period with one charge replaced."""
    return replace(month, charges=tuple(new if charge is old else charge for charge in month.charges))


def with_invoice(month: GenesysMonth, old: Invoice, *new: Invoice) -> GenesysMonth:
    """Return the period with one invoice replaced by others, or by none."""
    places = [new if invoice is old else (invoice,) for invoice in month.invoices]
    return replace(month, invoices=tuple(invoice for place in places for invoice in place))


def with_line(month: GenesysMonth, invoice: Invoice, old: Line, *new: Line) -> GenesysMonth:
    """Return the period with one line replaced by others, or by none; the invoice's amount follows."""
    places = [new if line is old else (line,) for line in invoice.lines]
    lines = tuple(line for place in places for line in place)
    amount = exact.total((invoice.amount, -old.amount, *(line.amount for line in new)))
    return with_invoice(month, invoice, replace(invoice, lines=lines, amount=amount))


def more_units(contract: Contract, charge: Charge, least: int, slight: bool) -> int:
    """Return how many units make a difference; ``least`` if a slight one will do."""
    if slight:
        return least
    scale = scale_of(charge.plan, contract.read)
    minor = Decimal(1).scaleb(-exact.EXPONENTS[charge.currency])
    for_money = exact.EXACT.divide(minor * _SEEN_MINOR_UNITS, charge.rate) if charge.rate else Decimal(0)
    wanted = max(Decimal(least), for_money, exact.times(charge.overage, _SEEN_SHARE), Decimal(scale.units * 2))
    return int(wanted.to_integral_value(ROUND_CEILING))
