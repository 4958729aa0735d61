"""When a billing error is planted: one per vendor and month, rotating over kinds and accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from vendor_simulator.months import Month

FIRST_ERROR = Month(2023, 6)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Planted:
    """
    One billing error which a reconciliation should find.

    :param document: the invoice, or the billing period, or the month of usage that is wrong.
    :param control: id of the control that finds it.
    :param sentence: what is wrong, for a person.
    :param also: controls that see the same error from another side, in the same month.
    :param kind: what ``plant`` was asked for, where that is more than the control.
    """

    vendor: str
    account: str
    month: Month
    document: str
    control: str
    sentence: str
    also: tuple[str, ...] = ()
    kind: str = ""


def turn(month: Month, kinds: Sequence[str]) -> tuple[str, int] | None:
    """Return which kind of error a month has and how often that kind came before, or None before the first."""
    since = month.index - FIRST_ERROR.index
    if since < 0:
        return None
    return kinds[since % len(kinds)], since // len(kinds)


def rotated(targets: Sequence[T], by: int) -> list[T]:
    """Return the possible targets in the order in which they are tried."""
    start = by % len(targets)
    return [*targets[start:], *targets[:start]]
