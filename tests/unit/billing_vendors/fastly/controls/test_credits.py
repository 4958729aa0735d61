"""F16."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from billing.config.tolerances import Tolerance
from billing_vendors.fastly.controls.f16_credits import F16


def test_a_marked_and_covered_credit(bills):
    credit = bills.flat("Service credit", "-8", credit_coupon="C")
    assert bills.states(F16, bills.invoice(bills.line(), credit)) == ["PASS"]


def test_no_credit_at_all(bills):
    (found,) = bills.judge(F16, bills.invoice())
    assert (found.state, found.operands) == ("PASS", {"credits": 0})


def test_negative_without_coupon_and_positive_with_one(bills):
    marked = bills.flat("y", "-1", credit_coupon="C")
    unmarked, cover = bills.judge(F16, bills.invoice(bills.line(), bills.flat("x", "-3"), marked))
    assert (unmarked.state, unmarked.operands["line"], cover.state) == ("EXCEPTION", 2, "PASS")
    charged, cover = bills.judge(F16, bills.invoice(bills.line(), bills.flat("x", "3", credit_coupon="C")))
    assert (charged.state, charged.operands["line"]) == ("EXCEPTION", 2)


def test_a_vendor_that_marks_no_credit_is_understood(bills):
    assert bills.states(F16, bills.invoice(bills.line(), bills.flat("x", "-3"), bills.flat("y", "-2"))) == ["PASS"]


def test_a_credit_without_a_sign_is_taken_off_by_the_header(bills):
    lines = bills.line(), bills.flat("x", "3", credit_coupon="C")
    assert bills.states(F16, bills.invoice(*lines, total="5")) == ["PASS"]
    (over,) = bills.judge(F16, bills.invoice(bills.line(), bills.flat("x", "9", credit_coupon="C"), total="-1"))
    assert (over.state, over.difference) == ("EXCEPTION", Decimal(1))


def test_a_discount_needs_no_coupon(bills):
    lines = bills.line(), bills.flat("Discount 10 %", "-0.80"), bills.flat("y", "-1", credit_coupon="C")
    assert bills.states(F16, bills.invoice(*lines)) == ["PASS"]


def test_a_credit_of_nothing_is_a_credit(bills):
    assert bills.states(F16, bills.invoice(bills.line(), bills.flat("x", "0", credit_coupon="C"))) == ["PASS"]


def test_credits_above_charges(bills):
    (found,) = bills.judge(F16, bills.invoice(bills.line(), bills.flat("x", "-8.01", credit_coupon="C")))
    assert (found.state, found.difference) == ("EXCEPTION", Decimal("0.01"))


def test_a_correction_is_covered_by_the_month_s_bill(bills):
    correction = bills.invoice(bills.flat("x", "-8", credit_coupon="C"), invoice_id="I-2")
    assert bills.states(F16, bills.invoice(), correction) == ["PASS"]
    assert bills.states(F16, correction) == ["EXCEPTION"], "alone it is covered by nothing"


def test_no_arithmetic_across_currencies(bills):
    euros = bills.invoice(bills.flat("x", "-1", credit_coupon="C"), invoice_id="I-2", currency="EUR")
    assert bills.states(F16, bills.invoice(), euros) == ["EXCEPTION", "PASS"]


def test_the_account_s_tolerance(bills):
    account = bills.account(tolerances={"F16": Tolerance(absolute=Decimal(1))})
    over = bills.invoice(bills.line(), bills.flat("x", "-8.01", credit_coupon="C"))
    assert bills.states(F16, over, account=account) == ["VARIANCE_TOLERATED"]
    unmarked = bills.invoice(bills.line(), bills.flat("x", "-0.01"), bills.flat("y", "0", credit_coupon="C"))
    assert bills.states(F16, unmarked, account=account) == ["EXCEPTION", "PASS"], "no policy makes up for a coupon"


def test_a_month_without_an_invoice(bills):
    assert bills.states(F16, month=bills.month()) == ["NOT_APPLICABLE"]


@given(st.lists(st.decimals("-999999", "999999", places=2), max_size=8))
def test_cover_is_exact(bills, amounts):
    lines = [bills.flat("x", str(amount), credit_coupon="C" if amount < 0 else None) for amount in amounts]
    found = bills.judge(F16, bills.invoice(*(lines or [bills.flat("x", "0")])))[-1]
    total = sum(amounts, Decimal(0))
    assert (found.state == "PASS") == (total >= 0)
    assert found.difference == (None if total >= 0 else -total)
