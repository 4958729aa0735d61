"""F2: each line's amount is its rate times its units."""

import sys
from collections import Counter
from decimal import Decimal

import pytest

from billing_vendors.fastly.controls.f02_line_amounts import F2


def priced(make, *lines, **changed):
    """Make an invoice of (rate, units, amount) lines."""
    made = [
        make.line(position, amount, rate=rate and Decimal(rate), quantity=units and Decimal(units))
        for position, (rate, units, amount) in enumerate(lines, start=1)
    ]
    return make.invoice(lines=tuple(made), **changed)


@pytest.mark.parametrize(
    ("rate", "units", "amount", "currency", "state"),
    [
        ("0.08", "15234.5", "1218.76", "USD", "PASS"),
        ("0.0075", "41251", "309.38", "USD", "PASS_WITHIN_ROUNDING"),
        ("0.08", "100", "9.00", "USD", "EXCEPTION"),
        (None, "100", "9.00", "USD", "BLOCKED"),
        ("0.08", None, "9.00", "USD", "BLOCKED"),
        ("0", "100", "0.00", "USD", "PASS"),
        ("-0.08", "100", "-8.00", "USD", "PASS"),
        ("0.000000001", "1234567890123", "1234.57", "USD", "PASS_WITHIN_ROUNDING"),
        ("0.123456789", "12345678901234567", "1524157875171467.84", "USD", "EXCEPTION"),
        ("1", "8.5", "9", "JPY", "PASS_WITHIN_ROUNDING"),
        ("1", "8.4", "9", "JPY", "EXCEPTION"),
        ("0.08", "100", "8.00", "XAU", "PASS"),
        ("0.08", "100", "8.01", "XAU", "BLOCKED"),
    ],
)
def test_the_worked_examples(make, judge, rate, units, amount, currency, state):
    found = judge(F2, priced(make, (rate, units, amount), currency=currency))
    assert [finding.state.value for finding in found] == [state]


def test_lines_that_agree_are_one_finding_and_each_other_is_its_own(make, judge):
    invoice = priced(make, ("1", "2", "2.00"), ("1", "2", "3.00"), ("1", "2.001", "2.00"), (None, "1", "1.00"))
    found = judge(F2, invoice)
    assert [finding.state.value for finding in found] == ["EXCEPTION", "BLOCKED", "PASS_WITHIN_ROUNDING"]
    assert found[0].operands == {"line": 2, "rate": Decimal(1), "units": Decimal(2)}
    assert (found[0].expected, found[0].actual, found[0].difference) == (Decimal(2), Decimal("3.00"), Decimal("1.00"))
    assert found[1].explanation == "cannot be checked: line 4 (line 4) has no rate"
    assert found[2].operands == {"lines": 4, "recomputed": 2, "within_rounding": 1}


def test_a_negative_amount_is_recomputed_with_its_sign(make, judge):
    """What is said of a line that differs, and the count of those that agree, look at the same numbers."""
    (differs,) = judge(F2, priced(make, ("-1", "2", "-3.00")))
    (agrees,) = judge(F2, priced(make, ("-1", "2", "-2.00")))
    assert (differs.expected, differs.actual) == (Decimal(-2), Decimal("-3.00"))
    assert agrees.operands == {"lines": 1, "recomputed": 1, "within_rounding": 0}


def test_a_credit_is_an_amount_and_has_no_price(make, judge):
    credit = make.line(1, "-5.00", credit_coupon="WELCOME")
    assert [f.state.value for f in judge(F2, make.invoice(lines=(credit,)))] == ["NOT_APPLICABLE"]
    with_rate = make.line(1, "-5.00", credit_coupon="WELCOME", rate=Decimal(-5), quantity=Decimal(2))
    assert [f.state.value for f in judge(F2, make.invoice(lines=(with_rate,)))] == ["EXCEPTION"]


def test_without_invoice_or_lines_there_is_nothing_to_recompute(make, state_of):
    assert state_of(F2) == "NOT_APPLICABLE"
    assert state_of(F2, make.invoice()) == "NOT_APPLICABLE"


def test_a_long_invoice_takes_work_in_proportion(make, judge):
    """Four times the lines are about four times the calls, not sixteen."""

    def calls(lines):
        invoice = priced(make, *[("1", str(number), f"{number}.00") for number in range(lines)])
        counted = Counter()
        sys.setprofile(lambda _frame, event, _argument: counted.update([event]))
        try:
            judge(F2, invoice)
        finally:
            sys.setprofile(None)
        return counted["call"]

    assert calls(400) < 5 * calls(100)
