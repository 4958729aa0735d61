"""
Assign a Genesys Cloud invoice to a month, in one pure function, as every stored figure depends on it.

An invoice of this vendor names neither a billing period nor a contract. It has a date, perhaps a purchase order, and
lines with service dates. Two rules apply to every document: it belongs to exactly one month, and its date is within
those that the run of that month looks at (`search_window`). Otherwise a document would be counted twice, or belong
to a month that is not fetched again.

So the lines' service dates decide only among the periods that ended around the invoice's date: a bill may be dated a
day before its period ends or a period late, and the vendor may not list its period. Where the lines fit none of these,
the date alone decides, and so it does for a credit memo unless its period ends a day or two later. A memo of November
for services of March would, by its lines, belong to March: a month reconciled long ago, whose run never requests
documents dated in November. By its date it belongs to October, the month that was last billed when the memo was
written. The service dates stay on the lines, for splitting costs by service month, and whether they support the
decision is stored with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from billing.month import Month
from billing.names import name_key

_ONE_DAY = timedelta(days=1)
_EARLY, _LATE = timedelta(days=7), timedelta(days=45)
"""How long before or after the end of its period an invoice may be dated for its lines to decide."""
_NEXT = timedelta(days=28)
"""A line that begins within these days after a period is billed with it in advance."""


@dataclass(frozen=True, slots=True)
class BillingCycle:
    """
    One billing period of a contract, of any length.

    :param starts_on: its first day; None if the vendor names none.
    :param ends_on: the day after its last day.
    """

    period_id: str
    contract_id: str
    starts_on: date | None
    ends_on: date
    status: str | None = None

    @property
    def month(self) -> Month:
        """The calendar month that contains its last day."""
        return Month.of(self.ends_on - _ONE_DAY)

    def overlaps(self, month: Month) -> bool:
        """Return whether any of its days lies in a calendar month."""
        begun = self.starts_on is None or self.starts_on < month.shifted(1).first_day
        return begun and self.ends_on > month.first_day

    def bills(self, service: Service) -> bool:
        """Return whether a service begins in this period or soon after it, or ends with it: in arrears, or ahead."""
        starts_on = min(service.starts_on + _ONE_DAY, service.ends_on - _ONE_DAY)  # another zone's day may be earlier
        begun = self.starts_on is None or self.starts_on <= starts_on
        ends_with = abs(service.ends_on - self.ends_on) <= _ONE_DAY
        return (begun and starts_on < self.ends_on + _NEXT) or ends_with

    def holds(self, service: Service) -> bool:
        """Return whether a service interval lies completely in this period."""
        return (self.starts_on is None or self.starts_on <= service.starts_on) and service.ends_on <= self.ends_on

    def __str__(self) -> str:
        first = self.starts_on or "an unknown day"
        if not self.period_id:
            return f"the days {first} to {self.ends_on - _ONE_DAY} of its lines, of which no billing period is listed"
        return f"billing period {self.period_id} ({first} to {self.ends_on - _ONE_DAY}) of contract {self.contract_id}"


@dataclass(frozen=True, slots=True)
class ContractTerm:
    """
    A contract, as far as the month of an invoice depends on it.

    :param starts_on: its first day; None if the vendor names none.
    :param cycles: its billing periods that have an end, in any order.
    :param exclusive_ends: the vendor writes the day after a period's last day as its end.
    """

    contract_id: str
    starts_on: date | None
    purchase_orders: tuple[str, ...]
    cycles: tuple[BillingCycle, ...]
    exclusive_ends: bool = False

    @property
    def first_cycle(self) -> BillingCycle | None:
        """
        The contract's first billing period; None if it is not among the known ones.

        A vendor may keep the latest periods only; then the oldest of those is not the first.
        """
        oldest = min(self.cycles, key=lambda cycle: cycle.ends_on, default=None)
        if oldest and self.starts_on and oldest.starts_on and oldest.starts_on > self.starts_on:
            return None
        return oldest


@dataclass(frozen=True, slots=True)
class Service:
    """The days that one invoice line bills, half-open; a line without both dates has none."""

    starts_on: date
    ends_on: date

    def shifted(self, days: int) -> Service:
        """Return it so many days later."""
        return Service(self.starts_on + timedelta(days), self.ends_on + timedelta(days))


@dataclass(frozen=True, slots=True)
class Decision:
    """
    The month of one document.

    :param evidence: why, in one sentence that names the billing period and what the lines say about it.
    """

    month: Month
    evidence: str


def search_window(month: Month) -> tuple[date, date]:
    """
    Return the first and the last invoice date that a run of this month looks at.

    From the month before (a contract's first invoice may be dated before the contract begins) to the second month
    after (a period may be invoiced late). No document outside belongs to the month.

        2026-10  -> 2026-09-01, 2026-12-31
    """
    return month.shifted(-1).first_day, month.shifted(3).first_day - _ONE_DAY


def requested_dates(month: Month) -> tuple[date, date]:
    """
    Return the dates between which a run of this month requests the invoices: those of the search window, and a year of
    service before and after. Which date the vendor's list filters by is unknown; it may be that of the service, and a
    prepayment may be for a year.

        2026-10  -> 2025-09-01, 2027-12-31
    """
    return month.shifted(-13).first_day, month.shifted(15).first_day - _ONE_DAY


def month_by_date(
    invoiced_on: date, purchase_order: str | None, terms: Sequence[ContractTerm]
) -> tuple[Month, BillingCycle] | None:
    """
    Return the month by the invoice's date alone: the billing period that ended last on or before it.

    None if no period had ended yet, or the last one ended so long ago that its month's run would not see the date.
    """
    cycles = [cycle for term in _named(purchase_order, terms) for cycle in term.cycles]
    ended = [cycle for cycle in cycles if cycle.ends_on <= invoiced_on]
    if not ended:
        return None
    last = max(ended, key=_by_end)
    return (last.month, last) if _in_window(last.month, invoiced_on) else None


def possible_months(
    invoiced_on: date, purchase_order: str | None, terms: Sequence[ContractTerm]
) -> frozenset[Month] | None:
    """Return the months that an invoice may belong to, whatever its lines say; None if only they can tell."""
    by_date = month_by_date(invoiced_on, purchase_order, terms)
    if by_date is None:
        return None
    first, last = Month.of(invoiced_on - _LATE - _ONE_DAY), Month.of(invoiced_on + _EARLY - _ONE_DAY)
    return frozenset({first, first.shifted(1), last, by_date[0]})


def assign_month(
    invoiced_on: date,
    purchase_order: str | None,
    services: Sequence[Service],
    terms: Sequence[ContractTerm],
    first_month: Month,
    *,
    is_credit: bool = False,
) -> Decision:
    """
    Return the month of one invoice or credit memo.

    The contract is the one whose purchase orders include the invoice's; several if several do; all contracts
    if it has none or no contract has it. Then, in this order:

    1. of the billing periods that end at most 7 days after the invoice's date or 45 days before it, the one that bills
       most of its lines, in arrears or in advance, and of these the one that ends nearest to that date; the days of a
       line in no listed period count as one. For a credit memo only a period that ends a day or two after its date and
       holds a line of it: another time zone has the date before the end;
    2. the billing period that ended last on or before the invoice's date, by the month of its last day;
    3. before any month has ended, the first month that contains a line's services, else the contract's first month;
    4. the calendar month before the invoice's month, if neither applies: no period is known, or the last one ended
       more than two whole months ago (a contract that is over, a yearly cycle). It is never before the account's
       first month unless the invoice itself is dated before it.

    ============================================================== ============= =========
    billing periods of the contract                                invoiced on   month
    ============================================================== ============= =========
    1 to 31 October, 1 to 30 November                              2026-11-01    2026-10
    21 September to 20 October, 21 October to 20 November          2026-11-21    2026-11
    the same                                                       2026-11-20    2026-10
    October, November; lines of October (overage) and of November  2026-11-03    2026-10
    October; a credit memo with lines of March                     2026-11-17    2026-10
    October; a credit memo with lines of October                   2026-10-31    2026-10
    September, October; lines of October                           2026-10-31    2026-10
    September, November (October is not listed); lines of October  2026-11-03    2026-10
    1 to 31 October is the first                                   2026-09-20    2026-10
    the last one ended on 31 March                                 2026-11-17    2026-10
    none                                                           2026-11-17    2026-10
    ============================================================== ============= =========

    :param purchase_order: ``customerPoNumber`` of the invoice.
    :param services: of its lines that carry both dates.
    :param first_month: of the account.
    """
    by_date = month_by_date(invoiced_on, purchase_order, terms)
    by_lines = (_ending if is_credit else _by_lines)(invoiced_on, _named(purchase_order, terms), services)
    if by_lines and (by_date is None or by_lines != by_date[1]):
        return Decision(
            by_lines.month, f"Dated {invoiced_on}, with lines that bill {by_lines}; {_lines_say(services, by_lines)}."
        )
    if by_date:
        month, cycle = by_date
        return Decision(month, f"Dated {invoiced_on}, after the end of {cycle}; {_lines_say(services, cycle)}.")
    if first := _first_billed(invoiced_on, purchase_order, services, terms):
        return Decision(
            first.month,
            f"Dated {invoiced_on}, before any billing period of its contract ended, so it belongs to {first}; "
            f"{_lines_say(services, first)}.",
        )
    month = Month.of(invoiced_on).shifted(-1)
    if month < first_month <= Month.of(invoiced_on):
        month = first_month
    calendar = BillingCycle(period_id="", contract_id="", starts_on=month.first_day, ends_on=month.shifted(1).first_day)
    return Decision(
        month,
        f"Dated {invoiced_on} with no billing period that ended in the two months before, so it belongs to the "
        f"calendar month {month}; {_lines_say(services, calendar)}.",
    )


def _by_lines(invoiced_on: date, terms: Sequence[ContractTerm], services: Sequence[Service]) -> BillingCycle | None:
    """Return the billing period, near the invoice's date, that bills most of its lines; None if none bills any."""
    lines = Counter(services)  # thousands of lines may be for the same days
    cycles = [cycle for term in terms for cycle in term.cycles]
    cycles += [
        BillingCycle("", "", service.starts_on, service.ends_on)
        for service in lines
        if service.starts_on < service.ends_on
        and not any(cycle.starts_on and cycle.starts_on <= service.starts_on < cycle.ends_on for cycle in cycles)
    ]
    chains = {service: _chain(service, list(lines)) for service in lines}
    near = [
        (
            sum(lines[each] for each in lines if cycle.bills(each) or cycle.bills(chains[each])),
            -abs(invoiced_on - cycle.ends_on),
            _by_end(cycle),
            cycle,
        )
        for cycle in cycles
        if cycle.ends_on - _EARLY <= invoiced_on <= cycle.ends_on + _LATE and _in_window(cycle.month, invoiced_on)
    ]
    most = max(near, key=lambda each: each[:3], default=None)
    return most[-1] if most and most[0] else None


def _ending(invoiced_on: date, terms: Sequence[ContractTerm], services: Sequence[Service]) -> BillingCycle | None:
    """
    Return the billing period that ends a day or two after a credit memo's date and holds its lines; or None.

    The lines' days may be a day beside those of the period, as the memo's own date is.
    """
    beside = [each.shifted(days) for each in services for days in (0, 1, -1)]
    cycles = (cycle for term in terms for cycle in term.cycles if any(cycle.holds(each) for each in beside))
    ending = (each for each in cycles if _ONE_DAY <= each.ends_on - invoiced_on <= 2 * _ONE_DAY)
    return min((each for each in ending if _in_window(each.month, invoiced_on)), key=_by_end, default=None)


def _chain(service: Service, services: Sequence[Service]) -> Service:
    """Return the days of a service with all that adjoin it: a price may change within a longer term."""
    starts_on, ends_on = service.starts_on, service.ends_on
    for other in sorted(services, key=lambda each: each.starts_on):
        ends_on = max(ends_on, other.ends_on) if starts_on <= other.starts_on <= ends_on else ends_on
    for other in sorted(services, key=lambda each: each.ends_on, reverse=True):
        starts_on = min(starts_on, other.starts_on) if starts_on <= other.ends_on <= ends_on else starts_on
    return Service(starts_on, ends_on)


def _named(purchase_order: str | None, terms: Sequence[ContractTerm]) -> Sequence[ContractTerm]:
    wanted = name_key(purchase_order)
    named = [term for term in terms if wanted and wanted in map(name_key, term.purchase_orders)]
    return named or terms


def _first_billed(
    invoiced_on: date, purchase_order: str | None, services: Sequence[Service], terms: Sequence[ContractTerm]
) -> BillingCycle | None:
    """
    Return the period of an invoice dated before the end of its contract's first period, if its run sees that date.
    """
    named = [term for term in _named(purchase_order, terms) if term.cycles]
    firsts = sorted((first for term in named if (first := term.first_cycle)), key=_by_end)
    if not named or len(firsts) < len(named) or firsts[0].ends_on <= invoiced_on:
        return None  # a period that is no longer listed may have ended before
    cycles = sorted((cycle for term in named for cycle in term.cycles), key=_by_end)
    of_lines = [cycle for cycle in cycles if any(cycle.holds(service) for service in services)]
    return next((cycle for cycle in [*of_lines, firsts[0]] if _in_window(cycle.month, invoiced_on)), None)


def _by_end(cycle: BillingCycle) -> tuple[date, str, str]:
    """Return a sort key: the end, then the identifiers, so that the vendor's order does not matter."""
    return cycle.ends_on, cycle.contract_id, cycle.period_id


def _in_window(month: Month, day: date) -> bool:
    first, last = search_window(month)
    return first <= day <= last


def _lines_say(services: Sequence[Service], cycle: BillingCycle) -> str:
    if not services:
        return "its lines carry no service dates"
    outside = [service for service in services if not cycle.holds(service)]
    if not outside:
        return f"every dated line ({len(services)}) bills services in it"
    first = min(service.starts_on for service in outside)
    last = max(service.ends_on for service in outside) - _ONE_DAY
    return f"but {len(outside)} of {len(services)} dated lines bill services outside it, from {first} to {last}"
