"""
JSON in which no number ever becomes a float.

A vendor's ``12345678901234567.89`` is read as that very decimal. Duplicate keys, NaN and Infinity are refused:
with any of them two readers of one payload could see two different amounts.
"""

from __future__ import annotations

import hashlib
import json
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


def canonical(value: object) -> str:
    """
    Write a value in the one form that is hashed: sorted keys, no spaces, numbers by value.

    ``4000``, ``4000.0`` and ``4E+3`` are one amount and give one text, so that a vendor that merely formats a
    number anew has not restated an invoice.

    :raises TypeError: a float, or a type that JSON does not have.
    """
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256_of(value: object) -> bytes:
    """Hash the canonical form of a value."""
    return hashlib.sha256(canonical(value).encode()).digest()


def _plain(value: object) -> object:
    match value:
        case None | str() | bool():
            return value
        case int() | Decimal():
            return {"number": number_text(Decimal(value))}
        case dict():
            return {str(key): _plain(member) for key, member in value.items()}
        case list() | tuple():
            return [_plain(member) for member in value]
        case _:
            raise TypeError(f"{type(value).__name__} has no canonical form")


def number_text(number: Decimal) -> str:
    """Write a decimal by its value alone: no exponent, no trailing zeros, no negative zero."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
