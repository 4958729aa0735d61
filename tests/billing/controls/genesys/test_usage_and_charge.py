"""G6: charged usage was metered."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billing.controls.usage_and_charge import G6


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
def test_a_period_of_other_bounds_has_no_usage_record(g, states, starts_on, ends_on):
    period = replace(g.period(g.charge()), starts_on=starts_on, ends_on=ends_on)
    assert states(G6, g.clean(billing_periods=(period,), usage_reports=(g.usage(CX3="1"),))) == ["NOT_APPLICABLE"]


def test_without_a_report_nothing_passes(g, states):
    assert states(G6, g.clean()) == ["BLOCKED"]
    assert states(G6, g.clean(usage_reports=(g.usage("trustee_overview", CX3="262"),))) == ["BLOCKED"]
    assert states(G6, g.month(usage_reports=(g.usage(CX3="1"),))) == ["NOT_APPLICABLE"]
