"""An invoice that its vendor no longer lists leaves every total, is kept, and comes back when it is listed again."""

from dataclasses import replace
from decimal import Decimal

import pytest

from billing.models import Listing
from billing.month import Month
from billing_vendors.fastly.controls.f20_restatement import F20

SEPTEMBER, OCTOBER = Month(2026, 9), Month(2026, 10)
TOTALS = "select invoices, lines, total from billing.account_month_summary where month = '2026-10-01'"
LISTED = "select invoice_id from billing.current_invoice order by invoice_id"
WITHDRAWN = "select invoice_id, total::text from billing.withdrawn_invoice order by invoice_id"
RESULTS = """
    select subject, state from billing.current_control_result where month = '2026-10-01' order by position
"""


@pytest.fixture
def vendor(ledger, make):
    """A vendor that has billed October twice, 10.00 and 5.00, and a control for restatements."""
    ledger.controls = (F20,)
    ledger.store(make.month(make.invoice("10.00"), make.invoice("5.00", invoice_id="I-2")))
    return ledger


def test_what_the_next_fetch_is_without_is_withdrawn(vendor, make):
    done = vendor.store(make.month(make.invoice("5.00", invoice_id="I-2")), "one fewer")
    assert [(change.record_id, change.version, change.cause) for change in done.changes] == [("I-1", 1, "withdrawn")]
    assert vendor.rows(TOTALS) == [(1, 1, Decimal("5.00"))]
    assert (vendor.rows(LISTED), vendor.rows(WITHDRAWN)) == ([("I-2",)], [("I-1", "10.00")])
    assert vendor.rows(RESULTS) == [("I-2", "PASS"), ("I-1", "EXCEPTION")]


def test_a_later_fetch_without_it_settles_the_exception(vendor, make):
    """Also with the same bytes: the month is not taken for unchanged."""
    fewer = make.month(make.invoice("5.00", invoice_id="I-2"))
    vendor.store(fewer, "one fewer")
    for _ in range(2):
        vendor.store(fewer, "one fewer")
        assert vendor.rows(RESULTS) == [("I-2", "PASS"), ("I-1", "NOT_APPLICABLE")]
    assert vendor.one("select count(*) from billing.withdrawal") == 1


def test_it_comes_back_when_it_is_listed_again(vendor, make):
    both = vendor.readings["first"]
    vendor.store(make.month(make.invoice("5.00", invoice_id="I-2")), "one fewer")
    done = vendor.store(both, "both again")
    assert [(change.record_id, change.cause) for change in done.changes] == [("I-1", "restored")]
    assert vendor.rows(TOTALS) == [(2, 2, Decimal("15.00"))]
    assert vendor.rows(WITHDRAWN) == []
    assert vendor.rows("select withdrawn from billing.withdrawal order by withdrawal_id") == [(True,), (False,)]
    assert vendor.rows(RESULTS) == [("I-1", "PASS"), ("I-2", "PASS")]


def test_one_that_comes_back_changed_has_a_new_version(vendor, make):
    vendor.store(make.month(make.invoice("5.00", invoice_id="I-2")), "one fewer")
    done = vendor.store(make.month(make.invoice("12.00"), make.invoice("5.00", invoice_id="I-2")), "changed")
    assert [(change.version, change.cause) for change in done.changes] == [(1, "restored"), (2, "vendor")]
    assert vendor.rows(TOTALS) == [(2, 2, Decimal("17.00"))]


def test_the_ledger_of_accruals_books_what_is_billed(vendor, make):
    actual = "select coalesce(sum(amount), 0) from billing.accrual_ledger where entry = 'actual'"
    vendor.store(make.month(make.invoice("5.00", invoice_id="I-2")), "one fewer")
    assert vendor.one(actual) == Decimal("5.00")
    vendor.store(make.month(make.invoice("12.00"), make.invoice("5.00", invoice_id="I-2")), "changed")
    assert vendor.one(actual) == Decimal("17.00")
    vendor.store(make.month(), "none")
    assert vendor.one(actual) == 0


