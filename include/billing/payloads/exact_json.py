"""
JSON in which no number ever becomes a float.

A vendor's ``12345678901234567.89`` is read as that very decimal. Duplicate keys, NaN and Infinity are refused:
with any of them two readers of one payload could see two different amounts.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

import jiter

from billing.errors import PayloadError

_ENCODER = json.JSONEncoder(ensure_ascii=False)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# No bill needs more on either side of the point, and 1E+999999999 would make a gigabyte of zeros when written out.
_MOST_DIGITS = 100
# What a body must contain before a value that has to be refused can be in it; most bodies don't. With digits and signs
# written as 0 these are plain texts, which are found in a tenth of the time that a pattern takes.
_ROUGHLY = bytes.maketrans(b"123456789+-E", b"00000000000e")
_MANY_DIGITS = b"0" * (_MOST_DIGITS // 2)
_LONG_EXPONENT = b"0e00"
_EXPONENT = re.compile(rb"(?<=[0-9])[eE][+-]?[0-9]{2,}(?=[\s,}\]]|$)")  # not the "4e12" of a UUID


def loads(body: bytes) -> Any:  # noqa: ANN401 (JSON is any of six types; the parser that asked narrows it)
    """
    Read UTF-8 JSON: numbers with a fraction or an exponent as ``Decimal``, other numbers as ``int`` of any size.

    :raises PayloadError: not JSON, not UTF-8, cut short, a duplicate key, NaN or Infinity, a number of more than 100
        digits on one side of the point, or a text with U+0000, which Postgres cannot store.
    """
    value = _read(body, float_mode="decimal", catch_duplicate_keys=True)
    if _is_suspect(body):
        _check(value)
    return value


def check(body: bytes) -> None:
    """Hold a body to what ``loads`` demands, at half the cost: what is in it is not kept. Raises as ``loads``."""
    if _is_suspect(body):
        loads(body)
    else:
        _read(body, float_mode="float", catch_duplicate_keys=True)  # the floats are dropped unseen


def loads_checked(body: bytes) -> Any:  # noqa: ANN401 (as loads)
    """
    Read what is, or is a value in, a body that ``check`` has let pass and that is still the same bytes: as ``loads``.

    :raises PayloadError: not JSON.
    """
    return _read(body, float_mode="decimal", catch_duplicate_keys=False)


def _read(body: bytes, *, float_mode: Literal["decimal", "float"], catch_duplicate_keys: bool) -> Any:  # noqa: ANN401 (as loads)
    try:
        return jiter.from_json(
            body.removeprefix(_BYTE_ORDER_MARK),
            float_mode=float_mode,
            catch_duplicate_keys=catch_duplicate_keys,
            allow_inf_nan=False,
        )
    except ValueError as error:
        raise PayloadError(f"the body of {len(body)} bytes is not usable JSON: {error}") from error


def _is_suspect(body: bytes) -> bool:
    shape = body.translate(_ROUGHLY)
    if _MANY_DIGITS in shape or (b"\\" in body and b"\\u0000" in body):
        return True
    return _LONG_EXPONENT in shape and _EXPONENT.search(body) is not None


def _check(value: object) -> None:
    match value:
        case str() if "\x00" in value:
            raise PayloadError(f"the text {value[:40]!a} holds U+0000, which Postgres cannot store")
        case bool() | None:
            pass
        case int() | Decimal():
            number = Decimal(value)
            exponent = number.as_tuple().exponent
            if not isinstance(exponent, int) or exponent < -_MOST_DIGITS or number.adjusted() >= _MOST_DIGITS:
                raise PayloadError(f"the number {number!s:.40} has over {_MOST_DIGITS} digits on one side of the point")
        case dict():
            for key, member in value.items():
                _check(key)
                _check(member)
        case list():
            for member in value:
                _check(member)


def loads_text(text: str) -> Any:  # noqa: ANN401 (as loads)
    """Read JSON that is a text already, as it comes out of the database."""
    return loads(text.encode())


def dumps(value: object) -> str:
    """
    Write JSON whose numbers keep every digit they came with.

    :raises TypeError: a float, NaN, Infinity, a key that is no text, or a type that JSON does not have.
    """
    return _write(value, _plain)


def canonical(value: object) -> str:
    """
    Write a value in the one form that is hashed: sorted keys, no spaces, numbers by value.

    ``4000``, ``4000.0`` and ``4E+3`` are one amount and give one text, so that a vendor that merely formats a
    number again has not restated an invoice.

    :raises TypeError: as dumps.
    """
    return _write(value, number_text)


def sha256_of(value: object) -> bytes:
    """Hash the canonical form of a value."""
    return hashlib.sha256(canonical(value).encode()).digest()


def _write(value: object, number: Callable[[Decimal], str]) -> str:
    match value:
        case None | bool() | str():
            return _ENCODER.encode(value)
        case int() | Decimal():
            return number(Decimal(value))
        case Mapping():
            return "{" + ",".join(f"{_key(key)}:{_write(value[key], number)}" for key in sorted(value)) + "}"
        case list() | tuple():
            return "[" + ",".join(_write(member, number) for member in value) + "]"
        case _:
            raise TypeError(f"{type(value).__name__} has no exact JSON form")


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"{type(key).__name__} has no exact JSON form as a key")
    return _ENCODER.encode(key)


def _plain(number: Decimal) -> str:
    if not number.is_finite():
        raise TypeError(f"{number} has no exact JSON form")
    return format(number, "f")


def number_text(number: Decimal | int) -> str:
    """
    Write a number by its value alone: no exponent, no trailing zeros, no negative zero.

    :raises TypeError: NaN or Infinity.
    """
    text = str(number)
    if not text.replace(".", "", 1).isdecimal():  # a sign, an exponent, or no number at all
        text = _plain(Decimal(number))
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def number_texts(numbers: Sequence[Decimal | int]) -> list[str]:
    """Write many numbers as ``number_text`` writes each; most need no more than a look at all of them together."""
    texts = list(map(str, numbers))
    together = "".join(texts)
    if "n" in together or "N" in together:  # NaN or Infinity
        return list(map(number_text, numbers))
    if "E" in together:
        texts = [_plain(Decimal(text)) if "E" in text else text for text in texts]
    texts = [text.rstrip("0").rstrip(".") if "." in text else text for text in texts]
    return ["0" if text == "-0" else text for text in texts] if "-" in together else texts
