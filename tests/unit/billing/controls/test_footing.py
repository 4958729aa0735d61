"""F1, G1: lines foot to the header."""

import pytest

from billing_vendors.fastly.controls.f01_footing import F1
from billing_vendors.genesys_cloud.controls.g01_footing import G1

CONTROLS = pytest.mark.parametrize("control", [F1, G1], ids=lambda control: control.control_id)


@CONTROLS
@pytest.mark.parametrize(
    ("amounts", "total", "state"),
    [
        (["10.00", "5.00"], "15.00", "PASS"),
        (["10.00", "5.00"], "15.01", "PASS_WITHIN_ROUNDING"),
        (["10.00", "5.00"], "15.02", "EXCEPTION"),
        (["10.00", "-5.00"], "5.00", "PASS"),
        ([], "0.00", "PASS"),
        ([], "0.01", "EXCEPTION"),
        (["12345678901234567.89", "0.01"], "12345678901234567.90", "PASS"),
        (["12345678901234567.89", "0.01"], "12345678901234568.00", "EXCEPTION"),  # one float, another amount
    ],
)
def test_the_worked_examples(control, make, state_of, amounts, total, state):
    assert state_of(control, make.invoice(*amounts, total=total)) == state


@CONTROLS
def test_a_month_without_invoice_has_nothing_to_foot(control, state_of):
    assert state_of(control) == "NOT_APPLICABLE"


@CONTROLS
@pytest.mark.parametrize(
    ("own", "accounts", "total", "state"),
    [
        (None, "USD", "15.01", "PASS_WITHIN_ROUNDING"),  # Fastly v2 sends no currency
        (None, "JPY", "16", "PASS_WITHIN_ROUNDING"),
        ("KWD", "USD", "15.001", "PASS_WITHIN_ROUNDING"),
        ("KWD", "USD", "15.01", "EXCEPTION"),  # the invoice's own, narrower bound
        ("XAU", "USD", "15.01", "BLOCKED"),
        ("XAU", "USD", "15.00", "PASS"),
    ],
)
def test_the_bound_is_that_of_the_currency(control, make, state_of, own, accounts, total, state):
    invoice = make.invoice("10.00", "5.00", total=total, currency=own)
    assert state_of(control, invoice, currency=accounts) == state


@CONTROLS
def test_each_invoice_is_judged_by_itself(control, make, judge):
    found = judge(control, make.invoice("1.00"), make.invoice("1.00", total="2.00", invoice_id="I-2"))
    assert [(finding.subject, finding.state.value) for finding in found] == [("I-1", "PASS"), ("I-2", "EXCEPTION")]


def test_five_thousand_lines_are_added_exactly(make, judge):
    """0.10 five thousand times is 500, not 499.99999999993."""
    (finding,) = judge(F1, make.invoice(*["0.10"] * 5000, total="500.00"))
    assert (finding.state.value, str(finding.expected)) == ("PASS", "500.00")
