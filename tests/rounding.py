"""How a vendor rounds an amount: the tests' own arithmetic."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal


def round_half_up(amount: Decimal, unit: Decimal) -> Decimal:
    """Round to a multiple of ``unit``, halves away from zero, as invoices commonly do."""
    return amount.quantize(unit, rounding=ROUND_HALF_UP, context=Context(prec=200))
