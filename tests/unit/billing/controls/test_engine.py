"""No control hides another."""

import pytest

from billing.config.accounts import load_accounts
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State
from billing.controls.runner import run_controls
from billing_vendors.registry import vendors


def passing(_evidence):
    return [Finding("I-1", State.PASS, "fine")]


def failing(_evidence):
    yield Finding("I-1", State.PASS, "so far so good")
    raise ZeroDivisionError("secret detail")


def silent(_evidence):
    return []


def control(control_id, check):
    return Control(control_id, "statement", "accuracy", "exception", check)


@pytest.fixture
def run(make):
    return lambda *controls: run_controls(controls, Evidence(make.account(), make.month()))


def test_a_control_that_raises_is_blocked_and_the_others_run(run):
    """What it had found before is not taken for its result."""
    outcome = run(control("A", passing), control("B", failing), control("C", passing))
    assert [(r.control.control_id, r.finding.state.value) for r in outcome.results] == [
        ("A", "PASS"),
        ("B", "BLOCKED"),
        ("C", "PASS"),
    ]
    assert list(outcome.faults) == ["B"]
    assert isinstance(outcome.faults["B"], ZeroDivisionError)
    blocked = outcome.results[1].finding
    assert (blocked.subject, blocked.explanation) == (
        "2026-10",
        "cannot be checked: the control itself failed with ZeroDivisionError",
    )


def test_a_control_that_says_nothing_is_blocked(run):
    outcome = run(control("A", silent))
    assert [result.finding.state for result in outcome.results] == [State.BLOCKED]
    assert outcome.faults == {}


def test_results_are_in_the_order_of_the_controls(run):
    names = ["Z", "A", "M"]
    assert [result.control.control_id for result in run(*(control(name, passing) for name in names)).results] == names


@pytest.mark.parametrize("vendor", vendors(), ids=lambda vendor: vendor.name)
def test_every_control_gives_a_result_for_an_empty_month(make, vendor):
    """Nothing was read at all: every control says so."""
    account, controls = load_accounts(vendor.name, vendor.settings_type)[0], vendor.controls()
    outcome = run_controls(controls, Evidence(account, make.month()))
    assert outcome.faults == {}
    assert {result.control.control_id for result in outcome.results} == {control.control_id for control in controls}
    assert {result.finding.state for result in outcome.results} <= {State.BLOCKED, State.NOT_APPLICABLE}
