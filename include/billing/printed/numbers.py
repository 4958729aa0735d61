"""Read a printed number by every convention of marks: ``1,234.50``, ``1.234,50``, ``1'234.50``, ``12,34,567``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

_GROUPED = re.compile(
    r"[1-9]\d{0,2}(?P<three>[.,'])\d{3}(?:(?P=three)\d{3})*"
    r"|[1-9]\d?(?P<indian>[,'])\d{2}(?:(?P=indian)\d{2})*(?P=indian)\d{3}"
    r"|[1-9]\d{0,3}(?P<four>[.,'])\d{4}(?:(?P=four)\d{4})*"
)
_WITH_DECIMALS = re.compile(r"(?P<head>[\d.,']*)(?P<mark>[.,·])(?P<tail>\d+)")
_WHOLE = re.compile(r"0|[1-9]\d*")
_NO_CENTS = re.compile(r"[.,]-{1,2}$")  # 100,- and 100.--


@dataclass(frozen=True, slots=True)
class Reading:
    """
    What a printed figure may say.

    :param value: what it says for sure, or by its currency's decimals; None if that leaves it open.
    :param possible: everything that it may say, ``value`` included; None if it may say anything.
    """

    value: Decimal | None
    possible: frozenset[Decimal] | None

    def may_say(self, amount: Decimal) -> bool:
        """Return whether an amount is among what it may say."""
        return self.possible is None or amount in self.possible


UNREADABLE = Reading(None, None)
_LONGEST = 60  # characters of a number that is read


def sure(value: Decimal) -> Reading:
    """Return the reading of a figure that can only be read in one way."""
    return Reading(value, frozenset({value}))


def any_of(readings: Iterable[Reading]) -> Reading:
    """Return the reading of several figures of which one is meant: sure only if all are the same."""
    read = list(readings)
    values = {each.value for each in read}
    if not read or any(each.possible is None for each in read):
        return UNREADABLE
    possible = frozenset(value for each in read for value in each.possible or ())
    return Reading(values.pop() if len(values) == 1 else None, possible)


def read_number(digits: str, decimals: int | None) -> Reading:
    """
    Read digits and marks, without sign: a mark before three digits may separate thousands or decimals.

        1,234.50 or 1.234,50 or 1'234·50   -> 1234.50
        1,234 in USD (2 decimals)          -> 1234, possibly 1.234
        1,234 in KWD (3 decimals)          -> 1.234, possibly 1234
        1,23 or ,50                        -> 1.23, 0.50
        100,-                              -> 100
        1.2.3 or 007                       -> unreadable

    :param decimals: how many its currency has; None if unknown.
    """
    if len(digits) > _LONGEST:
        return UNREADABLE
    digits = _NO_CENTS.sub("", digits)
    if _WHOLE.fullmatch(digits):
        return sure(Decimal(digits))
    grouped = Decimal(re.sub(r"\D", "", digits)) if _GROUPED.fullmatch(digits) else None
    found = _WITH_DECIMALS.fullmatch(digits)
    whole = _whole(found) if found else None
    if found is None or whole is None:
        return UNREADABLE if grouped is None else sure(grouped)
    with_decimals = Decimal(f"{whole}.{found['tail']}")
    if grouped is None:
        return sure(with_decimals)
    both = frozenset({grouped, with_decimals})
    if decimals is None:
        return Reading(None, both)
    is_grouped = len(found["tail"]) == 3 and decimals != 3
    return Reading(grouped if is_grouped else with_decimals, both)


def _whole(found: re.Match[str]) -> str | None:
    """Return what is before the decimals; None if it is no number, or grouped by the mark of the decimals."""
    head = found["head"] or "0"
    if _WHOLE.fullmatch(head):
        return head
    return re.sub(r"\D", "", head) if found["mark"] not in head and _GROUPED.fullmatch(head) else None
