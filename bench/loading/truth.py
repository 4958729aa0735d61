"""What a benchmark's vendor has billed: the exact figures that every loader must have stored."""

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
        """Read what ``texts`` has written, or what a query returned as strings."""
        amount, quantity = Decimal(texts["amount"] or 0), Decimal(texts["quantity"] or 0)
        return cls(int(texts["invoices"]), int(texts["lines"]), amount, quantity)

    def texts(self) -> dict[str, str]:
        """Write every figure as a text, for JSON."""
        return {name: str(value) for name, value in vars(self).items()}


@dataclass(frozen=True)
class Rendered:
    """
    A vendor's responses, as bytes by request: the path, with the cursor or the product where there are
    several.

    :param listed_bytes: size of the responses that hold every invoice and line once.
    """

    bodies: dict[str, memoryview]
    truth: Truth
    listed_bytes: int


def decimal_text(number: int, places: int) -> str:
    """Write a whole number of hundredths, ten-thousandths or billionths as a decimal, without a float."""
    return f"{number // 10**places}.{number % 10**places:0{places}d}"
