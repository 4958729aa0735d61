"""Read a listing page by page, by cursor, and check that its pages fit together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from billing.errors import PayloadError, VendorUnavailable
from billing.payloads.response import Response
from billing_vendors.base.client.request import Request

_EMPTY_PAGES_IN_A_ROW = 3


@dataclass(frozen=True, slots=True)
class PageHead:
    """
    What a page says about its place in the listing.

    :param next_cursor: of the page after it; None or an empty string on the last page.
    :param row_ids: identifiers of its rows; a row without one is left out.
    :param total: how many rows the vendor reports for all pages; None if it reports no total.
    """

    next_cursor: str | None
    row_ids: Sequence[str]
    total: int | None = None


class Paging:
    """
    The state of one paged read. A vendor's subclass reads the cursor and total of a page.

    :ivar first: the request of the first page.
    :ivar request: the request of the next page; None at the end.
    :cvar cursor_parameter: the query parameter that carries the cursor.
    :cvar most_pages: more pages than this are an error: some listings never end.
    """

    cursor_parameter: ClassVar[str] = "cursor"
    most_pages: ClassVar[int] = 1000

    def __init__(self, first: Request) -> None:
        self.first = first
        self.request: Request | None = first
        self._cursors: set[str] = set()
        self._check = PageConsistencyCheck(first.operation)

    def read_head(self, page: Response) -> PageHead:
        """
        Read cursor, row identifiers and total of a page.

        :raises PayloadError: the response is not a page.
        """
        raise NotImplementedError

    def advance(self, page: Response) -> None:
        """
        Check a page against those before it, and set the next request.

        :raises PayloadError: the cursor was used before, or there are too many pages.
        :raises VendorUnavailable: see :class:`PageConsistencyCheck`.
        """
        head = self.read_head(page)
        if head.next_cursor in self._cursors:
            raise PayloadError(f"{self.first.operation}: page {len(self._cursors) + 1} links back to an earlier page")
        self._check.take(head.row_ids, head.next_cursor)
        if not head.next_cursor:
            self._check.check(head.total)
            self.request = None
            return
        if len(self._cursors) + 1 >= self.most_pages:
            raise PayloadError(f"{self.first.operation}: not finished after {self.most_pages} pages")
        self._cursors.add(head.next_cursor)
        self.request = replace(self.first, params={**self.first.params, self.cursor_parameter: head.next_cursor})


class PageConsistencyCheck:
    """
    The rows of one paged read so far.

    A listing can change while it is read. An inserted row moves another to the next page, where it appears again; a
    removed one moves another to the page before, where it is missed. Reading the listing again helps.

    :param operation: for messages.
    """

    def __init__(self, operation: str) -> None:
        self._operation = operation
        self._ids: set[str] = set()
        self._empty = 0

    def take(self, ids: Iterable[str], following: str | None) -> None:
        """
        Add the rows of a page.

        :param following: the cursor of the next page; None or empty if there is none.
        :raises VendorUnavailable: rows of an earlier page appear again.
        :raises PayloadError: several pages in a row are empty, and another follows.
        """
        page = set(ids)
        if again := sorted(self._ids & page):
            raise VendorUnavailable(
                f"{self._operation}: a page repeats {len(again)} rows of an earlier one, including "
                f"{ascii(again[0])[:60]}: the listing changed while it was read, so other rows may be missing"
            )
        self._ids |= page
        self._empty = 0 if page else self._empty + 1
        if following and self._empty >= _EMPTY_PAGES_IN_A_ROW:
            raise PayloadError(
                f"{self._operation}: {self._empty} empty pages in a row, and the vendor links to another"
            )

    def check(self, total: int | None) -> None:
        """
        Compare the number of rows with the vendor's total, if it reports one.

        :raises VendorUnavailable: they differ.
        """
        if total is not None and total != len(self._ids):
            raise VendorUnavailable(
                f"{self._operation}: {len(self._ids)} rows read, but the vendor reports a total of {total}: the "
                "listing changed while it was read, or rows are missing"
            )
