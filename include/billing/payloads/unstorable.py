"""Where in a response a value is that the database cannot hold: for the error's sentence alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

_MAX_DIGITS = 100  # as exact_json
_SHOWN = 60


class _Number(str):
    """A number as it is written."""

    __slots__ = ()


def place_of_unstorable(body: bytes) -> str | None:
    """
    Name the first text with U+0000 or half a character, or number that is none or has too many digits.

        data 1 (invoice_id 900001), lines 2 (id 7), description

    :returns: None if there is none, or the body is not JSON.
    """
    try:
        value = json.loads(body, parse_float=_Number, parse_int=_Number, parse_constant=_Number)
    except (ValueError, RecursionError):
        return None
    ahead: list[tuple[str, object]] = [("", value)]
    while ahead:
        place, one = ahead.pop()
        if not _is_storable(one):
            return place
        ahead += reversed(list(_members(place, one)))
    return None


def _members(place: str, value: object) -> Iterator[tuple[str, object]]:
    """Yield what an object or list holds, each with its place; of an object's members its names as well."""
    if isinstance(value, list):
        for number, member in enumerate(value, start=1):
            yield f"{place} {number}{_identity(member)}".lstrip(), member
    if isinstance(value, dict):
        for name, member in value.items():
            inner = f"{place}, {ascii(name)[1:-1][:_SHOWN]}".removeprefix(", ")
            yield inner, name
            yield inner, member


def _identity(value: object) -> str:
    """Return the first member that identifies an object, in brackets."""
    if not isinstance(value, dict):
        return ""
    for name, member in value.items():
        if name.lower().endswith(("id", "number")) and isinstance(member, str) and _is_storable(member):
            return f" ({name[:_SHOWN]} {member[:_SHOWN]})"
    return ""


def _is_storable(value: object) -> bool:
    if isinstance(value, _Number):
        return _is_storable_number(value)
    if not isinstance(value, str):
        return True
    return "\x00" not in value and not any("\ud800" <= sign <= "\udfff" for sign in value)


def _is_storable_number(text: str) -> bool:
    try:
        number = Decimal(text)
    except InvalidOperation:  # an exponent beyond what Decimal knows
        return False
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -_MAX_DIGITS and number.adjusted() < _MAX_DIGITS
