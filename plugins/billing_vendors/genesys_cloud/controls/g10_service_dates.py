"""G10: billed services lie in the contract and in this billing period or the next one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, timedelta

from billing.controls.aggregate import summarize_passes
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked, not_applicable
from billing.matching.price_book import ChargeType, PriceBook
from billing.matching.service_months import Span, whole_months_about
from billing.models import AccountMonth, Contract, ContractBillingPeriod, Invoice, InvoiceLine
from billing.month import Month
from billing_vendors.genesys_cloud.matching_terms import TERMS
from billing_vendors.genesys_cloud.settings import GenesysSettings

_ONE_DAY = timedelta(days=1)
_SLACK, _END_SLACK = _ONE_DAY, 2 * _ONE_DAY
"""By how much a line's days may differ: another time zone has both a day early or late; an end may also be written as
the day after the last one."""


def service_dates_are_in_period(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    Check that each line's service dates lie in one billing period of the month, or in the one after it (billed in
    advance), and within the contract, a day or two more or less. A prepayment may be for more months, as far as the
    contract says it is charged. A credit may be for earlier days.

        period 1 to 31 Jan, line 1 to 31 Jan             -> PASS (arrears)
        period 1 to 31 Jan, line 1 to 28 Feb             -> PASS (advance)
        period 1 to 31 Jan, prepaid 1 Jan to 31 Mar, charged through 31 Mar -> PASS
        period 1 to 31 Jan, line 31 Dec to 30 Jan        -> PASS: a day early
        period 1 to 31 Jan, line 1 to 31 Dec             -> EXCEPTION
        the line ends before it starts                   -> EXCEPTION
        the line has no service dates                    -> BLOCKED
        the contract of the period was not read          -> BLOCKED
        no billing period of the line's contract ends in the month -> BLOCKED
    """
    account_month = evidence.account_month
    if not account_month.invoices:
        yield not_applicable(str(account_month.month), "the month has no invoice")
    check = _Check(account_month, PriceBook(account_month.contracts, account_month.billing_periods))
    for invoice in account_month.invoices:
        if not account_month.billing_periods:
            yield blocked(invoice.invoice_id, "no billing period of a contract ends in the month")
        elif not invoice.lines:
            yield not_applicable(invoice.invoice_id, "the invoice has no lines")
        else:
            yield from summarize_passes(
                invoice.invoice_id, "lines", (check.of_line(invoice, line) for line in invoice.lines)
            )


class _Check:
    """A month's billing periods and contracts, and what they say of a line's days."""

    def __init__(self, account_month: AccountMonth, price_book: PriceBook) -> None:
        self._periods = account_month.billing_periods
        self._contracts = {contract.contract_id: contract for contract in account_month.contracts}
        self._price_book = price_book
        self._near = account_month.month.shifted(-1).first_day
        self._spans = _spans_of(account_month.invoices)
        self._long_terms: dict[tuple[object, ...], bool] = {}

    def of_line(self, invoice: Invoice, line: InvoiceLine) -> Finding:
        subject, what = invoice.invoice_id, f"line {line.position} ({line.description})"
        start, end = line.service_start, line.service_end
        if start is None or end is None:
            return blocked(subject, f"{what} has no service dates")
        fitting = [
            period for period in self._periods if start < end and self._fits(period, invoice, line, (start, end))
        ]
        known = [contract for period in fitting if (contract := self._contracts.get(period.contract_id)) is not None]
        operands = {"line": line.position, "start": str(start), "end": str(end)}
        if any(_runs(contract, start, end) for contract in known):
            return Finding(subject, State.PASS, f"{what} lies in its billing period or the next one", operands=operands)
        if len(known) < len(fitting):
            return blocked(subject, f"{what}: the contract of its billing period was not read")
        if without := self._without_period(invoice, start, end):
            return blocked(
                subject, f"{what}: the vendor lists no billing period of contract {without} that ends in the month"
            )
        text = (
            f"{what} bills {start} to {end} (end not included), outside the month's billing periods and the next ones, "
            "or outside the contract"
        )
        return Finding(subject, State.EXCEPTION, text, operands=operands)

    def _fits(self, period: ContractBillingPeriod, invoice: Invoice, line: InvoiceLine, service: Span) -> bool:
        """Return whether a service lies in the billing period, in the one after it, or in a longer prepaid term."""
        start, end = service
        arrears = period.starts_on - _SLACK <= start and end <= period.ends_on + _END_SLACK
        advance = period.ends_on - _SLACK <= start and end <= _a_month_after(period.ends_on) + _END_SLACK
        earlier = (line.amount < 0 or invoice.kind == "credit_memo") and end <= period.ends_on + _END_SLACK
        if arrears or advance or earlier:
            return True
        name = (line.attributes.get("product") or {}).get("name") or line.description
        key = (
            period.billing_period_id,
            invoice.invoice_id,
            line.product,
            name,
            service,
        )  # thousands of lines are alike
        if key not in self._long_terms:
            terms = _terms(self._spans[invoice.invoice_id, line.product], service)
            self._long_terms[key] = any(self._is_long_term(period, line, name, term) for term in terms)
        return self._long_terms[key]

    def _is_long_term(self, period: ContractBillingPeriod, line: InvoiceLine, name: str, service: Span) -> bool:
        start, end = service
        ours = frozenset({period.contract_id})
        product = self._price_book.product(line.product, name) if line.product else self._price_book.product_in(name)
        products = [product] if product else self._price_book.products()
        items = [each.item for named in products for each in self._price_book.items(named, ChargeType.PREPAID, ours)]
        contract, through = self._contracts.get(period.contract_id), [item.charged_through for item in items]
        ends = {item.effective_end for item in items} | {contract.ends_on if contract else None} | {*through}
        begins = {item.effective_start for item in items} | {contract.starts_on if contract else None}
        whole = bool(whole_months_about(start, end, 2) or whole_months_about(period.ends_on, end, 2))
        whole = whole or _is_one_of(end, ends)
        whole = whole or (_is_one_of(start, begins) and _is_one_of(end, {period.ends_on}))
        charged = any(day is None or end - _ONE_DAY <= day + _END_SLACK for day in through)
        meets = period.starts_on - _SLACK <= start <= period.ends_on + _SLACK or _is_one_of(end, {period.ends_on})
        return bool(items and whole and charged and (meets or _begins_within_term(period, service, begins)))

    def _without_period(self, invoice: Invoice, start: date, end: date) -> str | None:
        """Return a contract that the invoice may be under and that has no billing period in the month."""
        known = {period.contract_id for period in self._periods}
        for contract_id in sorted(self._price_book.contracts_of(TERMS.purchase_order(invoice)) - known):
            contract = self._contracts[contract_id]
            if start < end and end > self._near and _runs(contract, start, end):
                return contract.external_number or contract_id
        return None


