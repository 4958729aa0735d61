"""F6: one posted invoice per customer and month."""

import pytest

from billing_vendors.fastly.controls.f06_single_invoice import F6


@pytest.mark.parametrize(
    ("invoices", "state"),
    [
        ([["1.00"]], "PASS"),
        ([["1.00"], ["-1.00", "-2.00"]], "PASS"),  # and a correction
        ([["1.00"], ["1.00"]], "EXCEPTION"),
        ([["1.00"], ["1.00", "-2.00"]], "EXCEPTION"),  # credits on it do not make it a correction
        ([["1.00"], []], "EXCEPTION"),  # nor that it has no lines
    ],
)
def test_invoices_are_counted_without_corrections(make, state_of, invoices, state):
    bills = [make.invoice(*amounts, invoice_id=f"I-{number}") for number, amounts in enumerate(invoices)]
    assert state_of(F6, *bills) == state


def test_credits_may_be_written_without_their_sign(bills):
    credit = bills.flat("Credit", "5", credit_coupon="C")
    correction = bills.invoice(credit, invoice_id="I-2", total="-5")
    assert bills.states(F6, bills.invoice(), correction) == ["PASS"]
    assert bills.states(F6, bills.invoice(), bills.invoice(credit, invoice_id="I-2")) == ["EXCEPTION"]


def test_a_correction_of_nothing_is_one_and_usage_of_nothing_is_none(bills):
    nothing = bills.invoice(bills.flat("Correction", "0"), invoice_id="I-2")
    assert bills.states(F6, bills.invoice(), nothing) == ["PASS"]
    usage = bills.invoice(bills.line(amount="0"), invoice_id="I-2")
    assert bills.states(F6, usage) == ["PASS"]
    assert bills.states(F6, bills.invoice(), usage) == ["EXCEPTION"]


def test_a_credit_memo_is_a_correction_whatever_its_lines(make, judge):
    (finding,) = judge(F6, make.invoice("1.00"), make.invoice("2.00", invoice_id="I-2", kind="credit_memo"))
    assert finding.state.value == "PASS"
    assert finding.operands == {"invoices": ["I-1"], "corrections": 1}
