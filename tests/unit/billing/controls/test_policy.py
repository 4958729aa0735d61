"""The engine holds what controls find against the account's policy; nothing but a measured exception is softened."""

from dataclasses import replace
from decimal import Decimal

import pytest

from billing.config.tolerances import Tolerance
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State
from billing.controls.runner import run_controls
from billing.errors import ConfigurationError


@pytest.fixture
def outcome(make):
    """Run one control that finds what the test says, for an account with some tolerances."""

    def run(*findings, tolerances=None, default=None):
        control = Control("F1", "said by the test", "accuracy", "exception", lambda _: findings)
        if default is not None:
            control = replace(control, tolerance=default)
        account = replace(make.account(), tolerances=tolerances or {})
        return run_controls((control,), Evidence(account, make.month()))

    return run


def off(by, state=State.EXCEPTION, expected="100", currency="USD"):
    difference = None if by is None else Decimal(by)
    return Finding("I-1", state, "off", expected=Decimal(expected), difference=difference, currency=currency)


TEN = Tolerance(absolute=Decimal(10))


def test_without_a_policy_every_exception_stands(outcome):
    (result,) = outcome(off("0.01")).results
    assert result.finding == off("0.01")


def test_a_small_exception_is_tolerated_and_the_policy_is_reported(outcome):
    (result,) = outcome(off("9"), tolerances={"F1": TEN}).results
    assert result.finding.state == "VARIANCE_TOLERATED"
    assert result.finding.operands["policy"] == {"absolute": 10, "percent": None, "rule": "both"}
    assert result.finding.explanation == "off; within the policy: 10"


def test_a_large_one_is_not_and_the_policy_is_reported_all_the_same(outcome):
    (result,) = outcome(off("11"), tolerances={"F1": TEN}).results
    assert result.finding.state == "EXCEPTION"
    assert result.finding.operands["policy"]["absolute"] == 10


def test_the_account_s_policy_replaces_the_control_s(outcome):
    strict = Tolerance(absolute=Decimal(1))
    assert outcome(off("5"), default=TEN).states == {"VARIANCE_TOLERATED": 1}
    assert outcome(off("5"), default=TEN, tolerances={"F1": strict}).states == {"EXCEPTION": 1}


@pytest.mark.parametrize("state", [state for state in State if state is not State.EXCEPTION])
def test_no_other_state_is_touched(outcome, state):
    (result,) = outcome(off("5", state), tolerances={"F1": TEN}).results
    assert result.finding == off("5", state)


@pytest.mark.parametrize("by", [None, "0"])
def test_an_exception_without_a_difference_cannot_be_small(outcome, by):
    assert outcome(off(by), tolerances={"F1": TEN}).states == {"EXCEPTION": 1}


def test_a_default_in_minor_units_is_taken_in_the_finding_s_currency(outcome):
    default = Tolerance(minor_units=1000)
    assert outcome(off("10"), default=default).states == {"VARIANCE_TOLERATED": 1}
    assert outcome(off("10.01"), default=default).states == {"EXCEPTION": 1}
    assert outcome(off("1000", currency="JPY"), default=default).states == {"VARIANCE_TOLERATED": 1}


def test_a_tolerance_for_a_control_that_there_is_not_is_an_error(outcome):
    with pytest.raises(ConfigurationError, match=r"initech/acme: tolerances: there is no control F99"):
        outcome(tolerances={"F99": TEN})


def test_the_summary_counts_states_and_names_what_to_look_at_without_amounts(outcome):
    found = outcome(off("777"), off("1", State.PASS), off("2", State.PASS), off("3", State.BLOCKED), off("888"))
    assert found.summary() == "1 BLOCKED, 2 EXCEPTION, 2 PASS; EXCEPTION: F1; BLOCKED: F1"
    assert outcome(off("1", State.PASS)).summary() == "1 PASS; nothing to review"
