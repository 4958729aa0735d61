"""Paging by cursor."""

import asyncio
from datetime import UTC, datetime

import pytest

from billing.errors import BillingError, PayloadError, VendorRejected, VendorUnavailable
from billing.payloads.response import Response
from billing_vendors.base.client.client import Access, VendorClient
from billing_vendors.base.client.connection import ConnectionSettings
from billing_vendors.base.client.paging import PageHead, Paging
from billing_vendors.base.client.request import Request, segment

FIRST = Request("v1.list", "/list", {"limit": "2"})


def page(cursor: str | None) -> Response:
    return Response("v1.list", "GET /list", 200, "application/json", (cursor or "").encode(), datetime.now(UTC))


class Pages(Paging):
    """A listing whose pages hold a cursor and nothing else."""

    def read_head(self, page: Response) -> PageHead:
        cursor = page.body.decode()
        return PageHead(cursor, [f"row before {cursor}"])


class Answering(VendorClient):
    """A client whose vendor answers from a script."""

    _access = Access(ConnectionSettings("c", {"api": "https://api.example.com"}))

    def __init__(self, *answers: Response | BillingError) -> None:
        self._answers = list(answers)
        self.sent: list[Request] = []

    async def asend(self, request: Request) -> Response:
        self.sent.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, BillingError):
            raise answer
        return answer

    def read(self) -> list[Response]:
        async def read_all() -> list[Response]:
            return [page async for page in self.alist_pages(Pages(FIRST))]

        return asyncio.run(read_all())


def test_a_cursor_leads_to_the_next_page_with_the_same_other_parameters():
    read = Pages(FIRST)
    read.advance(page("c2"))
    assert read.request.line == "GET /list?limit=2&cursor=c2"


def test_an_empty_cursor_ends_the_read():
    read = Pages(FIRST)
    read.advance(page(""))
    assert read.request is None


def test_a_repeated_cursor_is_an_error_and_not_an_end():
    read = Pages(FIRST)
    read.advance(page("c2"))
    read.advance(page("c3"))
    with pytest.raises(PayloadError, match="back to an earlier page"):
        read.advance(page("c2"))


def test_a_listing_without_an_end_is_an_error(monkeypatch):
    monkeypatch.setattr(Pages, "most_pages", 3)
    read = Pages(FIRST)
    read.advance(page("c2"))
    read.advance(page("c3"))
    with pytest.raises(PayloadError, match="not finished after 3 pages"):
        read.advance(page("c4"))


def test_pages_are_read_until_the_last():
    client = Answering(page("c2"), page(None))
    assert len(client.read()) == 2
    assert [request.cursor for request in client.sent] == ["", "cursor=c2"]


def test_a_page_that_does_not_fit_is_handed_out_before_the_error():
    """It is evidence: what had arrived is stored whatever comes after it."""
    client = Answering(page("c2"), page("c2"))
    pages = []

    async def keep() -> None:
        async for read_page in client.alist_pages(Pages(FIRST)):
            pages.append(read_page)  # noqa: PERF401 (a list made at once would be lost with the error)

    with pytest.raises(PayloadError, match="back to an earlier page"):
        asyncio.run(keep())
    assert len(pages) == 2


@pytest.mark.parametrize("value", ["", ".", "..", "../x", "a/b", "a?b", "a#b", "a%2Fb", "a b", "é", "a\n"])
def test_an_identifier_that_would_lead_elsewhere_is_refused(value):
    with pytest.raises(PayloadError, match="invoice_id"):
        segment(value, "invoice_id")


def test_the_form_is_not_shown_with_its_question():
    assert "s3cr3t" not in repr(Request("test", "/token", method="POST", form={"client_secret": "s3cr3t"}))


@pytest.mark.parametrize("status", [400, 404, 410])
def test_a_cursor_that_the_vendor_no_longer_takes_is_worth_another_reading(status):
    with pytest.raises(VendorUnavailable, match="no longer accepts its own cursor"):
        Answering(page("c2"), VendorRejected("no", status=status)).read()


@pytest.mark.parametrize(("cursor", "status"), [(None, 400), ("c2", 401), ("c2", 403)])
def test_any_other_refusal_stays_one(cursor, status):
    before = [page(cursor)] if cursor else []
    with pytest.raises(VendorRejected):
        Answering(*before, VendorRejected("no", status=status)).read()
