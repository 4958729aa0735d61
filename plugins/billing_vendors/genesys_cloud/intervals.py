"""
Choose the days of the usage reports: the vendor's report takes any two dates and no billing period. Pure.

A charge can only be checked against the usage of exactly the days that it bills. A contract that is billed from the
21st to the 20th has no such figure in a report of a calendar month.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from billing.month import Month
from billing_vendors.genesys_cloud.month_assignment import ContractTerm


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """
    Whole days in UTC, half-open. Written ``2026-10`` if it is a calendar month, else ``2026-09-21/2026-10-21``.

    :param ends_on: the day after the last one.
    """

    starts_on: date
    ends_on: date

    @classmethod
    def of(cls, month: Month) -> Interval:
        """Return the days of a calendar month."""
        return cls(month.first_day, month.shifted(1).first_day)

    @property
    def start(self) -> datetime:
        """Its first instant, UTC."""
        return datetime.combine(self.starts_on, time(), UTC)

    @property
    def end(self) -> datetime:
        """The first instant after it, UTC."""
        return datetime.combine(self.ends_on, time(), UTC)

    def __str__(self) -> str:
        month = Month.of(self.starts_on)
        return str(month) if self == Interval.of(month) else f"{self.starts_on}/{self.ends_on}"


def usage_intervals(month: Month, terms: Iterable[ContractTerm]) -> tuple[Interval, ...]:
    """
    Return the days for which usage reports of a month are needed, each once, in order: those of every billing period
    whose last day falls in the month. The calendar month itself only if there is none.

        1 to 31 October, of two contracts                -> 2026-10
        21 September to 20 October                       -> 2026-09-21/2026-10-21
        both                                             -> both
        none, or the vendor does not say when it starts  -> 2026-10
    """
    cycles = [cycle for term in terms for cycle in term.cycles if cycle.month == month]
    found = {
        Interval(cycle.starts_on, cycle.ends_on)
        for cycle in cycles
        if cycle.starts_on is not None and cycle.starts_on < cycle.ends_on
    }
    return tuple(sorted(found)) or (Interval.of(month),)
