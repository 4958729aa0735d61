"""F2: every line's amount is its rate times its units."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from billing.controls.checks.line_types import is_credit
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked, bound_of, compare_amounts, not_applicable, state_of
from billing.models import AccountMonth, Invoice, InvoiceLine
from billing.money import difference, product
from billing.names import name_key
from billing_vendors.fastly.controls.bill_totals import kept_shares
from billing_vendors.fastly.controls.scales import EVERY_SCALE, RAW, SCALES
from billing_vendors.fastly.lines import is_metered_by_more, is_tax, is_voided
from billing_vendors.fastly.settings import FastlySettings

_ROUNDINGS = 1  # the vendor rounds a line once
_AGREE = frozenset({State.PASS, State.PASS_WITHIN_ROUNDING})


@dataclass(frozen=True, slots=True)
class _Reading:
    """
    One way to read units and rate.

    :param scale: units that the rate is for: 10,000 where requests are counted one by one and priced by 10,000.
    :param kept: what a discount leaves of the rate.
    """

    scale: Decimal = RAW
    kept: Decimal = Decimal(1)

    @property
    def share(self) -> Decimal:
        """What rate x units is multiplied by; a scale is a power of ten."""
        return self.kept if self.scale == RAW else product(self.kept, Decimal(1).scaleb(-self.scale.adjusted()))

    def amount_of(self, line: InvoiceLine) -> Decimal | None:
        """Return what a line should charge; None if it states no rate or no units."""
        if line.rate is None or line.quantity is None:
            return None
        if self is _PLAIN:
            return product(line.rate, line.quantity)
        return product(product(line.rate, line.quantity), self.share)

    def __str__(self) -> str:
        discounted = "" if self.kept == 1 else f" with {self.kept:f} of the rate left by the discount"
        return f"rates are for {self.scale:f} units{discounted}"


_PLAIN = _Reading()


def amounts_are_rate_times_units(evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
    """
    Recompute each line; the vendor rounds a line once, by at most half a minor unit.

    Yields one finding for all lines that agree, and one for each that does not. A rate may be for 1,000, 10,000, 10^6,
    10^9 or 10^12 units, of other usage than requests and bandwidth for any power of ten, and a v2 discount may be in
    the amounts: one reading for all lines of a usage type and product group.

        rate 0.08, units 15234.5, amount 1218.76, USD    -> PASS
        rate 0.0075, units 41251, amount 309.38, USD     -> PASS_WITHIN_ROUNDING (309.3825)
        rate 0.0075, units 412510000, amount 309.38, USD -> PASS_WITHIN_ROUNDING: rates are for 10,000 units
        the same, and 0.0075 x 41251 = 309.38 beside it  -> EXCEPTION: two scales for one usage type
        rate 0.08, units 100, amount 9.00, USD           -> EXCEPTION
        units without a rate, or a rate without units    -> BLOCKED
        a credit or tax, or a line with neither of both  -> not recomputed
        no invoice, or no line has a rate                -> NOT_APPLICABLE
    """
    if not evidence.account_month.invoices:
        yield not_applicable(str(evidence.account_month.month), "the month has no invoice")
    for invoice in evidence.account_month.invoices:
        yield from _of_invoice(invoice, evidence.currency_of(invoice), _priced(evidence.account_month))


def _of_invoice(invoice: Invoice, currency: str, priced: frozenset[Decimal]) -> Iterator[Finding]:
    bound = bound_of(currency, _ROUNDINGS)
    # nearly all lines agree and are only counted: one finding for each would take most of the time
    states = Counter(state for line in invoice.lines if (state := _state(line, bound, _PLAIN)))
    readings: dict[tuple[str, str], _Reading] = {}
    if not states.keys() <= _AGREE:
        readings = _readings(invoice, bound, priced)
        judged = [(line, readings.get(_group(line), _PLAIN)) for line in invoice.lines]
        found = [(line, reading, _state(line, bound, reading)) for line, reading in judged]
        states = Counter(state for _, _, state in found if state)
        for line, reading, state in found:
            if state and state not in _AGREE:
                yield _of_line(invoice, line, currency, reading)
    agree, rounded = sum(states[state] for state in _AGREE), states[State.PASS_WITHIN_ROUNDING]
    others = sorted({str(reading) for reading in readings.values() if reading != _PLAIN})
    if agree:
        yield Finding(
            invoice.invoice_id,
            State.PASS_WITHIN_ROUNDING if rounded else State.PASS,
            f"{agree} of {len(invoice.lines)} lines recomputed, {rounded} of them within rounding"
            + "".join(f"; {each}" for each in others),
            bound=bound,
            currency=currency,
            operands={"lines": len(invoice.lines), "recomputed": agree, "within_rounding": rounded}
            | ({"readings": others} if others else {}),
        )
    elif not states:
        yield not_applicable(invoice.invoice_id, "no line has a rate to recompute")


def _priced(account_month: AccountMonth) -> frozenset[Decimal]:
    """Return the quantities that the usage metrics state in priced units: a rate is for one of them."""
    metrics = (line for report in account_month.usage_reports for line in report.lines)
    return frozenset(line.quantity for line in metrics if line.raw_quantity not in {None, line.quantity})


def _readings(invoice: Invoice, bound: Decimal | None, priced: frozenset[Decimal]) -> dict[tuple[str, str], _Reading]:
    """Return, for each group of metered lines, the reading by which most of them agree, if it is not the plain one."""
    groups: dict[tuple[str, str], list[InvoiceLine]] = defaultdict(list)
    for line in invoice.lines:
        if line.usage_type and _PLAIN.amount_of(line) is not None:
            groups[_group(line)].append(line)
    shares, found = kept_shares(invoice), {}
    for group, lines in groups.items():
        scales = EVERY_SCALE if all(map(is_metered_by_more, lines)) else SCALES
        every = [_Reading(scale, kept) for kept in shares for scale in scales]
        if all(_state(line, bound, _PLAIN) in _AGREE for line in lines):
            continue
        raw = [line for line in lines if line.quantity not in priced]
        votes = {
            reading: sum(_proves(line, bound, reading) for line in (lines if reading.scale == RAW else raw))
            for reading in every
        }
        # amounts of nothing prove no scale, but may be those of a large one
        found[group] = max(votes, key=votes.__getitem__) if any(votes.values()) else _fitting(raw, lines, bound, every)
    return found


def _fitting(
    raw: list[InvoiceLine], lines: list[InvoiceLine], bound: Decimal | None, readings: list[_Reading]
) -> _Reading:
    """Return the first reading by which all lines agree, or the plain one, as where a line's units are priced ones."""
    fit = (reading for reading in readings if all(_state(line, bound, reading) in _AGREE for line in lines))
    return next(fit, _PLAIN) if raw == lines else _PLAIN


