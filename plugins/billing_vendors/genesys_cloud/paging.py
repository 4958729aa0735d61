"""
Paged answers: where the next page is, and whether stored pages are all there.

A page names the next one by a cursor, the query value ``after`` in ``nextUri``. Only the value is taken: host and
path of that address are the vendor's business and are never followed. There is no total to compare with.
Source: contract reference of the vendor's clients, checked 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import parse_qs, urlsplit

from billing.errors import PayloadError
from billing.payloads.json_reader import Fields
from billing.payloads.response import Answer
from billing_vendors.base.client.page_check import RowsSeen
from billing_vendors.base.client.request import Pages, Question
from billing_vendors.genesys_cloud.vocabulary import Noted, objects, with_todays_names

CURSOR = "after"
_MOST_PAGES = 2000


def rows_of(answer: Answer) -> list[Fields]:
    """
    Give the rows of one page; null or missing ``entities`` is a page without rows.

    :raises PayloadError: the body is not a page.
    """
    return list(objects(_page(answer), "entities"))


def note_page(answer: Answer, noted: Noted) -> None:
    """Note members of a page that this code does not know."""
    page = _page(answer)
    for name in ("entities", "nextUri", "previousUri", "selfUri"):
        page.optional(name)
    noted.kept(f"{answer.operation}_page", page)


def next_cursor(answer: Answer) -> str | None:
    """
    Give the cursor of the page after this one; None on the last page.

    :raises PayloadError: ``nextUri`` is not a text or not an address.
    """
    next_uri = _page(answer).text_or_none("nextUri")
    try:
        query = parse_qs(urlsplit(next_uri or "").query)
    except ValueError:
        raise PayloadError(f"{answer.request}: nextUri is not an address") from None
    return query[CURSOR][0] if CURSOR in query else None


def pages_of(first: Question) -> Pages:
    """Give the questions of one paged read."""
    return Pages(first, next_cursor, parameter=CURSOR, most=_MOST_PAGES, check=_Fitting(first.operation))


class _Fitting:
    """
    Makes sure that the pages of one read fit together.

    Some of the vendor's listings are known never to end: they lead from one empty page to another.
    """

    def __init__(self, operation: str) -> None:
        self._seen = RowsSeen(operation)

    def __call__(self, answer: Answer, cursor: str | None) -> None:
        """Take in a page; a row without an id, if there is one, is not looked for on others."""
        ids = (row.optional("id") for row in rows_of(answer))
        self._seen.take((row_id for row_id in ids if isinstance(row_id, str)), cursor)


def in_order(answers: Iterable[Answer]) -> tuple[Sequence[Answer], bool]:
    """
    Put the stored pages of one paged read into their order, by following the cursors from the first page.

    :returns: the pages, and whether the last of them says that no other follows. A page asked for twice counts
        once, as it was received last; a page that no other leads to does not belong to the read.
    """
    by_cursor = {_asked_with(answer): answer for answer in answers}
    pages: list[Answer] = []
    cursor: str | None = None
    while (page := by_cursor.pop(cursor, None)) is not None:
        pages.append(page)
        cursor = next_cursor(page)
        if cursor is None:
            return pages, True
    return pages, False


def _asked_with(answer: Answer) -> str | None:
    query = parse_qs(urlsplit(answer.request.partition(" ")[2]).query)
    return query[CURSOR][0] if CURSOR in query else None


def _page(answer: Answer) -> Fields:
    return Fields(with_todays_names(answer.json_object()), answer.request)
