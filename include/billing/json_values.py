"""Values of the domain as JSON values."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from billing.month import Month


def json_value(value: Any) -> Any:  # noqa: ANN401 (any value of the domain becomes a JSON value)
    """
    Turn a value of the domain into what JSON can hold; numbers stay decimals, digit for digit.

    Instants are written in UTC, bytes in hexadecimal digits, sets in order.

    :raises TypeError: a value of another type.
    """
    convert = _CONVERTERS.get(type(value))
    if convert is not None:
        return convert(value)
    match value:
        case int() | Decimal():
            return value
        case str():
            return str(value)
        case Mapping():
            return {str(name): json_value(member) for name, member in value.items()}
        case _ if dataclasses.is_dataclass(value):
            return {field.name: json_value(getattr(value, field.name)) for field in dataclasses.fields(value)}
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _same(value: Any) -> Any:  # noqa: ANN401 (as json_value)
    return value


def _list(values: Any) -> list[Any]:  # noqa: ANN401 (a list or tuple of anything)
    return list(map(json_value, values))


_CONVERTERS: dict[type, Callable[[Any], Any]] = {
    type(None): _same,
    bool: _same,
    int: _same,
    Decimal: _same,
    str: _same,
    date: date.isoformat,
    datetime: lambda moment: moment.astimezone(UTC).isoformat(),
    Month: str,
    bytes: bytes.hex,
    memoryview: memoryview.hex,
    list: _list,
    tuple: _list,
    set: lambda values: sorted(map(json_value, values)),
    frozenset: lambda values: sorted(map(json_value, values)),
}
