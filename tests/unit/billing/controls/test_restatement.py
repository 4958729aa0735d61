"""F20, G25: an issued invoice keeps its content."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billing.controls.evidence import InvoiceSummary, WithdrawnInvoice
from billing_vendors.fastly.controls.f20_restatement import F20
from billing_vendors.genesys_cloud.controls.g25_restatement import G25

CONTROLS = pytest.mark.parametrize("control", [F20, G25], ids=lambda control: control.control_id)


def head(make, invoice_id):
    return InvoiceSummary(invoice_id, "invoice", make.month_key, Decimal("7.00"), "USD", None, None, None, None)


def gone(make, invoice_id, *, confirmed=False):
    return WithdrawnInvoice(head(make, invoice_id), datetime(2026, 11, 9, 8, tzinfo=UTC), confirmed)


@CONTROLS
def test_an_unchanged_invoice_passes(control, make, state_of):
    assert state_of(control, make.invoice("1.00"), history=(head(make, "I-1"),)) == "PASS"


@CONTROLS
def test_a_restated_one_is_an_exception_with_its_differences(control, make, judge):
    before, now = make.invoice("1.00", "2.00"), make.invoice("1.00", "2.50")
    (finding,) = judge(control, now, restated={"I-1": before})
    assert finding.state.value == "EXCEPTION"
    assert (finding.expected, finding.actual, finding.difference) == (Decimal("3.00"), Decimal("3.50"), Decimal("0.50"))
    assert [found["where"] for found in finding.operands["differences"]] == ["header", "line 2"]
    assert finding.explanation == ("the vendor changed the issued invoice: 2 differences, total 3.00 USD -> 3.50 USD")


def test_totals_of_two_currencies_are_not_subtracted(make, judge):
    (finding,) = judge(F20, make.invoice("9.00", currency="EUR"), restated={"I-1": make.invoice("10.00")})
    assert (finding.state.value, finding.difference, finding.currency) == ("EXCEPTION", None, "EUR")


def test_all_differences_are_counted_though_twenty_are_kept(make, judge):
    before, now = make.invoice(*["1.00"] * 100, total="0"), make.invoice(*["2.00"] * 100, total="0")
    (finding,) = judge(F20, now, restated={"I-1": before})
    assert "100 differences" in finding.explanation
    assert len(finding.operands["differences"]) == 21


@CONTROLS
def test_an_invoice_that_the_vendor_no_longer_gives_is_an_exception(control, make, judge):
    """It is stored for the month, and in this reading it is missing: void, or billed again."""
    found = judge(control, make.invoice("1.00"), history=(head(make, "I-1"),), withdrawn=(gone(make, "I-0"),))
    assert [(finding.subject, finding.state.value) for finding in found] == [("I-1", "PASS"), ("I-0", "EXCEPTION")]
    (alone,) = judge(control, withdrawn=(gone(make, "I-0"),))
    assert (alone.subject, alone.state.value, alone.expected) == ("I-0", "EXCEPTION", Decimal("7.00"))
    assert "total 7.00 USD" in alone.explanation


@CONTROLS
def test_once_another_fetch_has_confirmed_it_there_is_nothing_left_to_settle(control, make, judge):
    (finding,) = judge(control, withdrawn=(gone(make, "I-0", confirmed=True),))
    assert (finding.subject, finding.state.value) == ("I-0", "NOT_APPLICABLE")
    assert "total 7.00 USD, and lists it no longer since 2026-11-09" in finding.explanation
