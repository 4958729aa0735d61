"""
How Fastly writes amounts, instants and names, and what it documents. Pure.

A value that is not listed here is kept unchanged and reported once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from billing.errors import PayloadError
from billing.models import UnknownField
from billing.payloads.json_reader import JsonObject

V2_STATUS = frozenset({"Pending", "Outstanding", "Paid", "MTD"})
V2_NOT_ISSUED = frozenset({"Pending", "MTD"})
VENDOR_STATE = frozenset({"up", "down"})

_DAY = "YYYY-MM-DD"
_LAST_SECOND = 59


class UnknownFields:
    """Collects the fields and values that Fastly sends and this code does not know."""

    def __init__(self) -> None:
        self._unknown: set[UnknownField] = set()

    @property
    def unknown(self) -> frozenset[UnknownField]:
        """What was collected so far."""
        return frozenset(self._unknown)

    def attributes(self, record_type: str, row: JsonObject, *known: str) -> dict[str, Any]:
        """
        Return the fields that become attributes: the known ones, if present, and all that were not read.

        :param known: documented fields that the model does not have.
        """
        named = {name: row.optional(name) for name in known}
        rest = row.rest()
        self._unknown.update(UnknownField(record_type, name) for name in row.drift())
        return {name: value for name, value in (named | rest).items() if value is not None}

    def enum(self, record_type: str, row: JsonObject, name: str, known: Iterable[str]) -> str | None:
        """Return a value of a known enumeration; another value is kept and reported."""
        value = row.text_or_none(name)
        if value is not None and value not in known:
            self._unknown.add(UnknownField(record_type, f"{name}={value[:60]}"))
        return value


def amount(row: JsonObject, name: str) -> Decimal:
    """Read a decimal that Fastly sends as a number or as a string, with exactly its digits."""
    return row.number_in_text(name) if isinstance(row.optional(name), str) else row.number(name)


def amount_or_none(row: JsonObject, name: str) -> Decimal | None:
    """Read a decimal; None if it is null or missing."""
    value = row.optional(name)
    if value is None:
        return None
    return row.number_in_text(name) if isinstance(value, str) else row.number(name)


def text_or_none(row: JsonObject, *names: str) -> str | None:
    """
    Return a string under the first of several field names; None if it is empty, null or missing.

    Fastly wrote line members in upper camel case until 2024-08 (``ProductName``), in snake case since.
    """
    found = None
    for name in names:  # all of them, so that none counts as unknown
        text = row.text_or_none(name)
        found = found or text or None
    return found


def identifier_or_none(row: JsonObject, name: str) -> str | None:
    """Return an identifier that Fastly sends as a string or as a whole number; None if it is empty, null or missing."""
    return row.identifier(name) if row.optional(name) not in {None, ""} else None


def start_of(row: JsonObject, name: str) -> datetime | None:
    """Read the start of an interval: a date-time, or a day alone, which is its midnight UTC."""
    day = day_alone(row, name)
    return row.moment_or_none(name) if day is None else day


def end_of(row: JsonObject, name: str) -> datetime | None:
    """
    Read the end of an interval as the first instant after it; an end on the last second of a minute is included.

        2024-01-31T23:59:59Z, 2024-02-01T00:00:00Z, 2024-01-31, 2024-02-01T00:59:59+01:00 -> 2024-02-01 00:00 UTC
    """
    day = day_alone(row, name)
    if day is not None:
        return day + timedelta(days=1)
    moment = row.moment_or_none(name)
    if moment is not None and moment.second == _LAST_SECOND:
        return moment.replace(microsecond=0) + timedelta(seconds=1)
    return moment


def interval_text(start: datetime | None, end: datetime | None) -> str:
    """Return a half-open interval in words, UTC."""
    moments = (f"{moment:%Y-%m-%d %H:%M}" if moment else "?" for moment in (start, end))
    return " to ".join(moments) + " UTC"


def day_alone(row: JsonObject, name: str) -> datetime | None:
    """Return the midnight UTC of a day that is written without a time; None if it has one."""
    value = row.optional(name)
    if not isinstance(value, str) or len(value) != len(_DAY):
        return None
    try:
        return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise PayloadError(f"{row.where}: {name} should be a date, but is {value!a}") from None
