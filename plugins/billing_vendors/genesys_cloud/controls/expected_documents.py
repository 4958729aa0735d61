"""
Find the document that bills something: among the month's own, or the account's other stored ones.

G5 and G29 both ask this, so that they say the same of a document that is not there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked, not_applicable
from billing.matching.price_book import ChargeType, PriceBook, PricedItem, Purpose, purpose_of
from billing.matching.receipts import Billed, Receipt, billed_lines, receipts_of
from billing.matching.service_months import Span, whole_months, whole_months_about
from billing.models import Contract, ContractBillingPeriod, ContractItem
from billing.money import negated
from billing.month import Month
from billing.names import name_key
from billing_vendors.genesys_cloud.matching_terms import TERMS
from billing_vendors.genesys_cloud.settings import GenesysSettings

_ONE_DAY = timedelta(days=1)
_NEXT = timedelta(days=28)
_LONG_TERMS = (12, 6, 3)
"""Months that a prepayment may be for, besides one billing period."""


@dataclass(frozen=True, slots=True)
class Due:
    """
    What should be billed by some document.

    :param product: its key, see ``PriceBook.product``.
    :param service: the days that it is for.
    :param amount: what is expected, in ``currency``; None if unknown.
    :param items: the contract items that it is by; none for a charge.
    """

    subject: str
    product: str
    sku: str
    charge_type: ChargeType
    contract_id: str
    service: Span
    amount: Decimal | None
    currency: str | None
    items: tuple[PricedItem, ...] = ()

    @property
    def is_once(self) -> bool:
        """Whether it is bought once, not for each billing period."""
        return any(purpose_of(each.item) is Purpose.ONE_TIME for each in self.items)


class Documents:
    """The lines of a month's own documents and of the other stored ones, and what they say of something due."""

    def __init__(self, evidence: Evidence[GenesysSettings], price_book: PriceBook) -> None:
        account_month = evidence.account_month
        received = tuple(receipts_of(account_month.billing_periods, price_book, TERMS))
        about = price_book, TERMS, received, account_month.billing_periods
        self._evidence, self._price_book = evidence, price_book
        self._own = tuple(billed_lines(account_month.invoices, *about))
        self._others = tuple(billed_lines(evidence.other_documents, *about))
        self._own_by_product, self._others_by_product = _by_product(self._own), _by_product(self._others)

    def own(self, due: Due) -> list[Billed]:
        """Return the lines of the month's own documents that may bill it."""
        return self._billing(due, self._own_by_product)

    def others(self, due: Due) -> list[Billed]:
        """Return the lines of other stored documents that may bill it."""
        return self._billing(due, self._others_by_product)

    def _billing(self, due: Due, by_product: Mapping[str, Sequence[Billed]]) -> list[Billed]:
        """Return the lines that may bill something; what is bought once has a line of its own amount."""
        once = [
            amount_of([each])
            for each in self._price_book.items(due.product, due.charge_type, frozenset({due.contract_id}))
            if purpose_of(each.item) is Purpose.ONE_TIME
        ]
        found = [each for each in by_product.get(due.product, ()) if bills(each, due)]
        if due.is_once:
            return [each for each in found if due.amount in once and _is_near(due.amount, each.line.amount)]
        return [
            each
            for each in found
            if _is_near(due.amount, each.line.amount) or not any(_is_near(one, each.line.amount) for one in once)
        ]

    def next_in_advance(self, due: Due) -> Due | None:
        """
        Return what a prepayment makes due for the next period, if the document of an earlier month billed this one
        alone, in advance: then this month's documents bill the next one. None if the contract or its items end before.
        """
        month, (start, end) = self._evidence.account_month.month, due.service
        items = self._items_after(due)
        ahead = [each.line for each in self.others(due) if each.invoice.month < month]
        alone = any(
            line.service_start
            and line.service_end
            and start - _ONE_DAY <= line.service_start
            and line.service_end <= end + _ONE_DAY
            for line in ahead
        )
        if self.own(due) or not alone or not items:
            return None
        return replace(due, service=(end, end + _NEXT), items=items, amount=amount_of(items))

    def _items_after(self, due: Due) -> tuple[PricedItem, ...]:
        """Return the items that prepay the period after the one due; none if the contract is over by then."""
        end, contract = due.service[1], self._contract(due)
        over = contract.ends_on <= end if contract.ends_on else name_key(contract.status) == "inactive"
        return () if over else tuple(each for each in due.items if each.in_force(end))

    def _contract(self, due: Due) -> Contract:
        return next(each for each in self._evidence.account_month.contracts if each.contract_id == due.contract_id)

    def absent(self, due: Due, what: str) -> Finding:
        """
        Return the finding of something that no stored document bills.

            before the end of the account's posting day                              -> BLOCKED: awaited
            a prepayment that is billed in advance, in the account's first month     -> NOT_APPLICABLE
            a prepayment whose document may be one of a month that is not stored     -> BLOCKED, names the month
            a line of no product for these days, that nothing else explains          -> BLOCKED
            else                                                                     -> EXCEPTION
        """
        amount = "an unknown amount" if due.amount is None else f"{due.amount:f} {due.currency or ''}".strip()
        deadline = self._evidence.account.posting_deadline(self._evidence.account_month.month)
        if self._evidence.as_of is not None and self._evidence.as_of < deadline:
            awaited = f"one is expected by {deadline:%Y-%m-%d}"
            return blocked(due.subject, f"{what}: no document bills it yet ({amount}); {awaited}")
        if self._is_before_the_account(due):
            reason = f"billed in advance before the account's first month {self._evidence.account.first_month}"
            return not_applicable(due.subject, f"{what}: {reason}, as the next period is by now ({amount})")
        if elsewhere := self._may_be_elsewhere(due):
            return blocked(due.subject, f"{what}: no stored document bills it ({amount}); {elsewhere}")
        if nameless := self._of_no_product(due):
            return blocked(
                due.subject, f"{what}: lines of no product may bill it ({amount}): {', '.join(nameless[:5])}"
            )
        return Finding(
            due.subject,
            State.EXCEPTION,
            f"{what}: {amount} for {due.service[0]} to {due.service[1] - _ONE_DAY}, which no stored document bills",
            expected=due.amount,
            actual=Decimal(0),
            difference=None if due.amount is None else negated(due.amount),
            currency=due.currency,
            operands={"contract": due.contract_id, "sku": due.sku, "charge_type": str(due.charge_type)},
        )

    def _may_be_elsewhere(self, due: Due) -> str | None:
        """Return why the document of a prepayment may be one of a month that is not stored; None if it is not so."""
        month, first = self._evidence.account_month.month, self._evidence.account.first_month
        if due.charge_type is not ChargeType.PREPAID or due.is_once:
            return None
        oldest = first if self._evidence.previous is not None else month
        if oldest == month and self._may_bill_ahead(due):
            return f"it is billed in advance, and {month.shifted(-1)} is not stored"
        seen = self._months_billed(due)
        for months in [] if 1 in seen else sorted(seen, reverse=True) or _LONG_TERMS:
            begins, last = self._term(due, months)
            if begins is not None and begins.shifted(-1) < oldest and not self._begins_with_contract(due, begins):
                return f"it may have been billed for {months} months before {oldest}, the first month that is stored"
            if last is not None and last > month:
                return f"it may be billed for {months} months at their end, with {last}"
        return None

    def _term(self, due: Due, months: int) -> tuple[Month | None, Month | None]:
        """
        Return the months of the first and of the last billing period of the longer term that a prepayment may be for;
        None if it is not charged in such terms: the day through which it is charged must be the last of one, or a day
        later.
        """
        contract = self._contract(due)
        starts = Month.of(due.service[0])
        later = _months_between(starts, self._evidence.account_month.month)
        for item, after in _days_after(due.items):
            ends = (each for each in (item.effective_end, contract.ends_on) if each)
            open_end = after is None or any(abs(after - each) <= _ONE_DAY for each in ends)
            if not open_end and after and not any(_adjoin(day, after) for day in due.service):
                continue
            for anchor in (each for day in (contract.starts_on, item.effective_start) if day for each in _near(day)):
                if open_end or (after and _months_between(anchor, Month.of(after)) % months == 0):
                    begins = starts.shifted(later - _months_between(anchor, starts) % months)
                    return begins, begins.shifted(months - 1)
        return None, None

    def _begins_with_contract(self, due: Due, begins: Month) -> bool:
        """Return whether a term's first month is the contract's first: what is billed before it belongs to it."""
        contract = self._contract(due)
        month = self._evidence.account_month.month
        return begins == month and contract.starts_on is not None and contract.starts_on >= due.service[0]

    def _months_billed(self, due: Due) -> set[int]:
        """
        Return for how many months at once the product's prepayments are billed on stored documents.

        What is for any other time begins or ends with its contract: how long the whole term is, it does not show.
        """
        previous = self._evidence.previous
        received = tuple(receipts_of(previous.billing_periods, self._price_book, TERMS)) if previous else ()
        before = billed_lines(previous.invoices, self._price_book, TERMS, received) if previous else ()
        by_invoice: dict[str, list[Span]] = defaultdict(list)
        for billed in (*self._own, *self._others, *before):
            start, end = billed.line.service_start, billed.line.service_end
            ours = billed.product == due.product and billed.charge_type is ChargeType.PREPAID
            if ours and due.contract_id in billed.contracts and start and end and start < end - _ONE_DAY:
                by_invoice[billed.invoice.invoice_id].append((start, end))
        wholes = [(min(start for start, _ in spans), max(end for _, end in spans)) for spans in by_invoice.values()]
        return {1, *_LONG_TERMS} & {whole_months_about(start, end) for start, end in wholes}

    def _of_no_product(self, due: Due) -> list[str]:
        """Return the documents with a line for days of it that names no product, and that nothing else explains."""
        nameless = (each for each in (*self._own, *self._others) if not each.product and not each.line.product)
        found = (each for each in nameless if bills(replace(each, charge_type=None), due))
        return sorted({each.invoice.invoice_id for each in found if each.line.service_start})

    def _is_before_the_account(self, due: Due) -> bool:
        first_month = self._evidence.account_month.month <= self._evidence.account.first_month
        return first_month and due.charge_type is ChargeType.PREPAID and not due.is_once and self._may_bill_ahead(due)

    def _may_bill_ahead(self, due: Due) -> bool:
        """Return whether the month's own documents bill the product for later days, or there are no later days."""
        if not self._items_after(due):
            return True
        ours = (each for each in self._own if (each.product, each.charge_type) == (due.product, ChargeType.PREPAID))
        return any(each.line.service_start and each.line.service_start >= due.service[1] - _ONE_DAY for each in ours)


