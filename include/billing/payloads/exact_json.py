"""
JSON in which no number ever becomes a float.

A vendor's ``12345678901234567.89`` is read as exactly that decimal. Duplicate keys, NaN and Infinity are errors:
with any of them two programs could read different amounts from one payload.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

import jiter
import msgspec

from billing.errors import PayloadError
from billing.month import Month

_ANY = msgspec.json.Decoder(msgspec.Raw)
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# No bill needs more digits before or after the point, and 1E+999999999 would make a gigabyte of zeros when written out.
_MAX_DIGITS = 100
_TOO_LARGE = 10**_MAX_DIGITS
# Vendors nest less than ten levels. What is stored of a response is nested a few levels deeper in our own documents.
_MAX_LEVELS = 100
_MAX_STORED_LEVELS = 200


def loads(body: bytes) -> Any:  # noqa: ANN401 (JSON is any of six types; the parser that asked narrows it)
    """
    Read UTF-8 JSON: numbers with a fraction or an exponent as ``Decimal``, other numbers as ``int`` of any size.

    :raises PayloadError: not JSON, not UTF-8, cut short, a duplicate key, NaN or Infinity, a number of more than 100
        digits before or after the decimal point, a text with U+0000, which Postgres cannot store, or more than 100
        levels.
    """
    return _load(body, _MAX_LEVELS)


def _load(body: bytes, levels: int) -> Any:  # noqa: ANN401 (as loads)
    try:
        value = jiter.from_json(
            body.removeprefix(BYTE_ORDER_MARK), float_mode="decimal", catch_duplicate_keys=True, allow_inf_nan=False
        )
    except ValueError as error:
        raise PayloadError(f"the body of {len(body)} bytes is not usable JSON: {error}") from error
    _check_numbers(value, levels)
    if b"\\u0000" in body:
        _check_texts(value)
    return value


def is_json(body: bytes) -> bool:
    """Return whether a body is JSON; ``loads`` is stricter."""
    try:
        _ANY.decode(body.removeprefix(BYTE_ORDER_MARK))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    except RecursionError:  # a thousand levels: it may be JSON, and ``loads`` says what is wrong with it
        return True
    return True


def _check_numbers(value: object, levels: int) -> None:
    if isinstance(value, (dict, list)):
        if levels == 0:
            raise PayloadError("the body is JSON of too many levels")
        for member in value.values() if isinstance(value, dict) else value:
            if not isinstance(member, str):
                _check_numbers(member, levels - 1)
    elif isinstance(value, Decimal):
        if not is_within(value, _MAX_DIGITS):
            raise _too_many_digits(value)
    elif isinstance(value, int) and not -_TOO_LARGE < value < _TOO_LARGE:
        raise _too_many_digits(Decimal(value))


def is_within(number: Decimal, digits: int) -> bool:
    """Return whether a number is finite and has at most so many digits before and after the point."""
    if len(text := str(number)) <= digits and "E" not in text and number.is_finite():
        return True  # nearly every number, and the digits one by one take four times as long
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -digits and number.adjusted() < digits


def _too_many_digits(number: Decimal) -> PayloadError:
    return PayloadError(f"the number {number!s:.40} has over {_MAX_DIGITS} digits before or after the decimal point")


def _check_texts(value: object) -> None:
    if isinstance(value, str) and "\x00" in value:
        raise PayloadError(f"the text {value[:40]!a} contains U+0000, which Postgres cannot store")
    if isinstance(value, dict):
        for key in value:
            _check_texts(key)
    if isinstance(value, dict | list):
        for member in value.values() if isinstance(value, dict) else value:
            _check_texts(member)


def loads_text(text: str) -> Any:  # noqa: ANN401 (as loads)
    """Read JSON from a string, as the database returns it: what was stored of a response may be nested deeper there."""
    return _load(text.encode(), _MAX_STORED_LEVELS)


def dumps(value: object) -> str:
    """
    Write JSON whose numbers keep every digit.

    :raises TypeError: a float, NaN, Infinity, a key that is not a string, or a type that JSON does not have.
    """
    return _write(value, _digits, list)


def canonical(value: object) -> str:
    """
    Write a value in the one form that is hashed: sorted keys, no spaces, numbers by value.

    ``4000``, ``4000.0`` and ``4E+3`` are one amount and have one form, so that a vendor that only formats a number
    differently has not restated an invoice.

    :raises TypeError: as dumps.
    """
    return _write(value, number_text, list)


def canonical_without_order(value: object) -> str:
    """
    Write a value as ``canonical`` does, with the members of every list sorted: no vendor documents an order.

    :raises TypeError: as dumps.
    """
    return _write(value, number_text, sorted)


def sha256_of(value: object) -> bytes:
    """Hash the canonical form of a value."""
    return hashlib.sha256(canonical(value).encode()).digest()


def _write(value: object, number: Callable[[Decimal], str], arrange: Callable[[list[str]], list[str]]) -> str:
    match value:
        case str():
            return encode_basestring(value)
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Decimal():
            return number(value)
        case int():
            return number(Decimal(value))
        case Mapping():
            return "{" + ",".join([f"{_key(key)}:{_write(value[key], number, arrange)}" for key in sorted(value)]) + "}"
        case list() | tuple():
            return "[" + ",".join(arrange([_write(member, number, arrange) for member in value])) + "]"
        case _:
            raise TypeError(f"{type(value).__name__} has no exact JSON form")


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"{type(key).__name__} has no exact JSON form as a key")
    return encode_basestring(key)


def _digits(number: Decimal) -> str:
    if not number.is_finite():
        raise TypeError(f"{number} has no exact JSON form")
    return format(number, "f")


def number_text(number: Decimal) -> str:
    """
    Write a number by its value alone: no exponent, no trailing zeros, no negative zero.

    :raises TypeError: NaN or Infinity.
    """
    text = str(number)
    if not text.replace(".", "", 1).isdecimal():  # a sign, an exponent, or not a number
        text = _digits(number)
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


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
