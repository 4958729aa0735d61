"""Acme's one simulated customer and its invoices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from vendor_simulator import exact, seeded_random
from vendor_simulator.months import Month
from vendor_simulator.options import WorldOptions
from vendor_simulator.planted import Planted
from vendor_simulator.world import TrueInvoice

VENDOR = "acme"
ACCOUNT = "acme-example"
CONN_ID = "acme_example"
CUSTOMER_ID = "C-1001"
CURRENCY = "USD"
FIRST_MONTH = Month(2025, 1)
POSTING_DAY = 3

_PRODUCTS = (
    ("SEATS", "Seats", "seat", Decimal("12.50"), 40),
    ("CALLS", "API calls", "call", Decimal("0.0003"), 90_000),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line; the amount is in major units."""

    sku: str
    description: str
    quantity: int
    unit: str
    unit_price: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Invoice:
    """One posted invoice."""

    invoice_id: str
    month: Month
    lines: tuple[Line, ...]

    @property
    def total(self) -> Decimal:
        """Sum of the lines."""
        return exact.total(line.amount for line in self.lines)

    @property
    def posted_on(self) -> date:
        """UTC date from which Acme shows it."""
        return self.month.shift(1).start.date().replace(day=POSTING_DAY)


class AcmeWorld:
    """Acme's side of the world: one invoice a month, decided by the seed."""

    def __init__(self, options: WorldOptions) -> None:
        self.seed = options.seed
        self.token = seeded_random.text(32, options.seed, VENDOR, "token")
        self._restated: Counter[str] = Counter()

    def account_names(self) -> list[str]:
        """List the names of its accounts."""
        return [ACCOUNT]

    def account_entries(self) -> list[dict[str, Any]]:
        """Return the accounts as ``accounts.yaml`` holds them."""
        entry = {"name": ACCOUNT, "vendor": VENDOR, "conn_id": CONN_ID, "customer_id": CUSTOMER_ID}
        return [entry | {"currency": CURRENCY, "first_month": str(FIRST_MONTH), "posting_day": POSTING_DAY}]

    def connections(self, base_url: str) -> dict[str, dict[str, Any]]:
        """Return the Airflow connections by their ids."""
        host = f"{base_url}/{VENDOR}"
        return {CONN_ID: {"conn_type": VENDOR, "host": host, "login": None, "password": self.token, "extra": {}}}

    def truth(self, account: str, month: Month) -> Iterator[TrueInvoice]:
        """Yield the invoices of one account and month."""
        if account != ACCOUNT:
            raise KeyError(account)
        for invoice in self.invoices(month):
            where = (VENDOR, account, month, invoice.invoice_id, CURRENCY)
            yield TrueInvoice(*where, invoice.total, len(invoice.lines), invoice.total, invoice.posted_on)

    def invoices(self, month: Month) -> list[Invoice]:
        """List a month's invoices, whether posted or not yet."""
        if month < FIRST_MONTH:
            return []
        invoice_id = f"AC-{month.index}"
        restated = (
            Line("CREDIT", f"Credit of revision {number}", 1, "credit", -Decimal(number), -Decimal(number))
            for number in range(1, self._restated[invoice_id] + 1)
        )
        return [Invoice(invoice_id, month, (*self._charges(month), *restated))]

    def planted(self, month: Month) -> list[Planted]:  # noqa: ARG002 (every vendor's signature)
        """Return the errors that are planted in a month: none so far."""
        return []

    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of errors that ``plant`` knows: none so far."""
        return ()

    def plant(self, kind: str, account: str, month: Month) -> Planted | None:
        """
        Put an error into one month of an account.

        :raises KeyError: no such kind or account.
        """
        raise KeyError(f"there is no kind {kind!r} to plant on {account} in {month}")

    def restate(self, invoice_id: str) -> None:
        """
        Change an invoice that was already posted: one more credit line each time this is called.

        :raises KeyError: there is no such invoice.
        """
        number = invoice_id.removeprefix("AC-")
        if not number.isdigit() or int(number) < FIRST_MONTH.index:
            raise KeyError(f"there is no Acme invoice {invoice_id}")
        self._restated[invoice_id] += 1

    def _charges(self, month: Month) -> Iterator[Line]:
        for sku, description, unit, price, usual in _PRODUCTS:
            quantity = seeded_random.between(usual * 3 // 4, usual * 5 // 4, self.seed, VENDOR, sku, str(month))
            amount = exact.money(exact.times(price, quantity), CURRENCY)
            yield Line(sku, description, quantity, unit, price, amount)
