"""Paging by cursor, and conversations."""

from datetime import UTC, datetime

import pytest

from billing.errors import PayloadError, VendorRejected, VendorUnavailable
from billing.payloads.response import Response
from billing_vendors.base.client.request import FlowResult, Pages, Request, all_pages, next_step, segment

FIRST = Request("v1.list", "/list", {"limit": "2"})


def page(cursor: str | None) -> Response:
    return Response("v1.list", "GET /list", 200, "application/json", (cursor or "").encode(), datetime.now(UTC))


def pages(most: int = 1000) -> Pages:
    return Pages(FIRST, lambda response: response.body.decode(), most=most)


def test_a_cursor_leads_to_the_next_page_with_the_same_other_parameters():
    assert pages().after(page("c2")).params == {"limit": "2", "cursor": "c2"}


def test_an_empty_cursor_ends_the_read():
    assert pages().after(page("")) is None


def test_a_repeated_cursor_is_an_error_and_not_an_end():
    read = pages()
    read.after(page("c2"))
    read.after(page("c3"))
    with pytest.raises(PayloadError, match="back to an earlier page"):
        read.after(page("c2"))


def test_a_listing_without_an_end_is_an_error():
    read = pages(most=3)
    read.after(page("c2"))
    read.after(page("c3"))
    with pytest.raises(PayloadError, match="no end after 3 pages"):
        read.after(page("c4"))


def test_a_conversation_asks_until_the_last_page():
    flow = all_pages(pages())
    assert next_step(flow, None) == FIRST
    assert next_step(flow, page("c2")).params["cursor"] == "c2"
    ended = next_step(flow, page(None))
    assert isinstance(ended, FlowResult)
    assert len(ended.value) == 2


def test_an_error_is_raised_where_the_question_was_asked():
    def forgiving():
        try:
            yield FIRST
        except VendorRejected as error:
            return error.status
        return None

    flow = forgiving()
    next_step(flow, None)
    assert next_step(flow, VendorRejected("no", status=404)) == FlowResult(404)


@pytest.mark.parametrize("value", ["", ".", "..", "../x", "a/b", "a?b", "a#b", "a%2Fb", "a b", "é", "a\n"])
def test_an_identifier_that_would_lead_elsewhere_is_refused(value):
    with pytest.raises(PayloadError, match="invoice_id"):
        segment(value, "invoice_id")


def test_the_form_is_not_shown_with_its_question():
    assert "s3cr3t" not in repr(Request("test", "/token", method="POST", form={"client_secret": "s3cr3t"}))


@pytest.mark.parametrize("status", [400, 404, 410])
def test_a_cursor_that_the_vendor_no_longer_takes_is_worth_another_reading(status):
    flow = all_pages(pages())
    next_step(flow, None)
    next_step(flow, page("c2"))
    with pytest.raises(VendorUnavailable, match="no longer takes the cursor"):
        next_step(flow, VendorRejected("no", status=status))


@pytest.mark.parametrize(("cursor", "status"), [(None, 400), ("c2", 401), ("c2", 403)])
def test_any_other_refusal_stays_one(cursor, status):
    flow = all_pages(pages())
    next_step(flow, None)
    if cursor:
        next_step(flow, page(cursor))
    with pytest.raises(VendorRejected):
        next_step(flow, VendorRejected("no", status=status))
