"""G3: overage is what was used beyond the allowance."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing_vendors.genesys_cloud.controls.g03_overage_quantity import G3


@pytest.mark.parametrize(
    ("prepaid", "fair_use", "actual", "overage", "state"),
    [
        ("250", "0", "262", "12", "PASS"),
        ("250", None, "262", "12", "PASS"),
        (None, "250", "262", "12", "PASS"),
        ("250", "0", "240", "0", "PASS"),
        ("250", "0", "250", "0", "PASS"),
        ("0", "10000000", "10323992", "323992", "PASS"),
        ("0", "10000000", "10323992", "323995", "EXCEPTION"),
        ("100", "50", "160", "10", "PASS"),
        ("100", "50", "160", "60", "EXCEPTION"),
        ("250", "0", "240", "-10", "EXCEPTION"),
        ("250", "0", "240", "10", "EXCEPTION"),
        ("250", "0", "262", "0", "EXCEPTION"),
        ("250", "0", "262.5", "12.5", "PASS"),
        ("250", "0", "262.5", "12", "EXCEPTION"),
        (None, None, "262", "12", "PASS"),  # the contract's item has 250
        (None, None, "262", "11", "BLOCKED"),
        ("250", "0", None, "12", "BLOCKED"),
        ("250", "0", "262", None, "BLOCKED"),
    ],
)
def test_the_kinds_of_allowance(g, states, prepaid, fair_use, actual, overage, state):
    charge = g.charge(
        prepaid_quantity=prepaid, fair_use_quantity=fair_use, actual_quantity=actual, overage_quantity=overage
    )
    assert states(G3, g.clean(charges=(charge,))) == [state]


@pytest.mark.parametrize(
    ("tokens", "rate", "actual", "overage", "state"),
    [
        ("1620", "0.025", "40.5", "0", "PASS"),
        ("1620.0", "0.025", "40.5125", "0", "PASS_WITHIN_ROUNDING"),
        ("1620", "0.025", "40.5126", "0", "EXCEPTION"),
        ("1620.1", "0.025", "40.5", "0", "EXCEPTION"),
        ("1620", "0.025", "40.4", "0", "EXCEPTION"),
        ("1620", "0.025", "40.5", "3", "EXCEPTION"),
        ("0", "0.025", "0", "0", "PASS"),
        ("1620", None, "40.5", "0", "BLOCKED"),
    ],
)
def test_tokens_are_what_was_used_converted(g, states, tokens, rate, actual, overage, state):
    charge = g.charge(
        prepaid_quantity="0",
        actual_quantity=actual,
        overage_quantity=overage,
        converted_token_count=tokens,
        token_conversion_rate=rate,
    )
    assert states(G3, g.clean(charges=(charge,))) == [state]


def test_the_bound_is_half_a_token(g, found):
    charge = g.charge(
        actual_quantity="40.51", overage_quantity="0", converted_token_count="1620", token_conversion_rate="0.025"
    )
    (finding,) = found(G3, g.clean(charges=(charge,)))
    assert (finding.state.value, finding.bound) == ("PASS_WITHIN_ROUNDING", Decimal("0.0125"))


def test_a_wrong_charge_is_a_finding_of_its_own(g, found):
    wrong = g.charge(overage_quantity="15")
    findings = found(G3, g.clean(charges=(g.charge(), wrong)))
    assert [(each.state.value, each.difference) for each in findings] == [("EXCEPTION", 3), ("PASS", None)]
    assert findings[0].subject == "bp-1"


def test_a_month_without_charges_is_not_judged(g, states):
    assert states(G3, g.month(billing_periods=(g.billing_period(),))) == ["NOT_APPLICABLE"]


quantities = st.decimals(Decimal(0), Decimal("1e9"), allow_nan=False, places=2)


@settings(deadline=None)
@given(quantities, quantities, quantities, st.sampled_from([Decimal(0), Decimal("0.01"), Decimal("-0.01")]))
def test_overage_is_never_below_zero_and_nothing_is_rounded(g, states, prepaid, fair_use, actual, error):
    beyond = max(actual - prepaid - fair_use, Decimal(0))
    charge = g.charge(
        prepaid_quantity=prepaid, fair_use_quantity=fair_use, actual_quantity=actual, overage_quantity=beyond + error
    )
    assert states(G3, g.clean(charges=(charge,))) == ["EXCEPTION" if error else "PASS"]
