"""What one Fastly customer used in one month, and the invoices for it. Pure: no clock, no randomness."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from vendor_simulator import exact, seeded_random
from vendor_simulator.fastly.accounts import FastlyAccount, Meter
from vendor_simulator.months import Month

LONG_INVOICE_LINES = 5_000
CORRECTION = 1  # the last digit of a second invoice's id
SECOND_PRIMARY = 2
_EPOCH = Month(2015, 1)


@dataclass(frozen=True, slots=True)
class Line:
    """
    One line of an invoice.

    :param kind: ``usage``, ``fee``, ``shortfall`` or ``credit``.
    :param amount: rate times units, rounded half up to the currency's minor unit; negative for a credit.
    """

    kind: str
    meter: Meter
    rate: Decimal
    units: Decimal
    amount: Decimal
    coupon: str = ""


@dataclass(frozen=True, slots=True)
class Invoice:
    """
    One posted invoice.

    :param start: first instant of the period billed, UTC.
    :param end: first instant after it, UTC.
    :param total: as in the header, in ``currency``; the sum of the lines unless an error is planted.
    :param by_id_description: the first line's description in the by-id document, if it differs.
    """

    invoice_id: int
    posted_at: datetime
    start: datetime
    end: datetime
    currency: str
    lines: tuple[Line, ...]
    total: Decimal
    by_id_description: str = ""

    @property
    def statement_number(self) -> str:
        """The vendor's second number for the same document."""
        return f"ST{self.invoice_id:08d}"

    @property
    def lines_total(self) -> Decimal:
        """Sum of the lines, in ``currency``."""
        return exact.total(line.amount for line in self.lines)


@dataclass(frozen=True, slots=True)
class UsageRow:
    """Metered usage: ``quantity`` in billed units, ``raw_quantity`` in requests or bytes."""

    meter: Meter
    quantity: Decimal
    raw_quantity: Decimal


@dataclass(frozen=True, slots=True)
class FastlyMonth:
    """Everything the vendor knows about one customer and one month."""

    account: FastlyAccount
    month: Month
    invoices: tuple[Invoice, ...]
    usage: tuple[UsageRow, ...]


def clean_month(seed: int, account: FastlyAccount, month: Month, raises: int) -> FastlyMonth:
    """
    Build a month without any error.

    :param raises: how often the first meter's rate has gone up by 10 % until this month.
    """
    if not account.has_usage_in(month):
        return FastlyMonth(account, month, (), ())
    lines = charges(seed, account, month, raises)
    usage = tuple(usage_row(line) for line in lines if line.kind == "usage")
    lines += (*shortfall(account, lines), *_credit(seed, account, month, lines))
    invoices = [_invoice(account, month, 0, posted_at(seed, account, month), lines)]
    if account.corrected and month.index % 7 == 3:
        later = invoices[0].posted_at + timedelta(
            days=seeded_random.between(4, 9, seed, account.name, str(month), "later")
        )
        invoices.append(_invoice(account, month, CORRECTION, later, _correction(account, month, lines)))
    return FastlyMonth(account, month, tuple(invoices), usage)


def charges(seed: int, account: FastlyAccount, month: Month, raises: int) -> tuple[Line, ...]:
    """List usage and fees of a whole month, before minimum and credits."""
    lines = []
    for position, meter in enumerate(_meters(account, month)):
        rate = raised(meter.rate, raises) if position == 0 else meter.rate
        if meter.usage_type:
            units = seeded_random.around(meter.typical, meter.places, seed, account.name, str(month), meter.name)
        else:
            units = Decimal(1)
        lines.append(charge(meter, rate, units, account.currency))
    return tuple(lines)


def charge(meter: Meter, rate: Decimal, units: Decimal, currency: str) -> Line:
    """Price some units of a meter."""
    kind = "usage" if meter.usage_type else "fee"
    return Line(kind, meter, rate, units, exact.money(exact.times(rate, units), currency))


