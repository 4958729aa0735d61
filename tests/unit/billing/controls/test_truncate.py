"""Many findings of one kind are a few that are named and one that says how many more there are."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billing.config.tolerances import Tolerance
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State
from billing.controls.runner import run_controls
from billing.controls.truncate import keep_largest
from billing.models import ContractBillingPeriod
from billing_vendors.fastly.controls.f02_line_amounts import F2
from billing_vendors.genesys_cloud.controls.g10_service_dates import G10


def finding(number, state=State.EXCEPTION, subject="I-1", currency="USD", difference="1.00"):
    gap = difference and Decimal(difference)
    expected = None if gap is None else Decimal(10)
    actual = None if gap is None else expected + gap
    return Finding(subject, state, f"line {number}", expected, actual, gap, None, currency, {"line": number})


def test_up_to_twenty_stay_as_they_are():
    twenty = [finding(number) for number in range(20)]
    assert keep_largest(twenty) == twenty


def test_one_more_is_said_to_be_one_more():
    *shown, rest = keep_largest([finding(number) for number in range(21)])
    assert shown == [finding(number) for number in range(20)]
    assert rest.explanation == "1 more of the same kind, not listed individually; together they differ by 1.00 USD"
    assert rest.operands == {"further": 1, "shown": [{"line": 20}]}


def test_the_largest_are_named_in_their_order_and_the_rest_add_up_exactly():
    """A difference of 900.00 below zero is larger than one of 1.00 above; nothing is lost by cancelling out."""
    small = [finding(number, difference="0.10" if number % 2 else "-0.30") for number in range(100)]
    findings = [*small[:50], finding("big", difference="-900.00"), *small[50:]]

    *shown, rest = keep_largest(findings)

    assert finding("big", difference="-900.00") in shown
    assert [each for each in findings if each in shown] == shown
    assert len(shown) == 20
    assert rest.operands["further"] == 81
    assert rest.difference == sum(each.difference for each in findings) - sum(each.difference for each in shown)
    assert rest.actual - rest.expected == rest.difference
    assert (rest.state, rest.subject, rest.currency) == (State.EXCEPTION, "I-1", "USD")


def test_subjects_and_states_are_counted_apart():
    findings = [finding(n, state, subject) for n in range(21) for state in (State.EXCEPTION, State.BLOCKED)
                for subject in ("I-1", "I-2")]  # fmt: skip
    rest = keep_largest(findings)[-4:]
    assert {(each.subject, each.state, each.operands["further"]) for each in rest} == {
        (subject, state, 1) for subject in ("I-1", "I-2") for state in (State.EXCEPTION, State.BLOCKED)
    }


@pytest.mark.parametrize("state", [State.PASS, State.PASS_WITHIN_ROUNDING])
def test_what_passed_is_left_alone(state):
    passed = [finding(number, state) for number in range(50)]
    assert keep_largest(passed) == passed


@pytest.mark.parametrize(
    "odd", [finding("odd", currency="EUR"), finding("odd", currency=None), finding("odd", difference=None)]
)
def test_what_cannot_be_added_up_is_not(odd):
    """Another currency, a quantity of some unit, or no figure at all."""
    findings = [finding(number, difference="5.00") for number in range(20)]
    findings += [finding("small", difference="0.01"), replace(odd, difference=odd.difference and Decimal("0.01"))]
    rest = keep_largest(findings)[-1]
    assert rest.operands["further"] == 2
    assert rest.difference is None
    assert "together" not in rest.explanation


@pytest.fixture
def results(make):
    """Run one control as a month's run does; give its findings."""

    def run(control, month, **policy):
        account = replace(make.account(), tolerances=policy)
        return [result.finding for result in run_controls((control,), Evidence(account, month)).results]

    return run


def test_a_planted_amount_is_named_among_thousands_of_lines_without_a_rate(make, results):
    lines = [make.line(n, "1.00", quantity=Decimal(1)) for n in range(1, 5001)]
    lines[2999] = make.line(3000, "7.00", rate=Decimal(2), quantity=Decimal(3))

    findings = results(F2, make.month(make.invoice(lines=tuple(lines))))

    (wrong,) = [each for each in findings if each.state is State.EXCEPTION]
    assert (wrong.operands["line"], wrong.difference) == (3000, Decimal("1.00"))
    blocked = [each for each in findings if each.state is State.BLOCKED]
    assert len(findings) == 22
    assert blocked[0].explanation == "cannot be checked: line 1 (line 1) has no rate"
    assert blocked[-1].explanation == "4979 more of the same kind, not listed individually"


def test_the_largest_planted_amount_is_named_among_thousands_of_wrong_ones(make, results):
    lines = [make.line(n, "1.02", rate=Decimal(1), quantity=Decimal(1)) for n in range(1, 5001)]
    lines[2999] = make.line(3000, "901.00", rate=Decimal(1), quantity=Decimal(1))

    findings = results(F2, make.month(make.invoice(lines=tuple(lines))))

    assert len(findings) == 21
    assert 3000 in [each.operands.get("line") for each in findings]
    assert findings[-1].difference == Decimal("0.02") * 4980


def test_a_policy_judges_each_line_and_never_their_sum(make, results):
    """Each is within 0.05; the 30 that are not named come to 0.60 and are tolerated all the same."""
    lines = [make.line(n, "1.02", rate=Decimal(1), quantity=Decimal(1)) for n in range(1, 51)]

    findings = results(F2, make.month(make.invoice(lines=tuple(lines))), F2=Tolerance(absolute=Decimal("0.05")))

    assert {each.state for each in findings} == {State.VARIANCE_TOLERATED}
    assert findings[-1].difference == Decimal("0.60")


def test_a_line_outside_its_period_is_named_among_thousands_without_dates(make, results):
    january = ContractBillingPeriod("B", "C", make.month_key, date(2026, 1, 1), date(2026, 2, 1), "Closed", (), ())
    lines = [make.line(n, "1.00") for n in range(1, 5001)]
    lines[41] = make.line(42, "1.00", service_start=date(2020, 1, 1), service_end=date(2020, 2, 1))

    findings = results(G10, make.month(make.invoice(lines=tuple(lines)), billing_periods=(january,)))

    assert [each.operands["line"] for each in findings if each.state is State.EXCEPTION] == [42]
    assert len(findings) == 22
