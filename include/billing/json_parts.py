"""
Take JSON apart without reading it: the bytes of a member, of an element.

Of a list of invoices most is not needed to find one in it. What is taken is read by ``exact_json``, which refuses
what two readers could understand differently; what is passed over is only held to be JSON.
"""

from __future__ import annotations

from functools import cache
from typing import TypeVar

import msgspec

from billing.errors import PayloadError

T = TypeVar("T")

_ANY = msgspec.json.Decoder(msgspec.Raw)
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def is_json(body: bytes) -> bool:
    """Return whether a body is JSON, without reading it."""
    try:
        _ANY.decode(body.removeprefix(_BYTE_ORDER_MARK))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


def members(body: bytes, where: str) -> dict[str, bytes]:
    """
    Return the members of a JSON object, each as the bytes of its value.

    :param where: the place for error messages.
    :raises PayloadError: it is not an object, or not JSON.
    """
    found = _take(_OBJECT, body.removeprefix(_BYTE_ORDER_MARK), "an object", where)
    return {name: bytes(value) for name, value in found.items()}


def page(body: bytes, rows: str, head: str, where: str) -> tuple[list[bytes], bytes]:
    """
    Return the rows of a page, and what the page says of itself, each as the bytes of its value.

    :param rows: name of the member that must be a list.
    :param head: name of the other member; ``null`` if it is missing.
    :raises PayloadError: the page is not an object with such a list, or not JSON.
    """
    found = _take(_page_decoder(rows, head), body.removeprefix(_BYTE_ORDER_MARK), f"a list in {rows}", where)
    return [bytes(row) for row in getattr(found, rows)], bytes(getattr(found, head))


@cache
def _page_decoder(rows: str, head: str) -> msgspec.json.Decoder[msgspec.Struct]:
    missing = msgspec.Raw(b"null")
    return msgspec.json.Decoder(msgspec.defstruct("Page", ((rows, list[msgspec.Raw]), (head, msgspec.Raw, missing))))


def _take(decoder: msgspec.json.Decoder[T], body: bytes, wanted: str, where: str) -> T:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError:
        raise PayloadError(f"{where}: expected {wanted}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PayloadError(f"{where}: the body of {len(body)} bytes is not usable JSON: {error}") from error