def _by_product(lines: Iterable[Billed]) -> Mapping[str, Sequence[Billed]]:
    found: dict[str, list[Billed]] = defaultdict(list)
    for each in lines:
        found[each.product].append(each)
    return found


def bills(billed: Billed, due: Due) -> bool:
    """Return whether a line of the product may bill it: its way of payment, contract and days."""
    if due.contract_id not in billed.contracts or billed.charge_type not in (due.charge_type, None):
        return False
    start, end = billed.line.service_start, billed.line.service_end
    if start is None or end is None:
        return True
    days = (min(end, due.service[1]) - max(start, due.service[0])).days
    if due.is_once:
        return days >= 0
    return days >= min(2, (end - start).days, (due.service[1] - due.service[0]).days)  # one may be of another time zone


def _is_near(one: Decimal | None, other: Decimal) -> bool:
    return one is not None and abs(one - other) < 1


def of_receipt(receipt: Receipt, price_book: PriceBook) -> Due:
    """Return what a charge, a wallet's overage or a prepayment of a billing period is due."""
    period = receipt.billing_period
    if receipt.charge_type is ChargeType.PREPAID:
        return of_prepayment(period, receipt.sku, receipt.product, price_book)
    return Due(
        period.billing_period_id,
        receipt.product,
        receipt.sku,
        receipt.charge_type,
        period.contract_id,
        (period.starts_on, period.ends_on),
        receipt.charged,
        receipt.currency,
    )


