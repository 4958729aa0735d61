"""
JSON in which no number ever becomes a float.

A vendor's ``12345678901234567.89`` is read as that very decimal. Duplicate keys, NaN and Infinity are refused:
with any of them two readers of one payload could see two different amounts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import jiter

from billing.errors import PayloadError

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def loads(body: bytes) -> Any:  # noqa: ANN401 (JSON is any of six types; the parser that asked narrows it)
    """
    Read UTF-8 JSON: numbers with a fraction or an exponent as ``Decimal``, other numbers as ``int`` of any size.

    :raises PayloadError: not JSON, not UTF-8, cut short, a duplicate key, NaN or Infinity.
    """
    try:
        return jiter.from_json(
            body.removeprefix(_BYTE_ORDER_MARK),
            float_mode="decimal",
            catch_duplicate_keys=True,
            allow_inf_nan=False,
        )
    except ValueError as error:
        raise PayloadError(f"the body of {len(body)} bytes is not usable JSON: {error}") from error


def loads_text(text: str) -> Any:  # noqa: ANN401 (as loads)
    """Read JSON that is a text already, as it comes out of the database."""
    return loads(text.encode())


def dumps(value: object) -> str:
    """
    Write JSON whose numbers keep every digit they came with.

    :raises TypeError: a float, or a type that JSON does not have.
    """
    return _write(value, lambda number: format(number, "f"))


def canonical(value: object) -> str:
    """
    Write a value in the one form that is hashed: sorted keys, no spaces, numbers by value.

    ``4000``, ``4000.0`` and ``4E+3`` are one amount and give one text, so that a vendor that merely formats a
    number anew has not restated an invoice.

    :raises TypeError: a float, or a type that JSON does not have.
    """
    return _write(value, number_text)


def sha256_of(value: object) -> bytes:
    """Hash the canonical form of a value."""
    return hashlib.sha256(canonical(value).encode()).digest()


def _write(value: object, number: Callable[[Decimal], str]) -> str:
    match value:
        case None | bool() | str():
            return json.dumps(value, ensure_ascii=False)
        case int() | Decimal():
            return number(Decimal(value))
        case Mapping():
            members = (f"{json.dumps(str(k), ensure_ascii=False)}:{_write(value[k], number)}" for k in sorted(value))
            return "{" + ",".join(members) + "}"
        case list() | tuple():
            return "[" + ",".join(_write(member, number) for member in value) + "]"
        case _:
            raise TypeError(f"{type(value).__name__} has no exact JSON form")


def number_text(number: Decimal) -> str:
    """Write a decimal by its value alone: no exponent, no trailing zeros, no negative zero."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