def _proves(line: InvoiceLine, bound: Decimal | None, reading: _Reading) -> bool:
    """Return whether a line agrees by a reading, and not only because it comes to nothing."""
    expected = reading.amount_of(line)
    worth = expected is not None and abs(expected) > (bound or 0)
    return worth and _state(line, bound, reading) in _AGREE


def _group(line: InvoiceLine) -> tuple[str, str]:
    """Return whose lines have one scale; a line without usage type has the plain one."""
    return (name_key(line.usage_type), name_key(line.product_group)) if line.usage_type else ("", "")


def _state(line: InvoiceLine, bound: Decimal | None, reading: _Reading) -> State | None:
    """Return the state of one line; None for one that is an amount and not a price times a quantity."""
    expected = reading.amount_of(line)
    if expected is None:
        return None if _is_amount_alone(line) else State.BLOCKED
    state = state_of(difference(line.amount, expected), bound)
    if state in _AGREE or not is_tax(line):
        return state
    return None  # such as 19 x 100.00 for 19 %


def _is_amount_alone(line: InvoiceLine) -> bool:
    neither = line.rate is None and line.quantity is None
    return neither or is_credit(line) or is_voided(line) or is_tax(line)


def _of_line(invoice: Invoice, line: InvoiceLine, currency: str, reading: _Reading) -> Finding:
    """Return the finding of a line that does not agree."""
    subject, what = invoice.invoice_id, f"line {line.position} ({line.description})"
    expected = reading.amount_of(line)
    if expected is None:
        return blocked(subject, f"{what} has no {'rate' if line.rate is None else 'units'}")
    scaled = "" if reading == _PLAIN else f", as {reading}"
    found = compare_amounts(
        subject,
        f"{what}, {line.quantity} x {line.rate}{scaled}",
        expected=expected,
        actual=line.amount,
        currency=currency,
        roundings=_ROUNDINGS,
    )
    return replace(found, operands={"line": line.position, "rate": line.rate, "units": line.quantity})


F2 = Control(
    "F2",
    "Each line's amount is rate x units",
    "accuracy",
    "exception",
    amounts_are_rate_times_units,
    operands="rate x units, amount of each line",
)
