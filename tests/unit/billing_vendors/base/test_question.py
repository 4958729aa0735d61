"""Paging by cursor, and conversations."""

from datetime import UTC, datetime

import pytest

from billing.answer import Answer
from billing.errors import PayloadError, VendorRejected, VendorUnavailable
from billing_vendors.base.question import Ended, Pages, Question, all_pages, segment, step

FIRST = Question("v1.list", "/list", {"limit": "2"})


def page(cursor: str | None) -> Answer:
    return Answer("v1.list", "GET /list", 200, "application/json", (cursor or "").encode(), datetime.now(UTC))


def pages(most: int = 1000) -> Pages:
    return Pages(FIRST, lambda answer: answer.body.decode(), most=most)


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
    conversation = all_pages(pages())
    assert step(conversation, None) == FIRST
    assert step(conversation, page("c2")).params["cursor"] == "c2"
    ended = step(conversation, page(None))
    assert isinstance(ended, Ended)
    assert len(ended.value) == 2


def test_an_error_is_raised_where_the_question_was_asked():
    def forgiving():
        try:
            yield FIRST
        except VendorRejected as error:
            return error.status
        return None

    conversation = forgiving()
    step(conversation, None)
    assert step(conversation, VendorRejected("no", status=404)) == Ended(404)


@pytest.mark.parametrize("value", ["", ".", "..", "../x", "a/b", "a?b", "a#b", "a%2Fb", "a b", "é", "a\n"])
def test_an_identifier_that_would_lead_elsewhere_is_refused(value):
    with pytest.raises(PayloadError, match="invoice_id"):
        segment(value, "invoice_id")


def test_the_form_is_not_shown_with_its_question():
    assert "s3cr3t" not in repr(Question("test", "/token", method="POST", form={"client_secret": "s3cr3t"}))


@pytest.mark.parametrize("status", [400, 404, 410])
def test_a_cursor_that_the_vendor_no_longer_takes_is_worth_another_reading(status):
    conversation = all_pages(pages())
    step(conversation, None)
    step(conversation, page("c2"))
    with pytest.raises(VendorUnavailable, match="no longer takes the cursor"):
        step(conversation, VendorRejected("no", status=status))


@pytest.mark.parametrize(("cursor", "status"), [(None, 400), ("c2", 401), ("c2", 403)])
def test_any_other_refusal_stays_one(cursor, status):
    conversation = all_pages(pages())
    step(conversation, None)
    if cursor:
        step(conversation, page(cursor))
    with pytest.raises(VendorRejected):
        step(conversation, VendorRejected("no", status=status))
