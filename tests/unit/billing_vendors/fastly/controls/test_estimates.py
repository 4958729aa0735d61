"""F18 and F19."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.config.tolerances import Tolerance
from billing_vendors.fastly.controls.f18_estimate_monotonic import F18
from billing_vendors.fastly.controls.f19_estimate_vs_invoice import F19


def series(bills, *estimates):
    return {"estimates": estimates, "estimates_began": True}


def test_f18_a_series_that_only_grows(bills):
    grows = series(bills, bills.estimate("10", 1), bills.estimate("10", 2), bills.estimate("25.5", 3))
    (found,) = bills.judge(F18, bills.invoice(), **grows)
    assert (found.state, found.operands) == ("PASS", {"snapshots": 3})


def test_f18_each_fall_is_a_finding(bills):
    falls = series(bills, *(bills.estimate(total, day) for day, total in enumerate(["10", "9", "12", "11.5"], 1)))
    first, second = bills.judge(F18, bills.invoice(), **falls)
    assert (first.state, first.difference, second.difference) == ("EXCEPTION", -1, Decimal("-0.5"))


def test_f18_a_credit_explains_a_fall_as_far_as_it_goes(bills):
    explained = series(bills, bills.estimate("240", 1), bills.estimate("228", 2, credits="-12"))
    assert bills.states(F18, bills.invoice(), **explained) == ["PASS"]
    partly = series(bills, bills.estimate("240", 1), bills.estimate("227", 2, credits="-12"))
    (found,) = bills.judge(F18, bills.invoice(), **partly)
    assert (found.state, found.difference) == ("EXCEPTION", -1)


def test_f18_a_shrinking_shortfall_is_no_fall(bills):
    shrinks = series(bills, bills.estimate("50", 1, shortfall="20"), bills.estimate("50", 2, shortfall="5"))
    assert bills.states(F18, bills.invoice(), **shrinks) == ["PASS"]


def test_f18_tolerance(bills):
    account = bills.account(tolerances={"F18": Tolerance(absolute=Decimal(1))})
    falls = series(bills, bills.estimate("10", 1), bills.estimate("9", 2))
    assert bills.states(F18, bills.invoice(), account=account, **falls) == ["VARIANCE_TOLERATED"]


def test_f18_one_snapshot(bills):
    assert bills.states(F18, bills.invoice(), **series(bills, bills.estimate("10"))) == ["NOT_APPLICABLE"]


@pytest.mark.parametrize("control", [F18, F19])
def test_why_there_may_be_none(bills, control):
    (history,) = bills.judge(control, bills.invoice())
    assert history.state == "NOT_APPLICABLE"
    assert history.explanation == "no snapshot was taken; the month ended before snapshots began"
    assert bills.states(control, bills.invoice(), estimates_began=True) == ["BLOCKED"]
    child = bills.account("v2", parent_pay=True)
    assert bills.states(control, bills.invoice(), account=child, estimates_began=True) == ["NOT_APPLICABLE"]


@pytest.mark.parametrize(
    ("billed", "estimated", "state"),
    [
        ("1000.00", "1000.00", "PASS"),
        ("1000.00", "980.00", "VARIANCE_TOLERATED"),
        ("1100.00", "1000.00", "VARIANCE_TOLERATED"),
        ("1101.00", "1000.00", "EXCEPTION"),
        ("700.00", "1000.00", "EXCEPTION"),
        ("50.00", "10.00", "VARIANCE_TOLERATED"),
    ],
)
def test_f19_policy_is_ten_percent_and_a_hundred(bills, billed, estimated, state):
    invoice = bills.invoice(bills.line(amount=billed))
    assert bills.states(F19, invoice, **series(bills, bills.estimate(estimated))) == [state]


def test_f19_the_default_limit_fits_the_currency(bills):
    account = bills.account(currency="JPY")
    invoice = bills.invoice(bills.line(amount="21000"), currency="JPY")
    found = bills.judge(F19, invoice, account=account, **series(bills, bills.estimate("11000")))
    assert found[0].state == "VARIANCE_TOLERATED"
    assert found[0].operands["policy"] == {"absolute": 10_000, "percent": 10, "rule": "both"}


def test_f19_credits_and_shortfall_stand_beside(bills):
    lines = bills.line(amount="1000"), bills.flat("Commit shortfall", "500"), bills.flat("C", "-300", credit_coupon="C")
    (found,) = bills.judge(F19, bills.invoice(*lines), **series(bills, bills.estimate("1000")))
    assert found.state == "PASS"
    assert found.operands["billed"] == {"credits": -300, "shortfall": 500}


def test_f19_takes_the_last_snapshot_before_the_month_s_end(bills):
    after = bills.estimate("7", 31, as_of=None)
    late = type(after)(datetime(2026, 11, 1, 1, tzinfo=UTC), Decimal(9999), None)
    found = bills.judge(
        F19, bills.invoice(bills.line(amount="8")), **series(bills, bills.estimate("6", 30), after, late)
    )
    assert (found[0].expected, found[0].actual) == (7, 8)


def test_f19_a_snapshot_taken_after_the_end_may_cover_until_the_end(bills):
    snapshot = bills.estimate("8", as_of=bills.october.end)
    late = type(snapshot)(datetime(2026, 11, 1, 1, tzinfo=UTC), Decimal(8), None, as_of=bills.october.end)
    assert bills.states(F19, bills.invoice(bills.line(amount="8")), **series(bills, late)) == ["PASS"]


def test_f19_covers_no_more_than_had_passed_when_it_was_taken(bills):
    """A vendor may write the month's end as the end of every estimate."""
    early = bills.estimate("8", 15, as_of=bills.october.end)
    (found,) = bills.judge(F19, bills.invoice(), **series(bills, early))
    assert found.state == "BLOCKED"
    assert "until 2026-10-15 12:00 UTC only" in found.explanation


def test_f19_needs_the_last_day(bills):
    assert bills.states(F19, bills.invoice(), **series(bills, bills.estimate("8", 31, 0))) == ["PASS"]
    assert bills.states(F19, bills.invoice(), **series(bills, bills.estimate("8", 30, 23))) == ["BLOCKED"]


def test_f19_without_an_invoice(bills):
    assert bills.states(F19, month=bills.month(), **series(bills, bills.estimate("8"))) == ["NOT_APPLICABLE"]


@given(st.lists(st.tuples(st.decimals(0, 9999, places=2), st.decimals(-99, 0, places=2)), min_size=2, max_size=8))
def test_f18_finds_each_fall_of_the_charges_and_no_other(bills, snapshots):
    charges = [charge for charge, _ in snapshots]
    estimates = [
        bills.estimate(str(charge + credit), day, credits=str(credit))
        for day, (charge, credit) in enumerate(snapshots, 1)
    ]
    falls = [later - earlier for earlier, later in pairwise(charges) if later < earlier]
    found = bills.judge(F18, bills.invoice(), **series(bills, *estimates))
    assert [each.difference for each in found if each.state == "EXCEPTION"] == falls
    assert (found[0].state == "PASS") == (not falls)
