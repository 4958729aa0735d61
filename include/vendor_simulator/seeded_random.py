"""Deterministic pseudo-random values: the same key always returns the same value, on every machine."""

from __future__ import annotations

import hashlib
import string
import uuid
from decimal import Decimal

_ALPHANUMERIC = string.ascii_letters + string.digits

Key = str | int


def number(*key: Key) -> int:
    """Return a 128-bit whole number for a key."""
    text = "\x1f".join(map(str, key))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")


def between(low: int, high: int, *key: Key) -> int:
    """Return a whole number from ``low`` to ``high``, both included."""
    return low + number(*key) % (high - low + 1)


def around(typical: Decimal, places: int, *key: Key) -> Decimal:
    """Return a quantity within 25 % of ``typical``, with that many decimals."""
    scaled = int(typical.scaleb(places))
    return Decimal(between(scaled * 3 // 4, scaled * 5 // 4, *key)).scaleb(-places)


def text(length: int, *key: Key) -> str:
    """Return letters and digits, such as a vendor uses for customer ids and tokens."""
    value = "".join(
        _ALPHANUMERIC[byte % len(_ALPHANUMERIC)]
        for block in range(length // 32 + 1)
        for byte in hashlib.sha256("\x1f".join(map(str, (*key, block))).encode()).digest()
    )
    return value[:length]


def identifier(*key: Key) -> str:
    """Return an id in the form of a version 4 UUID."""
    return str(uuid.UUID(int=number(*key), version=4))
