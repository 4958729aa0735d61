"""When a drawn contract runs, and when something in it changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from vendor_simulator.genesys_cloud.accounts import CONTRACT_END, HISTORY_START, Contract
from vendor_simulator.genesys_cloud.drawn.draw import Draw
from vendor_simulator.genesys_cloud.periods import last_day, months_of, period_of
from vendor_simulator.months import Month

_LAST_CHANGE = Month(2027, 6)
_CYCLE_DAYS = (*range(1, 32), 29, 29, 30, 30, 31, 31)
_MOST_DAYS_INTO_A_MONTH = 28


def cycle_day(draw: Draw) -> int:
    """Return the first day of a billing period: often the first of the month, or any other."""
    return 1 if draw.chance(35, "calendar") else draw.one_of(_CYCLE_DAYS, "cycle day")


def other_cycle_day(first: int, draw: Draw) -> int:
    """Return the cycle of a further contract: mostly the same, else half a month away."""
    return first if draw.chance(75, "same cycle") else (first + 14) % 28 + 1


def with_term(contract: Contract, lasting: bool, draw: Draw) -> Contract:
    """Return the contract with first and last day; a third begins, and ends, within a cycle."""
    month = HISTORY_START.shift(draw.number(1, 16, "begins"))
    day = min(contract.cycle_day, month.last_day.day)
    if draw.chance(33, "begins within"):
        day = draw.number(1, _MOST_DAYS_INTO_A_MONTH, "begin day")
    contract = replace(contract, begins=date(month.year, month.number, day))
    if lasting:
        return contract
    end = month.shift(draw.number(14, 40, "ends"))
    contract = replace(contract, ends=end.last_day)
    whole = replace(contract, ends=last_day(contract))
    if not draw.chance(33, "ends within"):
        return whole
    return replace(whole, ends=date(end.year, end.number, draw.number(1, whole.ends.day, "end day")))


def change_days(contract: Contract, draw: Draw, word: str) -> list[date]:
    """Return up to three days on which a plan's price or quantity changes; most at the start of a period."""
    months = months_of(contract, _LAST_CHANGE)[1:]
    if not months:
        return []
    days = set()
    for turn in range(draw.one_of((0, 0, 1, 1, 2, 3), f"{word} changes")):
        period = period_of(contract, draw.one_of(months, f"{word} month {turn}"))
        within = draw.chance(40, f"{word} within {turn}")
        days.add(period.start.replace(day=draw.number(1, 28, f"{word} day {turn}")) if within else period.start)
    first = contract.begins or date.min
    return sorted(day for day in days if first < day <= min(contract.ends, CONTRACT_END))
