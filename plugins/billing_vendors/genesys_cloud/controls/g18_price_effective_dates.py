"""G18: one price is in force for the whole of a line's service, and ramps lie within the contract."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from billing.controls.aggregate import summarize_passes
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked, bound_of, not_applicable
from billing.matching.price_book import ChargeType, PricedItem
from billing.matching.receipts import Billed
from billing.matching.three_way import Match, items_of_line, reading_of_other_days
from billing.models import AccountMonth, Contract
from billing_vendors.genesys_cloud.controls.matched import Matched
from billing_vendors.genesys_cloud.settings import GenesysSettings

_SLACK, _END_SLACK = timedelta(days=1), timedelta(days=2)
"""How far a line's first day may be before that of its price, and its end after its price's end, as in G10."""


def lines_are_in_their_price_window(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    Find, for each line, the effective dates of the contract's prices for its product around its service, as far as
    the service lies in its billing period: G10 checks days outside. A price that changes within, or begins within, is
    no exception where the line's amount is one that G2 accepts. Also check each contract's ramp: it must lie within
    the contract.

        January, price from 1 January on                       -> PASS
        January, prices until 15 and from 16 January, equal    -> PASS
        January, prices until 15 and from 16 January, 130, 135 -> PASS if billed at one of them or by the day
        the same, another amount                               -> EXCEPTION: the price changes within the service
        January, price until 31 December                       -> EXCEPTION: no price is in force
        January, billed at the price until 31 December         -> EXCEPTION: another one is in force
        January, two overage prices in force                   -> PASS if billed at one of them, else EXCEPTION
        ramp from 1 January to 31 March, within the contract   -> PASS
        ramp until a day after the contract's end              -> EXCEPTION
        a line has no service dates, or a ramp has one end     -> BLOCKED
        no contract prices the product; a credit               -> NOT_APPLICABLE
    """
    account_month = evidence.account_month
    for contract in account_month.contracts:
        if contract.ramp_starts_on or contract.ramp_ends_on:
            yield _of_ramp(str(account_month.month), contract)
    if not account_month.invoices:
        yield not_applicable(str(account_month.month), "the month has no invoice")
        return
    matched = evidence.once(Matched)
    windows = _Windows(account_month, matched)
    findings: dict[str, list[Finding]] = defaultdict(list)
    for match in matched.matches:
        for billed in match.billed:
            findings[billed.invoice.invoice_id].append(windows.of_line(billed, match))
    for invoice in account_month.invoices:
        if found := findings.get(invoice.invoice_id):
            yield from summarize_passes(invoice.invoice_id, "lines", found)
        else:
            yield not_applicable(invoice.invoice_id, "it has no line with a price")


