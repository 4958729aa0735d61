"""
The vendor's vocabulary: enumerations, fields of nested objects, and legacy field names.

The vendor adds values and fields without notice. What is not listed here is kept unchanged and reported once.
 Source: official Python client 269.0.0, checked 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from billing.errors import PayloadError
from billing.models import UnknownField
from billing.names import name_key
from billing.payloads.json_reader import JsonObject, day_after


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


CONTRACT_STATUS = frozenset({"Active", "Inactive"})
PERIOD_STATUS = frozenset({"Open", "Closed"})
PAYMENT_STATUS = frozenset({"Paid", "Unpaid", "UnPaid"})  # lower-case p in responses, upper-case in requests
ADDRESS_TYPE = frozenset({"BillTo", "ShipTo", "EndUser", "SoldTo"})
SUBSCRIPTION_TYPE = _words(
    "ININ MONTH_TO_MONTH FREE_TRIAL_MONTH_TO_MONTH PREPAY_MONTHLY_COMMITMENT PREPAY DEV_ORG_MONTH_TO_MONTH "
    "DEV_ORG_PREPAY_MONTHLY_COMMITMENT DEV_ORG_PREPAY"
)
UNIT = _words(
    "Call Character Conversation Course Day EA Each Employee Engagement Evaluation Event Exam GB Guide Hour Ingestion "
    "Instance Interaction Invocation Message MillionCharacters Minute Person PhoneNumber Port RateTable Segment "
    "Session Stream Summary Token Transaction Translation Turn Unit User"
)

# Clients of 2025 up to release 241 read these fields under names that begin with `get`.
_OLD_NAMES = {
    f"get{name}": name
    for name in (
        "prepaidQuantity",
        "fairuseQuantity",
        "actualQuantity",
        "overageQuantity",
        "purchaseOrderNumbers",
        "dateEffective",
        "citySubdivision1",
    )
}

# Their members in the order in which they are kept: by name.
_NESTED = {
    "customer": ("id", "name", "number"),
    "organization": ("id", "name"),
    "product": ("id", "name", "sku", "unitOfMeasure"),
    "address": tuple(
        sorted(
            _words(
                "dateEffective addressType currencyIsoCode line1 line2 line3 cityName postalCode stateCode countryCode "
                "citySubdivision1 regionSubdivision1 regionSubdivision2 country"
            )
        )
    ),
}
_NESTED_WORDS = {("product", "unitOfMeasure"): UNIT, ("address", "addressType"): ADDRESS_TYPE}

_EARLIEST_YEAR, _NEVER = 1990, 9999


def rename_legacy_fields(value: object) -> object:
    """
    Return the same JSON with legacy field names replaced.

    If the present name has a value too, that one is used and the legacy field stays, to be reported as unknown.
    """
    if isinstance(value, list):
        return [rename_legacy_fields(element) for element in value]
    if not isinstance(value, dict):
        return value
    renamed = {name: rename_legacy_fields(member) for name, member in value.items()}
    for old, name in _OLD_NAMES.items():
        if old in renamed and renamed.get(name) is None:
            renamed[name] = renamed.pop(old)
    return renamed


class UnknownFields:
    """Collects what the vendor sent and this code does not know while its responses are parsed."""

    def __init__(self) -> None:
        self.unknown: set[UnknownField] = set()

    def attributes(self, record_type: str, fields: JsonObject, *known: str) -> dict[str, Any]:
        """Return the attributes of a row: the known fields that have a value, and all unknown ones."""
        values = {name: value for name in known if (value := fields.optional(name)) is not None}
        unknown = fields.rest()
        self.unknown.update(UnknownField(record_type, name) for name in fields.drift())
        return values | unknown

    def enum(self, record_type: str, fields: JsonObject, name: str, known: frozenset[str]) -> str | None:
        """Return a value of an enumeration as the vendor writes it; an unknown value is reported, not an error."""
        value = fields.text_or_none(name)
        if value is not None and value not in known and name_key(value) not in map(name_key, known):
            self.unknown.add(UnknownField(record_type, f"{name}={value}"))
        return value

    def nested(self, fields: JsonObject, name: str, record_type: str) -> Mapping[str, Any]:
        """Return a nested object of a known kind unchanged; empty if it is null or missing."""
        row = fields.object_or_none(name)
        return {} if row is None else self._read(row, record_type)

    def each_nested(self, fields: JsonObject, name: str, record_type: str) -> list[Mapping[str, Any]]:
        """Return a list of nested objects of a known kind unchanged."""
        return [self._read(row, record_type) for row in fields.objects(name)]

    def _read(self, row: JsonObject, record_type: str) -> Mapping[str, Any]:
        try:
            values, unknown = _read_once(record_type, row.typed_members())
        except (PayloadError, TypeError):  # which place it is of, or a list or an object in it, which has no hash
            return self._read_members(row, record_type)
        self.unknown |= unknown
        return values

    def _read_members(self, row: JsonObject, record_type: str) -> Mapping[str, Any]:
        values = {}
        for name in _NESTED[record_type]:
            known = _NESTED_WORDS.get((record_type, name))
            value = _text_or_number(row, name) if known is None else self.enum(record_type, row, name, known)
            if value is not None:
                values[name] = value
        return values | self.attributes(record_type, row)


@lru_cache(maxsize=4096)  # thousands of lines name the same few products and organizations
def _read_once(
    record_type: str, members: tuple[tuple[str, type, Any], ...]
) -> tuple[Mapping[str, Any], frozenset[UnknownField]]:
    """Return what is read of a nested object, and its fields that this code does not know."""
    noted = UnknownFields()
    row = JsonObject({name: value for name, _, value in members}, record_type)
    return noted._read_members(row, record_type), frozenset(noted.unknown)


def _text_or_number(row: JsonObject, name: str) -> str | None:
    """Return a text; a whole number as a text too, as the vendor may write identifiers, numbers and postal codes."""
    return row.text_or_none(name) if isinstance(row.optional(name), str) else row.identifier_or_none(name)


def day_or_none(fields: JsonObject, name: str) -> date | None:
    """
    Return a calendar day; None if it is null or missing.

    :raises PayloadError: a year outside the supported range.
    """
    value = fields.day_or_none(name)
    if value is not None and not _EARLIEST_YEAR <= value.year <= _NEVER:
        raise PayloadError(f"{fields.where}: {name} is {value}, outside {_EARLIEST_YEAR}-{_NEVER}")
    return value


def half_open(end: date | None, exclusive: bool) -> date | None:
    """
    Return the day after the last one; None if there is no end or it lies in the year 9999: no end.

    :param end: as the vendor writes it.
    :param exclusive: the vendor's ends are already the days after the last ones.
    """
    if end is None or end.year == _NEVER:
        return None
    return end if exclusive else day_after(end)
