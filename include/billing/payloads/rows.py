"""Split a page into the texts of its rows, without parsing them."""

from __future__ import annotations

import msgspec

from billing.errors import PayloadError
from billing.payloads.exact_json import BYTE_ORDER_MARK, loads
from billing.payloads.json_reader import JsonObject
from billing.payloads.response import Response

_PAGE = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ROWS = msgspec.json.Decoder(list[msgspec.Raw] | None)


def split_rows(response: Response, name: str) -> tuple[JsonObject, list[msgspec.Raw]]:
    """
    Return a page without its rows, and the text of each row, which is a part of the page's and no copy.

    The page is read strictly except for its rows: they are to be read by ``loads``.

    :param name: the member with the rows; null is no rows.
    :raises PayloadError: the body is not JSON, not an object, or ambiguous; or the rows are no list.
    """
    body = response.body.removeprefix(BYTE_ORDER_MARK)
    try:
        listed = _PAGE.decode(body)[name]
        rows = _ROWS.decode(listed)
    except (KeyError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        JsonObject(response.json_object(), response.request).listed(name)  # raises, and says what is wrong
        raise PayloadError(f"{response.request}: {name} cannot be split into rows: {error}") from error
    # the first text that is equal to the rows may be another member's, of which the same is true
    start, size = body.find(memoryview(listed)), len(memoryview(listed))
    rest = body[:start] + (b"null" if rows is None else b"[]") + body[start + size :]
    page = JsonObject(loads(rest), response.request)
    page.listed(name)
    return page, rows or []
