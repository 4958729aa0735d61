"""Whole months of service between two days, where a month may have no such day. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from billing.month import Month

Span = tuple[date, date]

_ONE_DAY = timedelta(days=1)


def whole_months(start: date, end: date) -> int:
    """
    Return how many months a service lasts, ``end`` not included; 0 if it does not last whole months.

        1 January to 1 February                                    -> 1
        1 January 2025 to 1 January 2026                           -> 12
        31 January to 28 February, 28 February to 31 March         -> 1: a cycle that begins on the 31st
        15 January to 1 February                                   -> 0
    """
    months = (end.year - start.year) * 12 + end.month - start.month
    clamped = (_is_last_of_month(end) and end.day < start.day) or (_is_last_of_month(start) and end.day > start.day)
    return max(0, months) if end.day == start.day or clamped else 0


def whole_months_about(start: date, end: date, days: int = 1) -> int:
    """Return the whole months between two days, the end so many days earlier or later at most; 0 if there are none."""
    ends = (end + number * _ONE_DAY for number in sorted(range(-days, days + 1), key=abs))
    return next((months for each in ends if (months := whole_months(start, each))), 0)


def month_from(day: date, months: int) -> date:
    """Return the same day so many months later or, below zero, earlier; the last of the month if it is shorter."""
    month = Month.of(day).shifted(months)
    last = month.shifted(1).first_day - _ONE_DAY
    return min(last, month.first_day + (day - Month.of(day).first_day))


def ends_are_exclusive(spans: Iterable[Span]) -> bool:
    """
    Return whether ends name the day after the last one, by what most spans show: the next one's start, else the length.

        1 to 31 January, 1 to 28 February                        -> False
        1 January to 1 February, 1 February to 1 March           -> True
        1 January to 1 February alone                            -> True: it is one month, not one month and a day
        5 January to 17 February alone                           -> False
    """
    return end_votes(spans) > 0


def end_votes(spans: Iterable[Span]) -> int:
    """Return how many more spans show that ends are the days after the last ones than show the opposite."""
    spans = list(spans)
    starts = {start for start, _ in spans}
    votes = 0
    for start, end in spans:
        if end.year == date.max.year:  # no end at all
            continue
        after = end + _ONE_DAY
        follows = end in starts and end != start
        if follows != (after in starts):
            votes += 1 if follows else -1
        elif bool(whole_months(start, end)) != bool(whole_months(start, after)):
            votes += 1 if whole_months(start, end) else -1
    return votes


def _is_last_of_month(day: date) -> bool:
    return (day + _ONE_DAY).day == 1
