"""Ways in which a member of a JSON document may be written otherwise: the values of the readings."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from vendor_simulator import exact, seeded_random
from vendor_simulator.genesys_cloud.periods import ONE_DAY

UNLISTED_WORD = "Pending"
_NUMBERED_ELSEWHERE = {
    "organization",
    "organizations",
    "billToCustomer",
    "shipToCustomer",
    "soldToCustomer",
    "endCustomer",
}
_NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"


def rewrite(document: dict[str, Any], name: str, how: str) -> None:
    """Change one member, if it has a value, to what a value of a reading says; any other value changes nothing."""
    value = document.get(name)
    if value is None:
        return
    match how:
        case "missing":
            del document[name]
        case "null":
            document[name] = None
        case "lower":
            document[name] = value.lower()
        case "upper":
            document[name] = value.upper()
        case "unknown":
            document[name] = UNLISTED_WORD


def last_day(day: date, how: str) -> str:
    """Write the end of an interval whose last day is given."""
    return (day + ONE_DAY if how in {"exclusive", "day_after"} else day).isoformat()


def moved(day: date, how: str) -> date:
    """Return a day as it is called in another zone."""
    return {"day_early": day - ONE_DAY, "day_late": day + ONE_DAY}.get(how, day)


def spelled(name: str, how: str) -> str:
    """Return a product's name as a person reads it, written in another way."""
    match how:
        case "capitals":
            return name.upper()
        case "no_break_space":
            return name.replace(" ", _NO_BREAK_SPACE)
        case "decomposed":
            return unicodedata.normalize("NFD", name)
        case _:
            return name


def padded(text: str, how: str) -> str:
    """Write a number in a text with four decimals, if it has fewer."""
    if how == "shortest":
        return text
    return format(exact.rounded(Decimal(text), max(4, len(text.partition(".")[2]))), "f")


def written(document: dict[str, Any], read: Mapping[str, str]) -> dict[str, Any]:
    """Return a document with the ids, numbers and units of an account's readings."""
    if read["units"] != "known":
        _each_member(document, {"unitOfMeasure"}, lambda each: rewrite(each, "unitOfMeasure", read["units"]))
    if read["ids"] != "text":
        _each_member(document, {"id"}, lambda each: each.update(id=id_number(each["id"], read)))
    if read["numbers"] == "plain":
        return document
    return {name: value if name == "id" else _numbers(value, read["numbers"]) for name, value in document.items()}


def id_number(text: str, read: Mapping[str, str]) -> int | Decimal:
    """Return the number that an id is."""
    number = int(text) if text.isdecimal() else seeded_random.number("id", text) % 10**12
    return Decimal(f"{number}.0") if read["ids"] == "fraction" else number


def is_id(asked: str, ours: str, read: Mapping[str, str]) -> bool:
    """Return whether a request means the object with this id."""
    return asked == ours if read["ids"] == "text" else asked.removesuffix(".0") == str(int(id_number(ours, read)))


def _each_member(value: object, names: set[str], change: Callable[[dict[str, Any]], None]) -> None:
    if isinstance(value, list):
        for each in value:
            _each_member(each, names, change)
    elif isinstance(value, dict):
        for name, member in value.items():
            if name not in _NUMBERED_ELSEWHERE:
                _each_member(member, names, change)
        if names & value.keys():
            change(value)


def _numbers(value: object, how: str) -> object:
    match value:
        case list():
            return [_numbers(each, how) for each in value]
        case dict():
            return {name: each if name == "id" else _numbers(each, how) for name, each in value.items()}
        case Decimal() if how == "text":
            return format(value, "f")
        case int() if how == "text" and not isinstance(value, bool):
            return str(value)
        case bool() | str() | None:
            return value
        case Decimal() | int():
            digits = exact.plain(value)
            return Decimal(digits if "." in digits else f"{digits}.0")
        case _:
            raise TypeError(f"{type(value).__name__} is no part of a document")