def raised(rate: Decimal, raises: int) -> Decimal:
    """Raise a rate by 10 % that many times, with at most nine decimals."""
    for _ in range(raises):
        rate = exact.rounded(exact.times(rate, Decimal("1.1")), 9)
    return Decimal(exact.plain(rate))


def usage_row(line: Line) -> UsageRow:
    """Return the usage behind a line."""
    return UsageRow(line.meter, line.units, exact.times(line.units, line.meter.raw_per_unit))


def shortfall(account: FastlyAccount, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Return the line that fills the charges up to the account's minimum, if they are below it."""
    missing = exact.total((account.minimum, *(-line.amount for line in lines)))
    if missing <= 0:
        return ()
    return (flat("shortfall", "Commit shortfall", "Commitments", missing),)


def flat(kind: str, name: str, group: str, amount: Decimal, coupon: str = "") -> Line:
    """Write a line whose one unit costs the whole amount."""
    return Line(kind, Meter(name, group, group, "", "", amount), amount, Decimal(1), amount, coupon)


def invoice_number(account: FastlyAccount, month: Month, which: int) -> int:
    """Number an invoice: seven digits that hold the account, the month and which of the month's it is."""
    return 4_000_000 + account.number * 10_000 + (month.index - _EPOCH.index) * 10 + which


def month_of(account: FastlyAccount, invoice_id: int) -> Month:
    """Return which month an id of this account would belong to."""
    return _EPOCH.shift((invoice_id - 4_000_000 - account.number * 10_000) // 10)


def posted_at(seed: int, account: FastlyAccount, month: Month) -> datetime:
    """Return when the month's invoice is posted: on day 2 to 4 of the next month, or after the 20th if late."""
    key = (seed, account.name, str(month), "posted")
    late = account.late and month.index % 6 == 2
    day = seeded_random.between(20, 24, *key) if late else seeded_random.between(2, 4, *key)
    seconds = seeded_random.between(6 * 3600, 18 * 3600, *key, "second")
    return month.end + timedelta(days=day - 1, seconds=seconds)


def _meters(account: FastlyAccount, month: Month) -> tuple[Meter, ...]:
    if not (account.long and month.number == 3):
        return account.meters
    hosts = range(1, LONG_INVOICE_LINES - len(account.meters) + 1)
    return account.meters + tuple(_host_meter(number) for number in hosts)


def _host_meter(number: int) -> Meter:
    """Create a meter for one of thousands of hostnames, at some cents each, so that the long invoice is not larger."""
    rate = Decimal(50 + number % 50).scaleb(-7)
    group, line = "Custom Hostnames", "Network Services"
    name = f"Hostname {number:04d} Requests"
    return Meter(name, group, line, "Global", "requests", rate, Decimal(700 + number), 4, "hostname_usage")


def _invoice(account: FastlyAccount, month: Month, which: int, posted: datetime, lines: tuple[Line, ...]) -> Invoice:
    amount = exact.total(line.amount for line in lines)
    number = invoice_number(account, month, which)
    return Invoice(number, posted, month.start, month.end, account.currency, lines, amount)


def _credit(seed: int, account: FastlyAccount, month: Month, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    if not account.credited or month.index % 4 != 1:
        return ()
    worth = exact.total(line.amount for line in lines)
    share = Decimal(seeded_random.between(1, 900, seed, account.name, str(month), "credit")).scaleb(-4)
    amount = -exact.money(exact.times(worth, share), account.currency)
    return (flat("credit", "Service credit", "Credits", amount, f"SVC-CREDIT-{month}"),)


def _correction(account: FastlyAccount, month: Month, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    return tuple(
        flat(
            "credit",
            f"Correction: {line.meter.name}",
            "Credits",
            -exact.money(exact.times(line.amount, Decimal("0.02")), account.currency),
            f"CORRECTION-{month}-{position}",
        )
        for position, line in enumerate(lines[:2], start=1)
    )
