"""Pages of one listing that fit together, and some that do not."""

import pytest

from billing.errors import PayloadError, VendorUnavailable
from billing_vendors.base.client.paging import PageConsistencyCheck


def read(*pages: list[str], total: int | None = None) -> None:
    seen = PageConsistencyCheck("v1.list")
    for number, ids in enumerate(pages, start=1):
        seen.take(ids, "next" if number < len(pages) else None)
    seen.check(total)


@pytest.mark.parametrize(
    ("pages", "total"),
    [([[]], 0), ([["a", "b"], ["c"]], 3), ([["a", "b"], ["c"]], None), ([["a"], [], [], ["b"]], 2), ([[], [], []], 0)],
)
def test_a_whole_listing(pages, total):
    read(*pages, total=total)


@pytest.mark.parametrize("pages", [[["a", "b"], ["a", "b"]], [["a", "b"], ["b", "c"]]])
def test_a_row_that_comes_on_two_pages(pages):
    with pytest.raises(VendorUnavailable, match=r"v1\.list: a page repeats \d rows of an earlier one, including '.'"):
        read(*pages)


def test_a_row_that_stands_twice_on_one_page_is_not_a_moved_one():
    read(["a", "a"], ["b"])


@pytest.mark.parametrize("total", [1, 3])
def test_another_number_of_rows_than_the_vendor_counts(total):
    with pytest.raises(VendorUnavailable, match=f"2 rows read, but the vendor reports a total of {total}"):
        read(["a"], ["b"], total=total)


def test_three_empty_pages_and_no_end():
    with pytest.raises(PayloadError, match="3 empty pages in a row"):
        read(["a"], [], [], [], ["b"])
