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


def usage(bills, units, amount, rate="0.0075", usage_type="requests", **changed):
    return bills.line(amount=amount, quantity=units, rate=rate, usage_type=usage_type, **changed)


@pytest.mark.parametrize("scale", [1, 1_000, 10_000, 10**6, 10**9, 10**12])
def test_a_rate_may_be_for_any_scale_that_is_one_for_a_usage_type(bills, scale):
    lines = usage(bills, str(41251 * scale), "309.38"), usage(bills, str(20000 * scale), "150.00", region="Asia")
    assert bills.states(F2, bills.invoice(*lines)) == ["PASS_WITHIN_ROUNDING"]


def test_raw_requests_beside_priced_traffic(bills):
    lines = usage(bills, "412510000", "309.38"), bills.line(quantity="100"), bills.flat("TLS", "20")
    (found,) = bills.judge(F2, bills.invoice(*lines))
    assert (found.state, found.operands["readings"]) == ("PASS_WITHIN_ROUNDING", ["rates are for 10000 units"])


def test_two_scales_of_one_usage_type(bills):
    lines = [usage(bills, units, "150.00") for units in ("200000000", "200000000", "20000")]
    odd, rest = bills.judge(F2, bills.invoice(*lines))
    assert (odd.state, odd.operands["line"], rest.state) == ("EXCEPTION", 3, "PASS")
    compute = usage(bills, "20000", "150.00", product_group="Compute")
    assert bills.states(F2, bills.invoice(*lines[:2], compute)) == ["PASS"], "another product has its own"


@pytest.mark.parametrize("factor", ["2", "0.5", "10", "0.1", "0.01", "1024"])
def test_no_other_factor_is_a_scale(bills, factor):
    amount = str(Decimal(factor) * 150)
    assert bills.states(F2, bills.invoice(usage(bills, "20000", amount))) == ["EXCEPTION"]


def test_a_fee_has_no_scale(bills):
    assert bills.states(F2, bills.invoice(bills.line(amount="0.02", quantity="1", rate="20", usage_type=None))) == [
        "EXCEPTION"
    ]


def test_an_amount_of_nothing_proves_no_scale_but_may_have_one(bills):
    tiny, raw, priced = (usage(bills, *each) for each in (("30", "0.00"), ("200000000", "150.00"), ("20000", "150.00")))
    assert bills.states(F2, bills.invoice(tiny)) == ["PASS_WITHIN_ROUNDING"]
    assert bills.states(F2, bills.invoice(tiny, raw)) == ["PASS_WITHIN_ROUNDING"]
    assert bills.states(F2, bills.invoice(tiny, tiny, priced)) == ["EXCEPTION", "EXCEPTION", "PASS"]
    metered = bills.metric(quantity="30", raw="300000")
    assert bills.states(F2, month=bills.month(bills.invoice(tiny), usage=[metered])) == ["EXCEPTION"]


@pytest.mark.parametrize("scale", [10, 100, 10**5, 10**11])
def test_other_usage_has_any_power_of_ten(bills, scale):
    line = bills.line("Image Optimizer", "150.00", quantity=str(20000 * scale), rate="0.0075", usage_type="images")
    assert bills.states(F2, bills.invoice(line)) == ["PASS"]
    assert bills.states(F2, bills.invoice(usage(bills, str(20000 * scale), "150.00"))) == ["EXCEPTION"]


@pytest.mark.parametrize("discount", ["0.1", "10"])
def test_a_v2_discount_may_be_in_the_amounts(bills, discount):
    attributes = {"total": {"discount": Decimal(discount)}}
    lines = usage(bills, "20000", "135.00"), usage(bills, "412510000", "278.44", usage_type="more requests")
    assert bills.states(F2, bills.invoice(*lines, attributes=attributes)) == ["PASS_WITHIN_ROUNDING"]
    assert bills.states(F2, bills.invoice(*lines)) == ["EXCEPTION", "EXCEPTION"]


def test_priced_units_that_were_metered_so_have_no_other_scale(bills):
    """The amount is too small by 10,000: units and rate are those of 10,000 requests each."""
    line = usage(bills, "412500", "0.31")
    month = bills.month(bills.invoice(line), usage=[bills.metric(quantity="412500", raw="4125000000")])
    assert bills.states(F2, month=month) == ["EXCEPTION"]
    raw = bills.month(bills.invoice(line), usage=[bills.metric(quantity="41.25", raw="412500")])
    assert bills.states(F2, month=raw) == ["PASS_WITHIN_ROUNDING"]


@pytest.mark.parametrize(
    "line",
    [
        {"product": "VAT 19 %", "amount": "19.00", "quantity": "100", "rate": "19"},
        {"product": "VAT", "amount": "19.00", "quantity": "100", "rate": "0.19"},
        {"product": "Sales tax", "amount": "19.00", "quantity": "1", "rate": None},
        {"product": "Support", "amount": "19.00", "quantity": None, "rate": None},
        {"product": "Voided", "amount": "0", "quantity": None, "rate": None, "attributes": {"voided": {"amount": 5}}},
        {"product": "Refund", "amount": "-1.00", "quantity": "1", "rate": None},
    ],
)
def test_what_is_no_price_times_a_quantity(bills, line):
    line = bills.line(line.pop("product"), line.pop("amount"), **line, usage_type=None)
    assert bills.states(F2, bills.invoice(bills.line(), line)) == ["PASS"]


def test_a_sign_that_was_changed(bills):
    assert bills.states(F2, bills.invoice(bills.line(amount="-8.00"))) == ["EXCEPTION"]
    assert bills.states(F2, bills.invoice(bills.flat("TLS", "-20", rate="20"))) == ["EXCEPTION"]


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