def _spans_of(invoices: Iterable[Invoice]) -> dict[tuple[str, str | None], list[Span]]:
    """Return the different days that an invoice's lines of one product are for, in order."""
    found: dict[tuple[str, str | None], set[Span]] = defaultdict(set)
    for invoice in invoices:
        for line in invoice.lines:
            if line.service_start and line.service_end:
                found[invoice.invoice_id, line.product].add((line.service_start, line.service_end))
    return {key: sorted(spans) for key, spans in found.items()}


def _terms(spans: Sequence[Span], service: Span) -> Iterator[Span]:
    """Yield the days of a line, alone and with adjoining lines of its product: a price may change within a term."""
    starts, ends = [service[0]], [service[1]]
    for first, after in spans:
        if first == ends[-1]:
            ends.append(after)
    for first, after in reversed(spans):
        if after == starts[-1]:
            starts.append(first)
    return ((start, end) for start in starts for end in ends)


def _is_one_of(day: date, days: Collection[date | None]) -> bool:
    return any(each is not None and abs(each - day) <= _END_SLACK for each in days)


def _begins_within_term(period: ContractBillingPeriod, service: Span, begins: Collection[date | None]) -> bool:
    """Return whether a service is the rest of a term after the period, from the first cycle of an item of its."""
    start, end = service
    in_force = any(day and day - _SLACK <= start <= _a_month_after(day) + _SLACK for day in begins)
    return in_force and bool(
        whole_months_about(period.ends_on, start, 2) and whole_months_about(period.ends_on, end, 2)
    )


def _runs(contract: Contract, start: date, end: date) -> bool:
    begun = contract.starts_on is None or contract.starts_on <= start + _SLACK
    return begun and (contract.ends_on is None or end - _END_SLACK <= contract.ends_on)


def _a_month_after(day: date) -> date:
    """
    Return the day a month later, the last one that some reading allows.

    A day that the next month does not have is its last day, or the first of the month after; the last day of a short
    month may itself stand for a later one.

        21 January                     -> 21 February
        30 January                     -> 1 March
        28 February, not a leap year   -> 31 March
    """
    following = Month.of(day).shifted(1)
    last = (following.shifted(1).first_day - following.first_day).days
    if day.day > last:
        return following.shifted(1).first_day
    wanted = 31 if (day + _ONE_DAY).day == 1 and day.day < last else day.day
    return date(following.year, following.month, min(wanted, last))


G10 = Control(
    "G10", "Service dates lie in the contract and its period", "cut-off", "exception", service_dates_are_in_period
)
