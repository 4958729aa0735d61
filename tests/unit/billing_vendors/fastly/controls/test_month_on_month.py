"""F21, and the split of a difference into price and volume."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.config.tolerances import Tolerance
from billing.controls.checks.price_volume import Split, split, sum_of
from billing.money import exact_sum
from billing_vendors.fastly.controls.f21_month_on_month import F21


def first(found):
    return found[0]


def whole(before, now):
    return sum_of(split(before, now).values())


def test_price_and_volume_of_one_thing(bills):
    """100 x 0.08 before, 120 x 0.10 now: 4.00 more, 2.40 by price on today's units, 1.60 by volume at the old rate."""
    found = whole([bills.line(quantity="100")], [bills.line(quantity="120", rate="0.10")])
    assert found == Split(Decimal("2.40"), Decimal("1.60"), Decimal(0), Decimal(0))


def test_what_is_new_or_gone_is_volume(bills):
    assert whole([], [bills.line(amount="12")]) == Split(Decimal(0), Decimal(12), Decimal(0), Decimal(0))
    assert whole([bills.line(amount="12")], []) == Split(Decimal(0), Decimal(-12), Decimal(0), Decimal(0))


def test_rounding_is_named(bills):
    """3 x 0.333 = 0.999 was billed as 1.00."""
    found = whole(
        [bills.line(quantity="1", rate="0.333", amount="0.33")], [bills.line(quantity="3", rate="0.333", amount="1.00")]
    )
    assert found == Split(Decimal(0), Decimal("0.666"), Decimal("0.004"), Decimal(0))


def test_credits_and_shortfalls_are_neither(bills):
    before = [bills.flat("Credit", "-3", credit_coupon="C"), bills.flat("Commit shortfall", "10")]
    now = [bills.flat("Credit", "-5", credit_coupon="C")]
    assert whole(before, now) == Split(Decimal(0), Decimal(0), Decimal(0), Decimal(-12))


def test_several_rates_of_one_thing_have_no_single_price(bills):
    tiers = [bills.line(rate="0.10"), bills.line(rate="0.05")]
    assert whole(tiers, [bills.line(rate="0.10")]) == Split(Decimal(0), Decimal(0), Decimal(0), Decimal(-5))


lines = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.decimals(0, 10**12, places=4),
        st.decimals(0, 1000, places=9),
        st.sampled_from(["usage", "credit", "shortfall", "no rate"]),
    ),
    max_size=8,
)


def _made(bills, drawn):
    made = []
    for name, units, rate, kind in drawn:
        amount = (units * rate).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
        if kind == "usage":
            made.append(bills.line(name, str(amount), quantity=str(units), rate=str(rate)))
        elif kind == "credit":
            made.append(bills.flat(name, str(-amount), credit_coupon="C"))
        else:
            made.append(bills.flat(f"{name} {kind}", str(amount), rate=None if kind == "no rate" else str(amount)))
    return made


@given(lines, lines)
def test_the_parts_add_up_to_the_difference_with_nothing_left(bills, before, now):
    then, current = _made(bills, before), _made(bills, now)
    gap = exact_sum(line.amount for line in current) - exact_sum(line.amount for line in then)
    found = whole(then, current)
    assert found.total == gap
    assert exact_sum((found.price, found.volume, found.rounding, found.other)) == gap


@given(lines, lines)
def test_turning_time_around_turns_the_difference_around(bills, before, now):
    then, current = _made(bills, before), _made(bills, now)
    assert whole(then, current).total == -whole(current, then).total


@pytest.mark.parametrize(
    ("then", "now", "state"),
    [
        ("1000.00", "1000.00", "PASS"),
        ("1000.00", "1600.00", "VARIANCE_TOLERATED"),
        ("1000.00", "2500.00", "EXCEPTION"),
        ("1000.00", "2000.00", "VARIANCE_TOLERATED"),
        ("10.00", "900.00", "VARIANCE_TOLERATED"),
        ("90000.00", "10.00", "VARIANCE_TOLERATED"),
    ],
)
def test_the_default_policy_is_a_hundred_percent_and_a_thousand(bills, then, now, state):
    now_and_then = bills.invoice(bills.line(amount=now)), bills.before(bills.line(amount=then))
    found = bills.judge(F21, now_and_then[0], previous=now_and_then[1])
    assert first(found).state == state
    assert first(found).difference == Decimal(now) - Decimal(then)


def test_the_account_s_own_policy(bills):
    account = bills.account(tolerances={"F21": Tolerance(absolute=Decimal(10), percent=Decimal(1), rule="either")})
    found = bills.judge(
        F21, bills.invoice(bills.line(amount="105")), previous=bills.before(bills.line(amount="100")), account=account
    )
    assert first(found).state == "EXCEPTION"
    assert "more than the policy: 10 or 1 %" in first(found).explanation


def test_both_comparisons_and_the_products_are_shown(bills):
    a_year_ago = bills.october.shifted(-12)
    year = bills.month(bills.invoice(bills.line(amount="6"), month=a_year_ago), month=a_year_ago)
    month, yearly = bills.judge(
        F21, bills.invoice(bills.line(quantity="110")), previous=bills.before(), year_before=year
    )
    assert [each.operands["compared_with"] for each in (month, yearly)] == ["2026-09", "2025-10"]
    assert month.operands["largest"] == [
        {
            "charged": "Europe Bandwidth (Europe, bandwidth)",
            "price": 0,
            "volume": Decimal("0.8"),
            "rounding": 0,
            "other": 0,
        }
    ]


def test_nothing_to_compare(bills):
    account = bills.account(first_month=bills.october)
    assert bills.states(F21, bills.invoice(), account=account) == ["NOT_APPLICABLE", "NOT_APPLICABLE"]
    began = bills.account(first_month=bills.september)
    empty = bills.month(month=bills.september)
    assert bills.states(F21, bills.invoice(), previous=empty, account=began)[0] == "NOT_APPLICABLE"
    assert bills.states(F21, month=bills.month(), previous=bills.before(), account=began)[0] == "NOT_APPLICABLE"
    euros = bills.before(currency="EUR")
    assert bills.states(F21, bills.invoice(), previous=euros, account=began)[0] == "NOT_APPLICABLE"


def test_months_that_should_be_stored_and_are_not(bills):
    month, year = bills.judge(F21, bills.invoice())
    assert (month.state, year.state) == ("BLOCKED", "BLOCKED")
    assert "2026-09 is not stored" in month.explanation
    assert "2025-10 is not stored" in year.explanation
