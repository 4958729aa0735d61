"""A contract's billing periods: which days they have, and how much of a whole period that is. Pure: no clock."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from vendor_simulator.genesys_cloud.accounts import HISTORY_START, Contract
from vendor_simulator.months import Month

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """
    A billing period.

    :param month: the month of its last day.
    :param start: first day.
    :param end: last day, included.
    :param whole_days: length of the cycle it belongs to; a contract may begin or end within one.
    """

    contract: Contract
    month: Month
    start: date
    end: date
    whole_days: int

    @property
    def id(self) -> str:
        """The vendor's id of the period, unique over all contracts."""
        return f"bp-{self.contract.id[:8]}-{self.month}"

    @property
    def days(self) -> int:
        """Length in days."""
        return (self.end - self.start).days + 1

    def share(self, days: int) -> Fraction:
        """Return how much of a whole period's price some of its days cost."""
        return Fraction(days, self.whole_days if self.contract.read["short_period"] == "by_days" else self.days)


def period_of(contract: Contract, month: Month) -> Period:
    """
    Return the contract's period whose last day lies in a month.

    :raises KeyError: it has none.
    """
    first, last = _cycle(contract, month)
    start, end = max(first, contract.begins or first), min(last, contract.ends)
    if start > end or (contract.begins is None and month < HISTORY_START):
        raise KeyError(f"contract {contract.id} has no period that ends in {month}")
    return Period(contract, month, start, end, (last - first).days + 1)


def first_month(contract: Contract) -> Month:
    """Return the month in which the contract's first period ends."""
    if contract.begins is None:
        return HISTORY_START
    month = Month.of(contract.begins)
    return month if _cycle(contract, month)[1] >= contract.begins else month.shift(1)


def last_month(contract: Contract) -> Month:
    """Return the month in which the contract's last period ends."""
    return Month.of(contract.ends)


def has_period(contract: Contract, month: Month) -> bool:
    """Return whether a period of the contract ends in a month."""
    return first_month(contract) <= month <= last_month(contract)


def months_of(contract: Contract, until: Month) -> list[Month]:
    """Return the months in which the contract's periods end, oldest first."""
    return list(first_month(contract).until(min(until, last_month(contract))))


def first_day(contract: Contract) -> date:
    """Return the first day of a contract."""
    return period_of(contract, first_month(contract)).start


def last_day(contract: Contract) -> date:
    """Return the contract's end, or an earlier day if two of its periods would end in that month."""
    return min(contract.ends, _cycle(contract, Month.of(contract.ends))[1])


def _cycle(contract: Contract, month: Month) -> tuple[date, date]:
    """Return first and last day of the whole cycle that ends in a month."""
    if contract.cycle_day == 1:
        return month.start.date(), month.last_day
    return _starts_in(contract, month.shift(-1)), _starts_in(contract, month) - ONE_DAY


def _starts_in(contract: Contract, month: Month) -> date:
    """Return the cycle's day in a month; in a shorter month its last day, or the first one of the next."""
    longest = monthrange(month.year, month.number)[1]
    if contract.cycle_day <= longest:
        return date(month.year, month.number, contract.cycle_day)
    return month.last_day if contract.read["short_month"] == "last_day" else month.last_day + ONE_DAY
