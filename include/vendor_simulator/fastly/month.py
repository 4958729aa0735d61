"""What one Fastly customer used in one month, and the invoices for it. Pure: no clock, no randomness."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from vendor_simulator import exact, seeded_random
from vendor_simulator.fastly.accounts import FastlyAccount
from vendor_simulator.fastly.agreement import Piece
from vendor_simulator.fastly.meters import Meter
from vendor_simulator.fastly.model import (
    CORRECTION,
    FastlyMonth,
    Invoice,
    Line,
    UsageRow,
    invoice_number,
    statement_number,
)
from vendor_simulator.fastly.readings import Values
from vendor_simulator.months import Month

LONG_INVOICE_LINES = 5_000
TAX = Decimal("0.19")


def clean_month(seed: int, account: FastlyAccount, month: Month, raises: int, values: Values) -> FastlyMonth:
    """
    Build a month without any error.

    :param raises: how often the first meter's rate has gone up by 10 % until this month.
    :param values: how the account's documents answer what the contract leaves open.
    """
    used = charges(seed, account, month, raises)
    lines = _bill(seed, account, month, used, values)
    if not lines:
        return FastlyMonth(account, month, (), ())
    invoices = [_invoice(account, month, 0, posted_at(seed, account, month), lines, values)]
    if _is_corrected(account, month, values) and used:
        later = invoices[0].posted_at + timedelta(
            days=seeded_random.between(4, 9, seed, account.name, str(month), "later")
        )
        invoices.append(_invoice(account, month, CORRECTION, later, _correction(account, month, used), values))
    return FastlyMonth(account, month, tuple(invoices), usage_rows(used))


def charges(seed: int, account: FastlyAccount, month: Month, raises: int) -> tuple[Line, ...]:
    """List usage and fees of a whole month, before discount, minimum and credits; each line is rounded."""
    if not account.has_usage_in(month):
        return ()
    if account.agreement is not None:
        pieces = account.agreement.pieces(month, seed, account.name)
    else:
        pieces = _demo_pieces(seed, account, month, raises)
    return tuple(charge(meter, rate, units, account.currency) for meter, rate, units in pieces)


def charge(meter: Meter, rate: Decimal, units: Decimal, currency: str) -> Line:
    """Price some units of a meter."""
    kind = "usage" if meter.usage_type else "fee"
    return Line(kind, meter, rate, units, exact.money(exact.times(rate, units), currency))


def raised(rate: Decimal, raises: int) -> Decimal:
    """Raise a rate by 10 % that many times, with at most nine decimals."""
    for _ in range(raises):
        rate = exact.rounded(exact.times(rate, Decimal("1.1")), 9)
    return Decimal(exact.plain(rate))


def usage_rows(lines: tuple[Line, ...]) -> tuple[UsageRow, ...]:
    """Return the usage behind the lines: one row for each meter."""
    units: dict[Meter, Decimal] = {}
    for line in lines:
        if line.kind == "usage":
            units[line.meter] = exact.total((units.get(line.meter, Decimal(0)), line.units))
    return tuple(usage_row(meter, quantity) for meter, quantity in units.items())


def usage_row(meter: Meter, quantity: Decimal) -> UsageRow:
    """Return the metered usage of a meter."""
    return UsageRow(meter, quantity, exact.times(quantity, meter.raw_per_unit))


def total_of(account: FastlyAccount, lines: tuple[Line, ...], values: Values) -> Decimal:
    """Add up lines; the sum is rounded where they are not."""
    amount = exact.total(line.amount for line in lines)
    return amount if values["rounding"] == "line" else exact.money(amount, account.currency)


def flat(kind: str, name: str, group: str, amount: Decimal, coupon: str = "") -> Line:
    """Write a line whose one unit costs the whole amount."""
    return Line(kind, Meter(name, group, group, "", "", amount), amount, Decimal(1), amount, coupon)


def posted_at(seed: int, account: FastlyAccount, month: Month) -> datetime:
    """Return when the month's invoice is posted: on day 2 to 4 of the next month, or after the 20th if late."""
    key = (seed, account.name, str(month), "posted")
    late = account.late and month.index % 6 == 2
    day = seeded_random.between(20, 24, *key) if late else seeded_random.between(2, 4, *key)
    seconds = seeded_random.between(6 * 3600, 18 * 3600, *key, "second")
    return month.end + timedelta(days=day - 1, seconds=seconds)


