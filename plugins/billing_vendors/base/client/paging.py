"""Read a listing page by page, by cursor, and check that its pages fit together."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self
from urllib.parse import urlencode

from billing.errors import PayloadError, VendorUnavailable
from billing.payloads.response import Response
from billing_vendors.base.client.request import Request

EMPTY_PAGES_IN_A_ROW = 3
"""So many end a listing: some link to another empty page without end."""

_FOLLOWS = re.compile(r"next|more", re.IGNORECASE)
_NEGATIVE = frozenset({"", "0", "false", "no", "null", "none"})


@dataclass(frozen=True, slots=True)
class PageHead:
    """
    What a page says about its place in the listing.

    :param next_cursor: of the page after it; None or an empty string on the last page.
    :param row_ids: identifiers of its rows, one for each row.
    :param total: how many rows the vendor reports for all pages; None if it reports no total.
    """

    next_cursor: str | None
    row_ids: Sequence[str]
    total: int | None = None


class Paging:
    """
    The state of one paged read. A vendor's subclass reads the cursor and total of a page.

    A listing can change while it is read. An inserted row moves another to the next page, where it appears again; a
    removed one moves another to the page before, where it is missed. A vendor may also send a row twice, or a total
    that counts something else. Only a second reading tells: see :attr:`doubt`.

    :ivar first: the request of the first page.
    :ivar request: the request of the next page; None at the end.
    :ivar host: of the vendor's API, as in the connection; empty if not known yet.
    :ivar doubt: why the rows may not be all; None if the pages fit together.
    :ivar only_total_differs: the doubt is the vendor's total alone, which the controls see, too.
    :ivar pages: the row identifiers of each page read.
    :cvar most_pages: more pages than this are an error: some listings never end.
    """

    most_pages: ClassVar[int] = 1000

    def __init__(self, first: Request) -> None:
        self.first = first
        self.request: Request | None = first
        self.host = ""
        self.doubt: VendorUnavailable | None = None
        self.only_total_differs = False
        self.pages: list[list[str]] = []
        self._cursors: list[str] = []
        self._ids: set[str] = set()

    def read_head(self, page: Response) -> PageHead:
        """
        Read cursor, row identifiers and total of a page.

        :raises PayloadError: the response is not a page, or names the next one in a way that is not understood.
        """
        raise NotImplementedError

    def cursor_parameter(self, cursor: str) -> str:
        """Return the cursor as a query parameter with its name."""
        return urlencode({"cursor": cursor})

    def restarted(self) -> Self:
        """Return the same read, before its first page."""
        again = copy.copy(self)
        Paging.__init__(again, self.first)
        return again

    def advance(self, page: Response) -> None:
        """
        Check a page against those before it, and set the next request.

        :raises PayloadError: the cursor was used before, or there are too many pages.
        :raises VendorUnavailable: the page repeats earlier ones and has nothing new.
        """
        head = self.read_head(page)
        stays = bool(self._cursors) and head.next_cursor == self._cursors[-1] and not head.row_ids
        if head.next_cursor in self._cursors and not stays:
            raise PayloadError(f"{self.first.operation}: page {len(self.pages) + 1} links back to an earlier page")
        self._take(head.row_ids)
        if not head.next_cursor or stays or self._ends_empty(head.total):
            self._check_total(head.total)
            self.request = None
            return
        if len(self.pages) >= self.most_pages:
            raise PayloadError(f"{self.first.operation}: not finished after {self.most_pages} pages")
        self._cursors.append(head.next_cursor)
        self.request = replace(self.first, cursor=self.cursor_parameter(head.next_cursor))

    def _take(self, row_ids: Sequence[str]) -> None:
        again = sorted(self._ids.intersection(row_ids))
        if again:
            doubt = VendorUnavailable(
                f"{self.first.operation}: a page repeats {len(again)} rows of an earlier one, including "
                f"{ascii(again[0])[:60]}: the listing changed while it was read, so other rows may be missing"
            )
            if self._ids.issuperset(row_ids):
                raise doubt
            self.doubt = self.doubt or doubt
        self._ids.update(row_ids)
        self.pages.append(list(row_ids))

    def _ends_empty(self, total: int | None) -> bool:
        """Return whether pages without rows end the listing: one, if the vendor's total has been read, else three."""
        needed = 1 if self._is_total(total) else EMPTY_PAGES_IN_A_ROW
        return len(self.pages) >= needed and not any(self.pages[-needed:])

    def _is_total(self, total: int | None) -> bool:
        """Return whether a total is the number of rows; it may or may not count a repeated row twice."""
        return total is not None and total in {sum(map(len, self.pages)), len(self._ids)}

    def _check_total(self, total: int | None) -> None:
        """Compare the number of rows with the vendor's total, if it reports one."""
        if total is not None and not self._is_total(total):
            self.only_total_differs = self.doubt is None
            self.doubt = self.doubt or VendorUnavailable(
                f"{self.first.operation}: {sum(map(len, self.pages))} rows read, but the vendor reports a total "
                f"of {total}: the listing changed while it was read, or rows are missing"
            )


def check_end(response: Response, document: Mapping[str, object], known: frozenset[str] = frozenset()) -> None:
    """
    Check that a response which should be the last of its listing says nothing of another page.

    :param known: members that say so and were understood.
    :raises PayloadError: names a member, or the header, that promises more: ``links.next``, ``meta.has_more``.
    """
    promise = next((name for name, value in _promises(document) if name not in known and _is_positive(value)), None)
    if promise is None and re.search(
        r"\brel\s*=\s*\"?[^\";,]*\bnext\b", response.headers.get("link", ""), re.IGNORECASE
    ):
        promise = "the header Link"
    if promise is not None:
        raise PayloadError(
            f"{response.request}: {ascii(promise)[:80]} says that more follows, in a way that is not understood"
        )


def _promises(document: Mapping[str, object], where: str = "") -> Iterator[tuple[str, object]]:
    """Yield the members whose names speak of a next page or of more; the rows of a list are not searched."""
    for name, value in document.items():
        if _FOLLOWS.search(name):
            yield where + name, value
        elif isinstance(value, dict):
            yield from _promises(value, f"{where}{name}.")


def _is_positive(value: object) -> bool:
    if isinstance(value, dict | list):
        return any(map(_is_positive, value.values() if isinstance(value, dict) else value))
    return value.strip().lower() not in _NEGATIVE if isinstance(value, str) else bool(value)
