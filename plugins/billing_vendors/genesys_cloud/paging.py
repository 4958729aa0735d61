"""
Read cursors from pages, and put stored pages in order.

A page names the next one by a cursor, the query value ``after`` or ``cursor`` in ``nextUri``. Only that parameter is
sent back, as the vendor wrote it: host and path of the address are never followed. There is no total to compare with.
Source: contract reference of the vendor's clients, checked 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar
from urllib.parse import unquote, unquote_plus, urlsplit

from billing.errors import PayloadError
from billing.payloads.json_reader import JsonObject
from billing.payloads.response import Response
from billing_vendors.base.client.paging import EMPTY_PAGES_IN_A_ROW, PageHead, Paging, check_end
from billing_vendors.genesys_cloud.vocabulary import UnknownFields, rename_legacy_fields

_CURSORS = frozenset({"after", "cursor"})
_UNDERSTOOD = frozenset({"nextUri"})


def body_of(response: Response) -> JsonObject:
    """Return the JSON object of a response, with the present field names; it is parsed once."""
    may_have_old_names = b'"get' in response.body or b"\\u" in response.body
    document = rename_legacy_fields(response.parsed) if may_have_old_names else response.parsed
    return JsonObject(document, response.request)


def rows_of(response: Response) -> list[JsonObject]:
    """
    Return the rows of one page; null ``entities`` is a page without rows.

    :raises PayloadError: the body is not a page, or has no ``entities``.
    """
    return body_of(response).listed("entities")


def note_page(response: Response, unknown_fields: UnknownFields) -> None:
    """Collect fields of a page that this code does not know."""
    page = body_of(response)
    page.objects("entities")
    for name in ("nextUri", "previousUri", "selfUri"):
        page.optional(name)
    unknown_fields.attributes(f"{response.operation}_page", page)


def next_cursor(response: Response, host: str = "") -> str | None:
    """
    Return the query parameter that leads to the page after this one, as the vendor wrote it; None on the last page.

        /…/invoices?pageSize=200&after=a%2Bb -> after=a%2Bb

    A link that differs from the request by nothing else than an empty cursor leads back to the first page: the end.

    :param host: of the vendor's API, for an absolute ``nextUri``; if empty, its host is not checked.
    :raises PayloadError: ``nextUri`` is not a URI, or leads elsewhere in a way that is not understood.
    """
    uri = body_of(response).text_or_none("nextUri")
    if not uri:
        return None
    asked = urlsplit(response.request.partition(" ")[2])
    where = f"{response.request}: nextUri"
    try:
        link = urlsplit(uri)
    except ValueError:
        raise PayloadError(f"{where} is not a URI") from None
    if not uri.isascii() or not uri.isprintable() or " " in uri:
        raise PayloadError(f"{where} is not a URI")
    if link.scheme not in {"", "http", "https"} or (host and link.netloc and link.netloc.lower() != host.lower()):
        raise PayloadError(f"{where} leads to another host, {ascii(link.hostname or link.scheme)[:80]}")
    ours = {_name(parameter) for parameter in asked.query.split("&")}
    others = [part for part in link.query.split("&") if part and _name(part) not in ours | _CURSORS]
    cursors = [part for part in link.query.split("&") if _name(part) in _CURSORS and part.partition("=")[2]]
    if others or len(cursors) > 1:
        name = _name((others or cursors)[0])
        raise PayloadError(f"{where} names the next page by {ascii(name)[:80]}, which is not understood")
    if cursors:
        return cursors[0]
    if not _is_same_path(link.path, asked.path) or set(_values(link.query)) - set(_values(asked.query)):
        raise PayloadError(f"{where} has no cursor, and is not the request of the first page")
    return None


class GenesysPaging(Paging):
    """Any of the vendor's listings. Some are known not to end: one empty page links to another."""

    most_pages: ClassVar[int] = 2000

    def read_head(self, page: Response) -> PageHead:
        """Read the cursor and the ids of the rows; a row without an id, if there is one, has its place instead."""
        rows, number = rows_of(page), len(self.pages) + 1
        cursor = next_cursor(page, self.host)
        if cursor is None:
            _check_last(page, number)
        return PageHead(cursor, [str(row.optional("id") or f"{number}/{n}") for n, row in enumerate(rows)])

    def cursor_parameter(self, cursor: str) -> str:
        """Return the parameter that the vendor wrote."""
        return cursor


def in_order(responses: Iterable[Response]) -> tuple[Sequence[Response], bool]:
    """
    Return the stored pages of one paged read in order, by following the cursors from the first page.

    :returns: the pages, and whether the last of them says that no other follows, or a row of empty pages does. A page
        requested twice counts once, as last received; a page that no other links to does not belong to the read.
    """
    by_cursor = {_asked_with(response): response for response in responses}
    pages: list[Response] = []
    cursor: str | None = None
    empty = 0
    while (page := by_cursor.pop(cursor, None)) is not None:
        pages.append(page)
        cursor = next_cursor(page)
        empty = 0 if rows_of(page) else empty + 1
        if cursor is None or empty >= EMPTY_PAGES_IN_A_ROW or (empty and cursor == _asked_with(page)):
            return pages, True
    return pages, False


def _check_last(response: Response, pages_read: int) -> None:
    """
    Check that a page without a cursor is the last one.

    :raises PayloadError: it says that more follows, or counts more pages.
    """
    document = response.parsed
    check_end(response, document, _UNDERSTOOD)
    count = document.get("pageCount")
    if isinstance(count, int) and count > pages_read:
        raise PayloadError(f"{response.request}: pageCount is {count}, but page {pages_read} links to no other")


def _is_same_path(path: str, asked: str) -> bool:
    """Return whether a link's path is the one asked for; either may lack what a gateway adds in front."""
    path, asked = (f"/{unquote(each).strip('/')}" for each in (path, asked))
    return path == "/" or path.endswith(asked) or asked.endswith(path)


def _asked_with(response: Response) -> str | None:
    query = urlsplit(response.request.partition(" ")[2]).query
    return next((parameter for parameter in query.split("&") if _name(parameter) in _CURSORS), None)


def _name(parameter: str) -> str:
    return unquote_plus(parameter.partition("=")[0])


def _values(query: str) -> list[str]:
    """Return the parameters that say something, decoded."""
    return [unquote_plus(part) for part in query.split("&") if part.partition("=")[2] and _name(part) not in _CURSORS]