@pytest.mark.parametrize(
    "listing",
    [
        Listing("list_invoices", ("I-2",), None, ended=False),
        Listing("list_invoices", ("I-2",), 2, ended=True),
        Listing("another list", (), None, ended=False),
    ],
    ids=["did not end", "declares more", "another list did not end"],
)
def test_an_incomplete_fetch_withdraws_nothing(vendor, make, listing):
    vendor.store(make.month(make.invoice("5.00", invoice_id="I-2"), listings=(listing,)), "incomplete")
    assert vendor.rows(LISTED) == [("I-1",), ("I-2",)]


def test_one_that_is_listed_and_of_another_month_now_is_not_withdrawn(vendor, make):
    """Its own month's fetch moves it, whichever of the two is stored first."""
    listing = Listing("list_invoices", ("I-1", "I-2"), 2, ended=True)
    vendor.store(make.month(make.invoice("5.00", invoice_id="I-2"), listings=(listing,)), "reads it otherwise")
    assert (vendor.rows(LISTED), vendor.rows(WITHDRAWN)) == ([("I-1",), ("I-2",)], [])
    moved = replace(make.invoice("10.00"), month=SEPTEMBER)
    vendor.store(make.month(moved, month=SEPTEMBER), "september")
    vendor.store(make.month(make.invoice("5.00", invoice_id="I-2")), "and no longer lists it")
    assert vendor.rows("select month::text, invoices, total::text from billing.account_month_summary order by 1") == [
        ("2026-09-01", 1, "10.00"),
        ("2026-10-01", 1, "5.00"),
    ]


def test_other_months_and_accounts_keep_theirs(vendor, make):
    vendor.store(make.month(make.invoice("1.00", invoice_id="I-9"), account="other"), "other account")
    vendor.store(make.month(make.invoice("2.00", invoice_id="I-8", month=SEPTEMBER), month=SEPTEMBER), "september")
    assert vendor.rows(LISTED) == [("I-1",), ("I-2",), ("I-8",), ("I-9",)]


def test_an_overtaken_fetch_neither_withdraws_nor_restores(vendor, make):
    both = vendor.readings["first"]
    vendor.readings |= {"one fewer": make.month(make.invoice("5.00", invoice_id="I-2")), "both": both}
    early, late = vendor.fetch("one fewer"), vendor.fetch("both")
    vendor.reconcile(late)
    vendor.reconcile(early)
    assert vendor.rows(WITHDRAWN) == []
    early, late = vendor.fetch("both"), vendor.fetch("one fewer")
    vendor.reconcile(late)
    vendor.reconcile(early)
    assert vendor.rows(WITHDRAWN) == [("I-1", "10.00")]
    assert vendor.rows(RESULTS) == [("I-2", "PASS"), ("I-1", "EXCEPTION")]


def test_reconciling_the_same_fetch_again_changes_nothing(vendor, make):
    vendor.store(make.month(make.invoice("5.00", invoice_id="I-2")), "one fewer")
    before = vendor.dump()
    vendor.reconcile(vendor.one("select max(fetch_id) from billing.fetch"))
    assert vendor.dump() == before


def test_a_month_that_compares_itself_with_it_runs_again(vendor, make):
    november = OCTOBER.shifted(1)
    vendor.store(make.month(make.invoice("1.00", invoice_id="I-5", month=november), month=november), "november")
    vendor.store(make.month(make.invoice("5.00", invoice_id="I-2")), "one fewer")
    inputs = "select count(distinct inputs_sha256) from billing.reconciliation where month = '2026-11-01'"
    runs = "select count(*) from billing.reconciliation where month = '2026-11-01'"
    assert (vendor.one(inputs), vendor.one(runs)) == (2, 2)
