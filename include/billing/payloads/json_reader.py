"""
Read the members of one JSON object, strictly and by name.

A parser reads each field it knows by the type the vendor documents. A missing field or another type is an error that
names the place; a field that was not read is kept and reported, never dropped.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from billing.errors import PayloadError
from billing.payloads.exact_json import is_within

# A vendor's exponent is text from outside: 1E+999999999 would make a megabyte of zeros when it is written out.
_MAX_DIGITS = 40
# Identifiers are keys, and an index entry holds 2,704 bytes: a longer one would fail with a database error instead of
# ours. Vendors' own have 36 characters.
_MAX_IDENTIFIER = 500
# Decimal("1_000") and date.fromisoformat("2026-W40-1") read more than vendors document.
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

T = TypeVar("T")


class JsonObject:
    """
    One JSON object being read.

    :param row: the object.
    :param where: the place for error messages, e.g. ``invoice 4183280, line 3``.
    :raises PayloadError: ``row`` is not an object.
    """

    __slots__ = ("_asked", "_null_lists", "_row", "where")

    def __init__(self, row: object, where: str) -> None:
        if not isinstance(row, dict):
            raise PayloadError(f"{where}: expected an object, found {_kind(row)}")
        self._row: dict[str, Any] = row
        self._asked: set[str] = set()
        self._null_lists: set[str] = set()
        self.where = where

    def optional(self, name: str) -> Any:  # noqa: ANN401 (the caller narrows it)
        """Return a member of any type; None if it is null or missing."""
        self._asked.add(name)
        return self._row.get(name)

    def text(self, name: str) -> str:
        """Return a required string; an empty one is allowed."""
        return self._required(name, self.text_or_none(name))

    def text_or_none(self, name: str) -> str | None:
        """Return a string; None if it is null or missing."""
        self._asked.add(name)
        value = self._row.get(name)
        if value is None or isinstance(value, str):
            return value
        raise self._unexpected(name, "a text", value)

    def identifier(self, name: str) -> str:
        """
        Return an identifier that the vendor sends as a string or a whole number, always as a short string.

            "4100259", 4100259, 4100259.0 -> "4100259"
        """
        value = self.optional(name)
        if isinstance(value, int | Decimal) and not isinstance(value, bool) and value == int(value):
            return str(int(value))
        if not isinstance(value, str) or not 0 < len(value) <= _MAX_IDENTIFIER:
            raise self._unexpected(name, "an identifier", value)
        return value

    def identifier_or_none(self, name: str) -> str | None:
        """Return an identifier; None if it is null or missing."""
        return None if self.optional(name) is None else self.identifier(name)

    def number(self, name: str) -> Decimal:
        """Return a required JSON number with exactly its digits."""
        return self._required(name, self.number_or_none(name))

    def number_or_none(self, name: str) -> Decimal | None:
        """Return a number with exactly its digits, also one written as a text; None if it is null or missing."""
        value = self.optional(name)
        if value is None:
            return None
        if isinstance(value, str) and _NUMBER.fullmatch(value):
            value = Decimal(value)
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise self._unexpected(name, "a number", value)
        return self._bounded(name, Decimal(value))

    def number_in_text(self, name: str) -> Decimal:
        """Return a decimal that the vendor documents as a string, e.g. ``"1523.47"``."""
        value = self.text(name)
        if not _NUMBER.fullmatch(value):
            raise self._unexpected(name, "a decimal number in a string", value)
        return self._bounded(name, Decimal(value))

    def number_in_text_or_none(self, name: str) -> Decimal | None:
        """Return a decimal documented as a string; None if it is null or missing."""
        return None if self.optional(name) is None else self.number_in_text(name)

    def day(self, name: str) -> date:
        """Return a required calendar day ``YYYY-MM-DD``."""
        return self._required(name, self.day_or_none(name))

    def day_or_none(self, name: str) -> date | None:
        """Return a calendar day ``YYYY-MM-DD``; None if it is null or missing."""
        value = self.text_or_none(name)
        if value is None:
            return None
        try:
            if _DAY.fullmatch(value):
                return date.fromisoformat(value)
        except ValueError:
            pass  # a 31st of February
        raise self._unexpected(name, "a date YYYY-MM-DD", value)

    def moment(self, name: str) -> datetime:
        """Return a required ISO 8601 date-time, which must have a time zone, in UTC."""
        return self._required(name, self.moment_or_none(name))

    def moment_or_none(self, name: str) -> datetime | None:
        """Return an ISO 8601 date-time in UTC; None if it is null or missing."""
        value = self.text_or_none(name)
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise self._unexpected(name, "a date-time", value) from None
        if moment.tzinfo is None:
            raise self._unexpected(name, "a date-time with a time zone", value)
        try:
            return moment.astimezone(UTC)
        except OverflowError:
            raise self._unexpected(name, "a date-time of the years 1 to 9999", value) from None

    def objects(self, name: str) -> list[JsonObject]:
        """Return the objects of a list; none if it is empty, missing or null. A null is remembered as drift."""
        rows = self.optional(name)
        if rows is None and name in self._row:
            self._null_lists.add(name)
        rows = [] if rows is None else rows
        if not isinstance(rows, list):
            raise self._unexpected(name, "a list", rows)
        return [JsonObject(row, f"{self.where}, {name} {place}") for place, row in enumerate(rows, start=1)]

    def listed(self, name: str) -> list[JsonObject]:
        """Return the objects of a list that may be empty or null, but must not be missing: a page without its rows."""
        if name not in self._row:
            raise self._unexpected(name, "a list", None)
        return self.objects(name)

    def object_or_none(self, name: str) -> JsonObject | None:
        """Return a nested object; None if it is null or missing."""
        value = self.optional(name)
        return None if value is None else JsonObject(value, f"{self.where}, {name}")

    def typed_members(self) -> tuple[tuple[str, type, Any], ...]:
        """Return all members with their types: of equal ones, the same is read."""
        return tuple((name, type(value), value) for name, value in self._row.items())

    def rest(self) -> dict[str, Any]:
        """Return the fields that were not read: what the vendor has added since this code was written."""
        if self._row.keys() <= self._asked:
            return {}
        return {name: value for name, value in self._row.items() if name not in self._asked}

    def drift(self) -> list[str]:
        """Return what to report of this object: fields that were not read, and lists that are null, ``lines=null``."""
        return [*self.rest(), *(f"{name}=null" for name in sorted(self._null_lists))]

    def _required(self, name: str, value: T | None) -> T:
        if value is None:
            raise self._unexpected(name, "a value", None)
        return value

    def _bounded(self, name: str, number: Decimal) -> Decimal:
        if not is_within(number, _MAX_DIGITS):
            wanted = f"a number of at most {_MAX_DIGITS} digits before and after the point"
            raise self._unexpected(name, wanted, number)
        return number

    def _unexpected(self, name: str, wanted: str, found: object) -> PayloadError:
        missing = name not in self._row
        return PayloadError(f"{self.where}: {name} should be {wanted}, but is {'missing' if missing else _kind(found)}")


def day_after(last_day: date | None) -> date | None:
    """
    Turn a vendor's inclusive last day into the end of a half-open interval.

    None stays None; 9999-12-31, which systems use for "no end", becomes None, too.
    """
    return None if last_day is None or last_day == date.max else last_day + timedelta(days=1)


def _kind(value: object) -> str:
    """Describe a value by its type and, if it is short, itself: a vendor's text must not flood or fake a log line."""
    if value is None:
        return "null"
    if isinstance(value, dict | list):
        return f"{type(value).__name__} of {len(value)}"
    shown = ascii(value if isinstance(value, str) else str(value))
    return f"{type(value).__name__} {shown[:60]}"