def discounted(account: FastlyAccount, used: tuple[Line, ...], values: Values) -> tuple[Line, ...]:
    """Take off the account's discount, as a line of its own or from every rate."""
    share = account.agreement.discount if account.agreement else Decimal(0)
    if share and values["discount"] == "rates":
        used = tuple(_net(line, share, account.currency) for line in used)
    lines = tuple(map(_unrounded, used)) if values["rounding"] != "line" else used
    return (*lines, _discount(account, lines, share)) if share and lines and values["discount"] == "line" else lines


def _net(line: Line, share: Decimal, currency: str) -> Line:
    rate = exact.times(line.rate, 1 - share)
    return replace(line, rate=rate, list_rate=line.rate, amount=exact.money(exact.times(rate, line.units), currency))


def _bill(seed: int, account: FastlyAccount, month: Month, used: tuple[Line, ...], values: Values) -> tuple[Line, ...]:
    """Return all lines of the month's bill: charges, discount, then shortfall, credits and tax."""
    lines = discounted(account, used, values)
    credit = _credit(seed, account, month, lines)
    base = lines + credit if values["shortfall_base"] == "net" else lines
    lines += _shortfall(account, month, base) + credit
    return lines + _tax(account, lines, values["tax"])


def _unrounded(line: Line) -> Line:
    return replace(line, amount=exact.times(line.rate, line.units))


def _discount(account: FastlyAccount, lines: tuple[Line, ...], share: Decimal) -> Line:
    amount = exact.times(exact.total(line.amount for line in lines), share)
    return flat(
        "discount", f"Discount {exact.plain(share * 100)} %", "Discounts", -exact.money(amount, account.currency)
    )


def _shortfall(account: FastlyAccount, month: Month, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Return the line that fills the charges up to the account's minimum, if they are below it."""
    missing = exact.total((account.minimum_in(month), *(-line.amount for line in lines)))
    if missing <= 0:
        return ()
    return (flat("shortfall", "Commit shortfall", "Commitments", missing),)


def _credit(seed: int, account: FastlyAccount, month: Month, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    if not _is_credited(account, month):
        return ()
    worth = exact.total(line.amount for line in lines)
    share = Decimal(seeded_random.between(1, 900, seed, account.name, str(month), "credit")).scaleb(-4)
    amount = -exact.money(exact.times(worth, share), account.currency)
    coupon = f"SVC-CREDIT-{month}" if account.agreement is None or account.agreement.coupon else ""
    return (flat("credit", "Service credit", "Credits", amount, coupon),) if amount or account.credited else ()


def _is_credited(account: FastlyAccount, month: Month) -> bool:
    if account.agreement is None:
        return account.credited and month.index % 4 == 1
    return bool(account.agreement.credit) and month.index % account.agreement.credit == 1


def _tax(account: FastlyAccount, lines: tuple[Line, ...], form: str) -> tuple[Line, ...]:
    base = exact.total(line.amount for line in lines)
    if form == "none" or base <= 0:
        return ()
    amount = exact.money(exact.times(base, TAX), account.currency)
    line = flat("tax", "VAT 19 %", "Tax", amount)
    return (replace(line, rate=TAX, units=base) if form == "percent" else line,)


def _is_corrected(account: FastlyAccount, month: Month, values: Values) -> bool:
    if values["v3_correction"] == "credit" and account.api == "v3":
        return month.index % 2 == 0
    return account.corrected and month.index % 7 == 3


def _correction(account: FastlyAccount, month: Month, charged: tuple[Line, ...]) -> tuple[Line, ...]:
    return tuple(
        flat(
            "credit",
            f"Correction: {line.meter.name}",
            "Credits",
            -exact.money(exact.times(line.amount, Decimal("0.02")), account.currency),
            f"CORRECTION-{month}-{position}",
        )
        for position, line in enumerate(charged[:2], start=1)
    )


def _invoice(
    account: FastlyAccount, month: Month, which: int, posted: datetime, lines: tuple[Line, ...], values: Values
) -> Invoice:
    number = invoice_number(account, month, which)
    amount = total_of(account, lines, values)
    if values["rounding"] == "shown":
        lines = tuple(replace(line, amount=exact.money(line.amount, account.currency)) for line in lines)
    return Invoice(number, posted, month.start, month.end, account.currency, lines, amount, statement_number(number))


def _demo_pieces(seed: int, account: FastlyAccount, month: Month, raises: int) -> list[Piece]:
    pieces = []
    for position, meter in enumerate(_demo_meters(account, month)):
        rate = raised(meter.rate, raises) if position == 0 else meter.rate
        if meter.usage_type:
            units = seeded_random.around(meter.typical, meter.places, seed, account.name, str(month), meter.name)
        else:
            units = Decimal(1)
        pieces.append((meter, rate, units))
    return pieces


def _demo_meters(account: FastlyAccount, month: Month) -> tuple[Meter, ...]:
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