def of_prepayment(period: ContractBillingPeriod, sku: str, product: str, price_book: PriceBook) -> Due:
    """Return what a contract prepays of a product in a billing period, by its recurring items in force then."""
    items = tuple(
        each
        for each in price_book.items(product, ChargeType.PREPAID, frozenset({period.contract_id}))
        if purpose_of(each.item) is Purpose.PREPAID and _has_day(each, (period.starts_on, period.ends_on))
    )
    return Due(
        period.billing_period_id,
        product,
        sku,
        ChargeType.PREPAID,
        period.contract_id,
        _days(items, (period.starts_on, period.ends_on)),
        amount_of(items),
        next((each.item.currency for each in items), None),
        items,
    )


def amount_of(items: Iterable[PricedItem]) -> Decimal | None:
    """Return what items cost in a billing period before any discount; None if one has no quantity or there is none."""
    priced = [(each.price, each.item.quantity) for each in items]
    known = [price * quantity for price, quantity in priced if quantity is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(priced) else None


def _days_after(items: Iterable[PricedItem]) -> Iterator[tuple[ContractItem, date | None]]:
    """Yield each item with the day after those it is charged for: after the vendor's day, or that day itself."""
    for item in (priced.item for priced in items):
        if item.charged_through is None:
            yield item, None
        else:
            yield item, item.charged_through + _ONE_DAY
            yield item, item.charged_through


def _has_day(priced: PricedItem, days: Span) -> bool:
    start, end = priced.item.effective_start, priced.item.effective_end
    return (start is None or start < days[1]) and (end is None or end > days[0])


def _days(items: Sequence[PricedItem], days: Span) -> Span:
    """Return the days of a period on which any of the items is in force."""
    if not items:
        return days
    start = min(each.item.effective_start or days[0] for each in items)
    end = max(each.item.effective_end or days[1] for each in items)
    return max(days[0], start), min(days[1], end)


def _near(day: date) -> tuple[Month, Month]:
    """Return the months in which the billing period that has a contract's first day may begin."""
    return Month.of(day), Month.of(day).shifted(-1)


def _adjoin(starts: date, after: date) -> bool:
    """Return whether two days may begin billing periods of one contract."""
    return starts == after or bool(whole_months(*sorted((starts, after))))


def _months_between(one: Month, other: Month) -> int:
    return (other.year - one.year) * 12 + other.month - one.month
