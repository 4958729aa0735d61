"""Pages of one listing that fit together, and some that do not."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from billing.errors import PayloadError, VendorUnavailable
from billing.payloads.response import Response
from billing_vendors.base.client.client import Access, VendorClient
from billing_vendors.base.client.connection import ConnectionSettings
from billing_vendors.base.client.paging import PageHead, Paging, check_end
from billing_vendors.base.client.request import Request


class Rows(Paging):
    """A listing whose pages are their own head."""

    def read_head(self, page: Response) -> PageHead:
        return PageHead(**page.json_object())


class Vendor(VendorClient):
    """A client whose vendor has some pages, and other ones when the listing is read again."""

    _access = Access(ConnectionSettings("c", {"api": "https://api.example.com"}))

    def __init__(self, *readings: list[list[str]], total: int | None = None) -> None:
        self._answers = [page for pages in readings for page in heads(pages, total)]

    async def asend(self, request: Request) -> Response:  # noqa: ARG002 (the client's)
        return response(self._answers.pop(0))

    def read(self, unread: int = 0) -> int:
        async def read_all() -> int:
            return len([page async for page in self.alist_pages(Rows(Request("v1.list", "/list")))])

        pages = asyncio.run(read_all())
        assert len(self._answers) == unread
        return pages


def heads(pages: list[list[str]], total: int | None) -> list[dict[str, Any]]:
    last = len(pages)
    return [
        {"next_cursor": str(n) if n < last else None, "row_ids": ids, "total": total}
        for n, ids in enumerate(pages, start=1)
    ]


def response(document: object, **headers: str) -> Response:
    body = json.dumps(document).encode()
    return Response("v1.list", "GET /list", 200, "application/json", body, datetime.now(UTC), headers)


@pytest.mark.parametrize(
    ("pages", "total"),
    [
        ([[]], 0),
        ([["a", "b"], ["c"]], 3),
        ([["a", "b"], ["c"]], None),
        ([["a"], [], [], ["b"]], 2),
        ([[], [], []], None),
        ([["a", "a"], ["b"]], 3),
        ([["a", "a"], ["b"]], 2),
    ],
)
def test_a_whole_listing_is_read_once(pages, total):
    assert Vendor(pages, total=total).read() == len(pages)


@pytest.mark.parametrize(
    ("pages", "total"), [([["a", "b"], ["b", "c"]], 3), ([["a"], ["b"]], 1), ([["a"], ["b"]], 3), ([["a"]], 0)]
)
def test_pages_that_do_not_fit_together_are_stored_if_a_second_reading_is_the_same(pages, total):
    """A row that the vendor sends twice, or a total that counts something else, is there at every reading."""
    assert Vendor(pages, pages, total=total).read() == len(pages)


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ([["a", "b"], ["b", "c"]], [["x", "a"], ["b", "c"]], r"a page repeats 1 rows of an earlier one, including 'b'"),
        ([["a"], ["b"]], [["a"], ["b", "c"]], "2 rows read, but the vendor reports a total of 3"),
    ],
)
def test_a_listing_that_changes_while_it_is_read_is_worth_another_attempt(first, second, message):
    with pytest.raises(VendorUnavailable, match=message):
        Vendor(first, second, total=3 if len(first[0]) == 1 else None).read()


def test_a_page_that_has_nothing_but_rows_of_earlier_ones_ends_the_read():
    with pytest.raises(VendorUnavailable, match="repeats 2 rows"):
        Vendor([["a", "b"], ["a", "b"], ["c"]]).read()


def test_an_empty_page_is_the_end_once_the_total_has_been_read():
    assert Vendor([["a", "b"], [], ["c"]], total=2).read(unread=1) == 2
    assert Vendor([["a"], [], ["b"]], total=2).read() == 3


def test_three_empty_pages_are_the_end():
    assert Vendor([["a"], [], [], [], ["b"]]).read(unread=1) == 4


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ({"links": {"next": "/list?page=2"}}, r"links\.next"),
        ({"meta": {"has_more": True}}, r"meta\.has_more"),
        ({"nextPageToken": "abc"}, "nextPageToken"),
        ({"next": {"href": "/list?page=2"}}, "next"),
        ({"MORE": 1}, "MORE"),
    ],
)
def test_a_promise_of_more_is_an_error_that_names_it(document, named):
    with pytest.raises(PayloadError, match=f"{named}. says that more follows"):
        check_end(response(document), document)


@pytest.mark.parametrize(
    "document",
    [
        {"links": {"next": None, "self": "/list"}},
        {"has_more": False, "more": "false", "next": "", "nextPage": 0, "next_links": [], "nextUri": {"href": None}},
        {"data": [{"next_bill_on": "2026-01-01"}]},
        {"understood": {"next": "x"}},
    ],
)
def test_what_promises_nothing_is_the_end(document):
    check_end(response(document, link='</list>; rel="prev"'), document, frozenset({"understood.next"}))


def test_a_link_header_to_a_next_page_is_an_error():
    with pytest.raises(PayloadError, match="the header Link"):
        check_end(response({}, link='</a>; rel=prev, </b>; rel="next"'), {})
