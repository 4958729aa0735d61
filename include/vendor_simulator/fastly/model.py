"""What Fastly knows about one customer and one month: lines, invoices, usage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from vendor_simulator import exact
from vendor_simulator.fastly.accounts import FastlyAccount
from vendor_simulator.fastly.meters import Meter
from vendor_simulator.months import Month

CORRECTION = 1  # the last digit of a second invoice's id
SECOND_PRIMARY = 2
DUPLICATE = 3
_EPOCH = Month(2015, 1)


@dataclass(frozen=True, slots=True)
class Line:
    """
    One line of an invoice.

    :param kind: ``usage``, ``fee``, ``discount``, ``shortfall``, ``credit``, ``tax``; or ``voided``: it does not count.
    :param amount: rate times units, rounded half up to the currency's minor unit; negative for a credit.
    :param list_rate: the rate before a discount that lowers it.
    """

    kind: str
    meter: Meter
    rate: Decimal
    units: Decimal
    amount: Decimal
    coupon: str = ""
    list_rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Invoice:
    """
    One posted invoice.

    :param start: first instant of the period billed, UTC.
    :param end: first instant after it, UTC.
    :param total: as in the header, in ``currency``; the sum of the lines unless an error is planted.
    :param by_id: how the by-id document is, if it is not like the list's.
    :param apart: lines that are in the total and not among the items.
    :param customer_id: whose invoice it says it is, if not the account's.
    :param subtotal_off: how much more the v2 ``incurred_cost`` is than what it covers.
    :param changes_at: from when on it is ``changed``: another content, or None if it is not there any more.
    """

    invoice_id: int
    posted_at: datetime
    start: datetime
    end: datetime
    currency: str
    lines: tuple[Line, ...]
    total: Decimal
    statement_number: str
    by_id: Invoice | None = None
    apart: tuple[Line, ...] = ()
    customer_id: str = ""
    subtotal_off: Decimal = Decimal(0)
    changes_at: datetime | None = None
    changed: Invoice | None = None

    @property
    def month(self) -> Month:
        """The month that holds most of the period."""
        return Month.of(self.start + timedelta(days=1))

    @property
    def lines_total(self) -> Decimal:
        """Sum of the lines that count, in ``currency``."""
        return exact.total(line.amount for line in self.lines if line.kind != "voided")

    def at(self, now: datetime) -> Invoice | None:
        """Return what the vendor shows at a moment: None before the posting, and after a withdrawal."""
        if now < self.posted_at:
            return None
        return self.changed if self.changes_at is not None and now >= self.changes_at else self


@dataclass(frozen=True, slots=True)
class UsageRow:
    """Metered usage: ``quantity`` in billed units, ``raw_quantity`` in requests or bytes."""

    meter: Meter
    quantity: Decimal
    raw_quantity: Decimal


@dataclass(frozen=True, slots=True)
class FastlyMonth:
    """
    Everything the vendor knows about one customer and one month.

    :param listed_twice: the list has the first invoice as two rows.
    :param unlisted: rows that the list counts in its total and does not have.
    """

    account: FastlyAccount
    month: Month
    invoices: tuple[Invoice, ...]
    usage: tuple[UsageRow, ...]
    listed_twice: bool = False
    unlisted: int = 0


def invoice_number(account: FastlyAccount, month: Month, which: int) -> int:
    """Number an invoice: seven digits that hold the account, the month and which of the month's it is."""
    return 4_000_000 + account.number * 10_000 + (month.index - _EPOCH.index) * 10 + which


def account_number_of(invoice_id: int) -> int:
    """Return the number of the account that an id belongs to."""
    return (invoice_id - 4_000_000) // 10_000


def month_of(account: FastlyAccount, invoice_id: int) -> Month:
    """Return which month an id of this account would belong to."""
    return _EPOCH.shift((invoice_id - 4_000_000 - account.number * 10_000) // 10)


def statement_number(invoice_id: int) -> str:
    """Return the vendor's second number for an invoice."""
    return f"ST{invoice_id:08d}"
