"""G6: charged usage was metered."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from billing_vendors.genesys_cloud.controls.g06_usage_vs_charge import G6


@pytest.mark.parametrize(
    ("metered", "charged", "state"),
    [
        ({"CX3": "262"}, "262", "PASS"),
        ({"CX3": "262.0"}, "262", "PASS"),
        ({" cx3 ": "262"}, "262", "PASS"),
        ({"CX3": "260"}, "262", "EXCEPTION"),
        ({"CX3": "264"}, "262", "EXCEPTION"),
        ({}, "262", "EXCEPTION"),
        ({}, "0", "NOT_APPLICABLE"),
        ({"CX3": "262"}, None, "BLOCKED"),
        ({"CX3": "262", "Unbilled": "5"}, "262", "PASS"),
    ],
)
def test_the_worked_examples(g, states, metered, charged, state):
    month = g.clean(charges=(g.charge(actual_quantity=charged),), usage_reports=(g.usage(**metered),))
    assert states(G6, month) == [state]


def test_charges_of_one_product_are_added_up_and_so_are_usages(g, found):
    charges = (g.charge(actual_quantity="262"), g.charge(actual_quantity="8"))
    report = g.usage(CX3="262", cx3="5")
    (finding,) = found(G6, g.clean(charges=charges, usage_reports=(report,)))
    assert (finding.state.value, finding.expected, finding.actual, finding.difference) == ("EXCEPTION", 267, 270, 3)
    assert finding.subject == "bp-1"
    assert finding.operands == {"product": "CX3", "metered": Decimal(267), "charged": Decimal(270), "charges": 2}


@pytest.mark.parametrize(
    ("starts_on", "ends_on"),
    [
        (date(2024, 12, 21), date(2025, 1, 21)),
        (date(2025, 1, 1), date(2025, 1, 31)),
        (date(2025, 1, 2), date(2025, 2, 1)),
    ],
)
def test_a_period_is_held_against_the_usage_of_its_own_days(g, states, starts_on, ends_on):
    """Not against that of the calendar month, although that is there and agrees."""
    billing_period = replace(g.billing_period(g.charge()), starts_on=starts_on, ends_on=ends_on)
    start, end = (datetime.combine(day, time(), UTC) for day in (starts_on, ends_on))
    calendar = g.usage(CX3="262")
    own = replace(calendar, report_id="own", starts_at=start, ends_at=end)

    def of(*reports):
        return states(G6, g.clean(billing_periods=(billing_period,), usage_reports=reports))

    assert of(calendar) == ["BLOCKED"]
    assert of(calendar, own) == ["PASS"]
    assert of(calendar, replace(g.usage(CX3="260"), starts_at=start, ends_at=end)) == ["EXCEPTION"]


def test_contracts_of_different_cycles_are_judged_each_by_its_days(g, found):
    """The same product, used 262 in January and 100 from the 21st to the 20th."""
    days = date(2024, 12, 21), date(2025, 1, 21)
    start, end = (datetime.combine(day, time(), UTC) for day in days)
    other = g.billing_period(
        g.charge(actual_quantity="100"), billing_period_id="bp-2", starts_on=days[0], ends_on=days[1]
    )
    periods = (g.billing_period(g.charge()), other)
    reports = (g.usage(CX3="262"), replace(g.usage(CX3="101"), starts_at=start, ends_at=end))

    findings = found(G6, g.clean(billing_periods=periods, usage_reports=reports))

    assert [(each.subject, each.state.value) for each in findings] == [("bp-1", "PASS"), ("bp-2", "EXCEPTION")]
    assert findings[1].difference == -1


def test_without_a_report_nothing_passes(g, states):
    assert states(G6, g.clean()) == ["BLOCKED"]
    assert states(G6, g.clean(usage_reports=(g.usage("trustee_overview", CX3="262"),))) == ["BLOCKED"]
    assert states(G6, g.month(usage_reports=(g.usage(CX3="1"),))) == ["NOT_APPLICABLE"]
