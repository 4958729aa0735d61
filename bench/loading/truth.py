"""What a benchmark's vendor has billed: the figures that every loader must have stored, digit for digit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Truth:
    """
    Sums over all lines of all invoices.

    :param amount: sum of the lines' amounts, in major units.
    :param quantity: sum of the lines' quantities; some have 18 digits, more than a float holds.
    """

    invoices: int
    lines: int
    amount: Decimal
    quantity: Decimal

    @classmethod
    def of(cls, texts: dict[str, str]) -> Truth:
        """Read what ``texts`` has written, or what a query gave as texts."""
        amount, quantity = Decimal(texts["amount"] or 0), Decimal(texts["quantity"] or 0)
        return cls(int(texts["invoices"]), int(texts["lines"]), amount, quantity)

    def texts(self) -> dict[str, str]:
        """Write every figure as a text, for JSON."""
        return {name: str(value) for name, value in vars(self).items()}
