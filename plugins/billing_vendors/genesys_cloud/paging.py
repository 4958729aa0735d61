"""
Read cursors from pages, and put stored pages in order.

A page names the next one by a cursor, the query value ``after`` in ``nextUri``. Only that value is used: host and path
of the address are never followed. There is no total to compare with.
Source: contract reference of the vendor's clients, checked 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

from billing.errors import PayloadError
from billing.payloads.json_reader import JsonObject
from billing.payloads.response import Response
from billing_vendors.base.client.paging import PageHead, Paging
from billing_vendors.genesys_cloud.vocabulary import UnknownFields, objects, rename_legacy_fields

CURSOR = "after"


def rows_of(response: Response) -> list[JsonObject]:
    """
    Return the rows of one page; null or missing ``entities`` is a page without rows.

    :raises PayloadError: the body is not a page.
    """
    return list(objects(_page(response), "entities"))


def note_page(response: Response, unknown_fields: UnknownFields) -> None:
    """Collect fields of a page that this code does not know."""
    page = _page(response)
    for name in ("entities", "nextUri", "previousUri", "selfUri"):
        page.optional(name)
    unknown_fields.attributes(f"{response.operation}_page", page)


def next_cursor(response: Response) -> str | None:
    """
    Return the cursor of the page after this one; None on the last page.

    :raises PayloadError: ``nextUri`` is not a string or not a URL.
    """
    next_uri = _page(response).text_or_none("nextUri")
    try:
        query = parse_qs(urlsplit(next_uri or "").query)
    except ValueError:
        raise PayloadError(f"{response.request}: nextUri is not a URL") from None
    return query[CURSOR][0] if CURSOR in query else None


class GenesysPaging(Paging):
    """Any of the vendor's listings. Some are known not to end: one empty page links to another."""

    cursor_parameter: ClassVar[str] = CURSOR
    most_pages: ClassVar[int] = 2000

    def read_head(self, page: Response) -> PageHead:
        """Read the cursor and the ids of the rows; a row without an id, if there is one, is left out."""
        ids = (row.optional("id") for row in rows_of(page))
        return PageHead(next_cursor(page), [row_id for row_id in ids if isinstance(row_id, str)])


def in_order(responses: Iterable[Response]) -> tuple[Sequence[Response], bool]:
    """
    Return the stored pages of one paged read in order, by following the cursors from the first page.

    :returns: the pages, and whether the last of them says that no other follows. A page requested twice counts
        once, as last received; a page that no other links to does not belong to the read.
    """
    by_cursor = {_asked_with(response): response for response in responses}
    pages: list[Response] = []
    cursor: str | None = None
    while (page := by_cursor.pop(cursor, None)) is not None:
        pages.append(page)
        cursor = next_cursor(page)
        if cursor is None:
            return pages, True
    return pages, False


def _asked_with(response: Response) -> str | None:
    query = parse_qs(urlsplit(response.request.partition(" ")[2]).query)
    return query[CURSOR][0] if CURSOR in query else None


def _page(response: Response) -> JsonObject:
    return JsonObject(rename_legacy_fields(response.json_object()), response.request)
