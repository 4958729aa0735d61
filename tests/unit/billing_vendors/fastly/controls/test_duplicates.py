"""F7."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.controls.checks.document_keys import same_number
from billing.models import Listing
from billing_vendors.fastly.controls.f07_duplicate_documents import F7


@pytest.fixture(scope="module")
def compared(bills):
    """Judge October's invoices beside earlier ones; give state and strength by invoice."""

    def run(*invoices, earlier=()):
        heads = tuple(sorted(map(bills.head, (*earlier, *invoices)), key=lambda head: (head.month, head.invoice_id)))
        found = bills.judge(F7, *invoices, history=heads)
        return {each.subject: (each.state.value, each.operands.get("strength")) for each in found}

    return run


def test_nothing_alike(bills, compared):
    assert compared(
        bills.invoice(invoice_id="1"), earlier=[bills.invoice(invoice_id="2", month=bills.september, total="9")]
    ) == {"1": ("PASS", None)}


@pytest.mark.parametrize(("mine", "theirs"), [("4183280", "04183280"), ("INV-12", "inv 12"), ("0x1", "X1")])
def test_strong_one_number_written_in_two_ways(bills, compared, mine, theirs):
    earlier = [bills.invoice(invoice_id=theirs, month=bills.september, total="9")]
    assert compared(bills.invoice(invoice_id=mine), earlier=earlier) == {mine: ("EXCEPTION", "strong")}


def test_strong_one_statement_number_on_two(bills, compared):
    earlier = [bills.invoice(invoice_id="2", statement_number="ST-1", total="9", month=bills.september)]
    assert compared(bills.invoice(invoice_id="1", statement_number="st1"), earlier=earlier) == {
        "1": ("EXCEPTION", "strong")
    }


def test_a_row_that_the_list_has_twice_is_named_and_holds_nothing(bills):
    listing = Listing("v3.list_invoices", ("1", "2", "1"), 2, ended=True)
    invoice = bills.invoice(invoice_id="1")
    alike, twice = bills.judge(F7, month=bills.month(invoice, listings=(listing,)), history=(bills.head(invoice),))
    assert (alike.state, twice.state, twice.severity, twice.subject) == ("PASS", "EXCEPTION", "warning", "1")
    assert "2 times" in twice.explanation
    elsewhere = Listing("v3.list_invoices", ("1", "2", "2"), 3, ended=True)
    found = bills.judge(F7, month=bills.month(invoice, listings=(elsewhere,)), history=(bills.head(invoice),))
    assert [each.state for each in found] == ["PASS"]


def test_medium_the_same_amount_twice_in_a_month_reports_the_later(bills, compared):
    later = bills.invoice(invoice_id="1", issued_at=bills.october.end + timedelta(days=3))
    assert compared(bills.invoice(invoice_id="2"), later) == {"2": ("PASS", None), "1": ("EXCEPTION", "medium")}


def test_medium_needs_one_currency_and_a_total(bills, compared):
    found = compared(bills.invoice(invoice_id="1"), bills.invoice(invoice_id="2", currency="EUR"))
    assert set(found.values()) == {("PASS", None)}
    found = compared(bills.invoice(invoice_id="1", total="0"), bills.invoice(invoice_id="2", total="0"))
    assert set(found.values()) == {("PASS", None)}


def test_a_credit_memo_is_no_copy_of_the_invoice_it_cancels(bills, compared):
    found = compared(bills.invoice(invoice_id="1"), bills.invoice(invoice_id="2", kind="credit_memo"))
    assert set(found.values()) == {("PASS", None)}
    found = compared(bills.invoice(invoice_id="1", total="5"), bills.invoice(invoice_id="2", total="-5"))
    assert set(found.values()) == {("PASS", None)}


@pytest.mark.parametrize(("days", "state"), [(7, "VARIANCE_TOLERATED"), (8, "PASS")])
def test_weak_another_month_issued_within_days(bills, compared, days, state):
    mine = bills.invoice(invoice_id="1")
    earlier = [bills.invoice(invoice_id="2", month=bills.september, issued_at=mine.issued_at - timedelta(days=days))]
    assert compared(mine, earlier=earlier)["1"][0] == state


def test_weak_needs_both_dates(bills, compared):
    earlier = [bills.invoice(invoice_id="2", month=bills.september, issued_at=None)]
    assert compared(bills.invoice(invoice_id="1"), earlier=earlier) == {"1": ("PASS", None)}


def test_a_document_that_is_not_among_the_stored(bills):
    assert bills.states(F7, bills.invoice(), history=()) == ["BLOCKED"]


def test_a_month_without_an_invoice(bills):
    assert bills.states(F7, month=bills.month()) == ["NOT_APPLICABLE"]


@given(st.text(alphabet="0123456789abcXYZ -_./#", max_size=12))
def test_a_number_is_the_same_however_it_is_dressed(number):
    assert same_number(f"00-{number.upper()} ") == same_number(number)
    assert same_number(same_number(number)) == same_number(number)
