"""Values of the domain from the JSON that ``json_value`` made of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from billing.month import Month

_READERS: dict[Any, Callable[[Any], Any]] = {
    Decimal: Decimal,
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    Month: Month.parse,
    bytes: bytes.fromhex,
}


def read_as(kind: Any, value: Any) -> Any:  # noqa: ANN401 (any type of the domain, and its JSON)
    """
    Return the value of a type that ``json_value`` wrote as this JSON. A field of a dataclass that is not there has its
    default.

    :raises TypeError: the JSON has another shape.
    :raises ValueError: the same.
    """
    if reader := _READERS.get(kind):
        return reader(value)
    arguments = get_args(kind)
    match get_origin(kind):
        case None if isinstance(kind, type) and dataclasses.is_dataclass(kind):
            return kind(**read_fields(kind, value))
        case origin if origin in {Union, UnionType}:
            (present,) = (each for each in arguments if each is not NoneType)
            return None if value is None else read_as(present, value)
        case origin if origin in {tuple, frozenset}:
            return origin(read_as(arguments[0], member) for member in value)
        case origin if origin is Mapping:
            return {name: read_as(arguments[1], member) for name, member in value.items()}
    return value


def read_fields(kind: Any, value: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ANN401 (a dataclass)
    """Return those fields of a dataclass that are in this JSON; errors as ``read_as``."""
    return {name: read_as(of, value[name]) for name, of in _fields(kind).items() if name in value}


@cache
def _fields(kind: Any) -> dict[str, Any]:  # noqa: ANN401 (a dataclass)
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}
