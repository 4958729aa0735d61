"""Whether the pages of one listing fit together."""

from __future__ import annotations

from collections.abc import Iterable

from billing.errors import PayloadError, VendorUnavailable

_EMPTY_PAGES_IN_A_ROW = 3


class PageConsistencyCheck:
    """
    The rows of one paged read, while it goes on.

    A vendor writes its listing while it is read. A row that is inserted pushes another onto the next page, where it
    comes again; one that is removed pulls another onto the page before, where nobody sees it. Reading again helps.

    :param operation: for messages.
    """

    def __init__(self, operation: str) -> None:
        self._operation = operation
        self._ids: set[str] = set()
        self._empty = 0

    def __len__(self) -> int:
        return len(self._ids)

    def take(self, ids: Iterable[str], following: str | None) -> None:
        """
        Take in a page.

        :param following: the cursor of the next page; None or empty if there is none.
        :raises VendorUnavailable: rows of an earlier page come again.
        :raises PayloadError: several pages in a row have no row, and still another is named.
        """
        page = set(ids)
        if again := sorted(self._ids & page):
            raise VendorUnavailable(
                f"{self._operation}: a page repeats {len(again)} rows of an earlier one, {ascii(again[0])[:60]} among "
                "them: the listing changed while it was read, so others may be missing"
            )
        self._ids |= page
        self._empty = 0 if page else self._empty + 1
        if following and self._empty >= _EMPTY_PAGES_IN_A_ROW:
            raise PayloadError(
                f"{self._operation}: {self._empty} pages in a row without a row, and the vendor names another"
            )

    def check(self, total: int | None) -> None:
        """
        Compare with how many rows the vendor counts, if it does.

        :raises VendorUnavailable: it counts others.
        """
        if total is not None and total != len(self):
            raise VendorUnavailable(
                f"{self._operation}: {len(self)} rows read, but the vendor counts {total}: the listing changed while "
                "it was read, or lacks rows"
            )
