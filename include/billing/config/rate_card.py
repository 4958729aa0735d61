"""
Agreed rates and monthly minimums that a vendor's API does not return, each dated.

    rate_card:
    - {product: North America Bandwidth, region: North America, rate: "0.08", from: 2025-01, to: 2025-12-14}
    - {product: North America Bandwidth, region: North America, rate: "0.07", from: 2025-12-15}
    - {product: North America Bandwidth, region: North America, rate: "0.06", above: "10000", from: 2025-12-15}
    commitments:
    - {amount: "3500.000", from: 2023-01}
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from billing.config.tolerances import decimal_text
from billing.errors import ConfigurationError
from billing.month import Month
from billing.names import name_key

_RATE_KEYS = frozenset({"product", "region", "usage_type", "rate", "above", "from", "to"})
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_COMMITMENT_KEYS = frozenset({"amount", "from", "to"})


@dataclass(frozen=True, slots=True)
class Dated:
    """
    A value that applies for some months.

    :param first: the first month in which it applies.
    :param last: the last month in which it applies; None if it still does.
    """

    first: Month
    last: Month | None

    def holds_in(self, month: Month) -> bool:
        """Return whether it applies in a month."""
        return self.first <= month and (self.last is None or month <= self.last)

    def overlaps(self, other: Dated) -> bool:
        """Return whether both apply in some month."""
        return self.holds_in(other.first) or other.holds_in(self.first)


@dataclass(frozen=True, slots=True)
class CardRate(Dated):
    """
    One agreed price of one unit, in the account's currency.

    :param region: None for any region; so is ``usage_type``.
    :param above: units of a month above which the rate holds: a tier of several.
    :param starts_on: the first day, if it is not the first month's first; so is ``ends_on`` the last.
    """

    product: str
    region: str | None
    usage_type: str | None
    rate: Decimal
    above: Decimal = Decimal(0)
    starts_on: date | None = None
    ends_on: date | None = None

    def share_a_day(self, other: CardRate) -> bool:
        """Return whether both apply on some day."""
        return self._begins_by_the_end_of(other) and other._begins_by_the_end_of(self)

    def _begins_by_the_end_of(self, other: CardRate) -> bool:
        begins = self.starts_on or self.first.first_day
        if other.ends_on is not None:
            return begins <= other.ends_on
        return other.last is None or Month.of(begins) <= other.last


@dataclass(frozen=True, slots=True)
class Commitment(Dated):
    """The least that is charged for a month, in the account's currency."""

    amount: Decimal


DatedT = TypeVar("DatedT", bound=Dated)


def in_force(entries: Sequence[DatedT], month: Month) -> list[DatedT]:
    """Return the entries that apply in a month."""
    return [entry for entry in entries if entry.holds_in(month)]


def parse_rate_card(value: object) -> tuple[CardRate, ...]:
    """
    Read the key ``rate_card`` of an account.

    :raises ConfigurationError: names the entry and the key; or two entries set two rates for one item, tier and day.
    """
    found: list[CardRate] = []
    for where, row in _entries("rate_card", value, _RATE_KEYS):
        entry = _card_rate(row, where)
        same = (other for other in found if _what(other) == _what(entry))
        if any(other.share_a_day(entry) for other in same):
            raise ConfigurationError(f"{where}: {entry.product!r} has two rates on one day")
        found.append(entry)
    return tuple(found)


def parse_commitments(value: object) -> tuple[Commitment, ...]:
    """
    Read the key ``commitments`` of an account.

    :raises ConfigurationError: names the entry and the key; or two entries apply in one month.
    """
    found: list[Commitment] = []
    for where, row in _entries("commitments", value, _COMMITMENT_KEYS):
        entry = Commitment(*_months(row, where), amount=decimal_text(row, "amount", where))
        if any(other.overlaps(entry) for other in found):
            raise ConfigurationError(f"{where}: two commitments apply in one month")
        found.append(entry)
    return tuple(found)


def _card_rate(row: dict[str, Any], where: str) -> CardRate:
    days = {key: day for key in ("from", "to") if (day := _day(row.get(key))) is not None}
    entry = CardRate(
        *_months(row | {key: str(Month.of(day)) for key, day in days.items()}, where),
        product=_text(row, "product", where),
        region=_text(row, "region", where) if "region" in row else None,
        usage_type=_text(row, "usage_type", where) if "usage_type" in row else None,
        rate=decimal_text(row, "rate", where),
        above=decimal_text(row, "above", where) if "above" in row else Decimal(0),
        starts_on=days.get("from"),
        ends_on=days.get("to"),
    )
    if not entry.share_a_day(entry):
        raise ConfigurationError(f"{where}: to {row['to']} is before from {row['from']}")
    return entry


def _what(entry: CardRate) -> tuple[str, str, str, Decimal]:
    """Return the keys of what the entry prices; the key of any region, and of any usage type, is empty."""
    return name_key(entry.product), name_key(entry.region), name_key(entry.usage_type), entry.above


def _entries(key: str, value: object, known: frozenset[str]) -> list[tuple[str, dict[str, Any]]]:
    if not isinstance(value, list):
        raise ConfigurationError(f"{key} should be a list, but is {type(value).__name__}")
    found = []
    for position, row in enumerate(value, start=1):
        where = f"{key}, entry {position}"
        if not isinstance(row, dict):
            raise ConfigurationError(f"{where}: expected keys and values, found {type(row).__name__}")
        unknown = sorted(set(row) - known, key=str)
        if unknown:
            raise ConfigurationError(f"{where}: unknown key {unknown[0]!r}; known: {', '.join(sorted(known))}")
        found.append((where, row))
    return found


def _months(row: dict[str, Any], where: str) -> tuple[Month, Month | None]:
    first, last = _month(row, "from", where), _month(row, "to", where) if "to" in row else None
    if last is not None and last < first:
        raise ConfigurationError(f"{where}: to {last} is before from {first}")
    return first, last


def _day(value: object) -> date | None:
    """Return a day, which YAML reads as a date unless it is quoted; None for a month, and for what is neither."""
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, date) else None


def _month(row: dict[str, Any], key: str, where: str) -> Month:
    try:
        return Month.parse(_text(row, key, where))
    except ConfigurationError as error:
        raise ConfigurationError(f"{where}: {key}: {error}") from error


def _text(row: dict[str, Any], key: str, where: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not name_key(value):
        raise ConfigurationError(f"{where}: {key} {value!r} should be a string")
    return value
