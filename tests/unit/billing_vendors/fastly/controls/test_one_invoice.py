"""F6: one posted invoice per customer and month."""

from decimal import Decimal

import pytest

from billing.models import UsageLine, UsageReport
from billing_vendors.fastly.controls.f06_single_invoice import F6


def report(make, *quantities):
    lines = tuple(UsageLine(number, "requests", Decimal(quantity)) for number, quantity in enumerate(quantities, 1))
    return UsageReport("usage_metrics/2026-10", "usage_metrics", make.month_key, None, None, None, lines)


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


def test_a_credit_memo_is_a_correction_whatever_its_lines(make, judge):
    (finding,) = judge(F6, make.invoice("1.00"), make.invoice("2.00", invoice_id="I-2", kind="credit_memo"))
    assert finding.state.value == "PASS"
    assert finding.operands == {"invoices": ["I-1"], "corrections": 1}


@pytest.mark.parametrize(
    ("quantities", "state"),
    [(None, "BLOCKED"), ([], "NOT_APPLICABLE"), (["0", "0.0"], "NOT_APPLICABLE"), (["0", "0.001"], "EXCEPTION")],
)
@pytest.mark.parametrize("corrections", [0, 1])
def test_a_month_without_invoice_is_judged_by_its_usage(make, state_of, quantities, state, corrections):
    """Also where nothing but a correction was posted."""
    reports = () if quantities is None else (report(make, *quantities),)
    bills = [make.invoice("-1.00")] * corrections
    assert state_of(F6, month=make.month(*bills, usage_reports=reports)) == state
