"""G12, G13, G20, G26: closed periods, complete reports, payments that only proceed, nothing unknown."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from billing.models import Listing, UnknownField
from billing_vendors.genesys_cloud.controls.g12_period_closed import G12
from billing_vendors.genesys_cloud.controls.g13_usage_report_complete import G13
from billing_vendors.genesys_cloud.controls.g20_payment_status import G20
from billing_vendors.genesys_cloud.controls.g26_unknown_fields import G26


@pytest.mark.parametrize(
    ("status", "state"), [("Closed", "PASS"), ("Open", "BLOCKED"), ("Frozen", "BLOCKED"), (None, "BLOCKED")]
)
def test_only_a_closed_period_is_judged(g, states, status, state):
    assert states(G12, g.month(billing_periods=(replace(g.billing_period(), status=status),))) == [state]


def test_every_period_is_judged_and_a_month_may_have_none(g, found, states):
    periods = (g.billing_period(), replace(g.billing_period(billing_period_id="bp-2"), status="Open"))
    findings = found(G12, g.month(billing_periods=periods))
    assert [(each.subject, each.state.value) for each in findings] == [("bp-1", "PASS"), ("bp-2", "BLOCKED")]
    assert states(G12, g.month()) == ["NOT_APPLICABLE"]


def test_a_complete_report_covers_the_month(g, states):
    report = g.usage(CX3="262")
    assert states(G13, g.month(usage_reports=(report,))) == ["PASS"]
    a_second_less = replace(report, ends_at=report.ends_at - timedelta(seconds=1))
    assert states(G13, g.month(usage_reports=(a_second_less,))) == ["PASS"]
    for wrong in (
        replace(report, ends_at=report.ends_at - timedelta(seconds=2)),
        replace(report, ends_at=report.ends_at + timedelta(seconds=1)),
        replace(report, starts_at=report.starts_at + timedelta(seconds=1)),
        replace(report, ends_at=None),
    ):
        assert states(G13, g.month(usage_reports=(wrong,))) == ["BLOCKED"]
    assert states(G13, g.month(usage_reports=(g.usage("trustee_overview"),))) == ["BLOCKED"]
    assert states(G13, g.month()) == ["BLOCKED"]


def test_a_report_of_each_billing_period_s_days_is_needed(g, found):
    """And of the calendar month only if a period is."""
    anniversary = {"starts_on": date(2024, 12, 21), "ends_on": date(2025, 1, 21)}
    periods = (g.billing_period(), g.billing_period(billing_period_id="bp-2", **anniversary))
    report = g.usage(CX3="262")
    start, end = (datetime.combine(day, time(), UTC) for day in anniversary.values())
    other = replace(report, report_id="billable_usage/2024-12-21/2025-01-21", starts_at=start, ends_at=end)

    def states_of(periods, reports):
        return [each.state.value for each in found(G13, g.month(billing_periods=periods, usage_reports=reports))]

    assert states_of(periods, (report, other)) == ["PASS", "PASS"]
    assert states_of(periods, (report,)) == ["BLOCKED", "PASS"]
    assert states_of(periods[1:], (other,)) == ["PASS"]
    assert states_of(periods[1:], (report,)) == ["BLOCKED"]


@pytest.mark.parametrize(
    ("seen", "now", "state"),
    [
        ((), "Unpaid", "PASS"),
        (("Unpaid",), "Unpaid", "PASS"),
        (("Unpaid", "Paid"), "Paid", "PASS"),
        (("Unpaid", "UnPaid"), "Paid", "PASS"),
        (("Unpaid", "Paid", "UnPaid"), "UnPaid", "EXCEPTION"),
        (("Paid",), "Unpaid", "EXCEPTION"),
        (("Disputed",), "Paid", "EXCEPTION"),
        ((), None, "BLOCKED"),
    ],
)
def test_payment_only_proceeds(g, states, seen, now, state):
    month = g.month(g.invoice(g.line(), payment_status=now))
    assert states(G20, month, payment_statuses={"INV1": seen} if seen else {}) == [state]


def test_no_invoice_has_no_payment(g, states):
    assert states(G20, g.month()) == ["NOT_APPLICABLE"]


def test_each_unknown_member_is_named(g, found):
    unknown = frozenset({UnknownField("invoice_line", "taxAmount"), UnknownField("invoice", "paymentStatus=Disputed")})
    findings = found(G26, g.month(unknown_fields=unknown))
    assert [each.state.value for each in findings] == ["EXCEPTION", "EXCEPTION"]
    assert [each.operands["name"] for each in findings] == ["paymentStatus=Disputed", "taxAmount"]


def test_what_was_read_and_is_known_passes(g, states):
    """A listing without a row was read, too: its page has members."""
    assert states(G26, g.clean()) == ["PASS"]
    assert states(G26, g.month(listings=(Listing("contracts", (), None, ended=True),))) == ["PASS"]
    for record_type in ("invoices", "contracts", "billing_periods", "usage_reports"):
        assert states(
            G26, replace(g.month(), **{record_type: getattr(g.clean(usage_reports=(g.usage(),)), record_type)})
        ) == ["PASS"]


def test_nothing_read_proves_nothing(g, found):
    (finding,) = found(G26, g.month())
    assert (finding.state.value, finding.subject) == ("BLOCKED", "2025-01")
    assert finding.explanation == "cannot be checked: no response of the month was read"