class _Windows:
    def __init__(self, account_month: AccountMonth, matched: Matched) -> None:
        self._matched = matched
        self._agreement = matched.price_book
        self._periods = account_month.billing_periods
        self._ramps = [
            (contract.contract_id, day)
            for contract in account_month.contracts
            for day in (contract.ramp_starts_on, contract.ramp_ends_on)
            if day is not None
        ]

    def of_line(self, billed: Billed, match: Match) -> Finding:
        line, subject = billed.line, billed.invoice.invoice_id
        what = f"line {line.position} ({line.description})"
        if line.service_start is None or line.service_end is None:
            return blocked(subject, f"{what} has no service dates")
        items = items_of_line(billed, match, self._agreement)
        if billed.charge_type is None or not items:
            return not_applicable(subject, f"{what}: no contract prices {line.product}")
        start, end = line.service_start, self._end_in_period(line.service_start, line.service_end)
        ramp = [str(day) for contract_id, day in self._ramps if contract_id in billed.contracts and start < day < end]
        judged = [
            self._under_contract(
                [each for each in items if each.contract_id == contract_id], billed.charge_type, start, end
            )
            for contract_id in sorted({each.contract_id for each in items})
        ]
        fault, prices = min(judged, key=lambda each: (each[0] is not None, not all(each[1])))
        operands = {"line": line.position, "from": str(start), "to": str(end), "ramp_bounds": ramp}
        operands |= {"prices": [", ".join(each) for each in prices]}
        reading = self._matched.reading(billed, match)  # how the contract gives the amount, as G2 finds it
        bound = bound_of(billed.invoice.currency, 1) or Decimal(0)
        if not fault and not reading and reading_of_other_days(billed, match, self._agreement, bound):
            fault = f"it is billed at a price that is not in force on {start}"
        if fault and reading and (all(prices) or reading.text):
            text = f"{what}, {start} to {end}: {fault}, but it is billed as the contract allows"
            return Finding(subject, State.PASS, text, operands=operands | {"reading": reading.text})
        if fault:
            return Finding(subject, State.EXCEPTION, f"{what}, {start} to {end}: {fault}", operands=operands)
        return Finding(subject, State.PASS, f"{what}: one price for its whole service", operands=operands)

    def _under_contract(
        self, items: list[PricedItem], charge_type: ChargeType, start: date, end: date
    ) -> tuple[str | None, list[list[str]]]:
        """Return what is wrong with one contract's prices during a service, and the prices on its days of change."""
        first = min(start + _SLACK, max(start, end - _END_SLACK))
        changes = sorted({day for each in items for day in _bounds(each) if first < day < end - _END_SLACK})
        prices = [_prices(items, charge_type, day) for day in (first, *changes)]
        return _fault(prices, charge_type, [start, *changes]), prices

    def _end_in_period(self, start: date, end: date) -> date:
        """Cut a service at the end of the billing period that it begins in; one billed in advance stays as it is."""
        ends = (period.ends_on for period in self._periods if period.starts_on <= start < period.ends_on)
        return min((min(end, last) for last in ends), default=end)


def _bounds(priced: PricedItem) -> list[date]:
    return [day for day in (priced.item.effective_start, priced.item.effective_end) if day is not None]


def _prices(items: list[PricedItem], charge_type: ChargeType, day: date) -> list[str]:
    """Return the prices in force on a day, with their quantities if amendments may be in force at once."""
    in_force = [each for each in items if each.in_force(day)]
    if charge_type is ChargeType.OVERAGE:
        found = sorted({each.price for each in in_force})
        return [str(price) for price in found if price or len(found) == 1]  # a fair use beside it has a price of 0
    return [f"{each.price} for {each.item.quantity}" for each in in_force]


def _fault(prices: list[list[str]], charge_type: ChargeType, days: list[date]) -> str | None:
    for day, found in zip(days, prices, strict=True):
        if not found:
            return f"no price is in force on {day}"
        if charge_type is ChargeType.OVERAGE and len(found) > 1:
            return f"{len(found)} overage prices are in force on {day}: {', '.join(found)}"
    if any(sorted(found) != sorted(prices[0]) for found in prices):
        return f"the price changes within the service, on {days[1]}"
    return None


def _of_ramp(subject: str, contract: Contract) -> Finding:
    name, begins, ends = contract.external_number, contract.ramp_starts_on, contract.ramp_ends_on
    if begins is None or ends is None:
        return blocked(subject, f"the ramp of contract {name} has no {'end' if ends is None else 'beginning'}")
    within = (contract.starts_on is None or contract.starts_on <= begins) and (
        contract.ends_on is None or ends <= contract.ends_on
    )
    good = begins < ends and within
    return Finding(
        subject,
        State.PASS if good else State.EXCEPTION,
        f"the ramp of contract {name}, {begins} to {ends} (end not included), "
        + ("lies within the contract" if good else "does not lie within the contract, or ends before it starts"),
        operands={"contract": contract.contract_id, "begins": str(begins), "ends": str(ends)},
    )


G18 = Control(
    "G18",
    "Lines lie in the window of their price",
    "valuation",
    "exception",
    lines_are_in_their_price_window,
    operands="effective dates of the contract's items, ramp dates, service dates of each line",
)
