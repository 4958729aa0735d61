"""Split a page into the texts of its rows, and read a few members of a row, without parsing all of it."""

from __future__ import annotations

from typing import Any

import msgspec

from billing.errors import PayloadError
from billing.payloads.exact_json import BYTE_ORDER_MARK, loads
from billing.payloads.json_reader import JsonObject
from billing.payloads.response import Response

_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ROWS = msgspec.json.Decoder(list[msgspec.Raw] | None)


def split_rows(response: Response, name: str) -> tuple[dict[str, Any], list[msgspec.Raw]]:
    """
    Return a page without its rows, and the text of each row, which is a part of the page's and no copy.

    The page is read strictly except for its rows: they are to be read by ``loads``.

    :param name: the member with the rows; null is no rows.
    :raises PayloadError: the body is not JSON, not an object, or ambiguous; or the rows are no list.
    """
    body = response.body.removeprefix(BYTE_ORDER_MARK)
    try:
        listed = _MEMBERS.decode(body)[name]
        rows = _ROWS.decode(listed)
    except (KeyError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        JsonObject(response.json_object(), response.request).listed(name)  # raises, and says what is wrong
        raise PayloadError(f"{response.request}: {name} cannot be split into rows: {error}") from error
    # the first text that is equal to the rows may be another member's, of which the same is true
    start, size = body.find(memoryview(listed)), len(memoryview(listed))
    rest = body[:start] + (b"null" if rows is None else b"[]") + body[start + size :]
    page: dict[str, Any] = loads(rest)
    return page, rows or []


def members_of(row: msgspec.Raw, where: str, *names: str) -> JsonObject:
    """
    Return some members of a row whose text was read strictly before, when its page was stored.

    :raises PayloadError: the row is not an object.
    """
    try:
        members = _MEMBERS.decode(row)
    except msgspec.DecodeError:
        return JsonObject(loads(bytes(row)), where)
    return JsonObject({name: loads(bytes(members[name])) for name in names if name in members}, where)
