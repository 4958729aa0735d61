"""Comparing two amounts: equal, explained by rounding, or not."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.controls.finding import State, blocked, compare_amounts, not_applicable

AMOUNTS = st.decimals(-(10**15), 10**15, places=4)


def compare(expected, actual, roundings=2, currency="USD"):
    return compare_amounts(
        "I-1", "what", expected=Decimal(expected), actual=Decimal(actual), currency=currency, roundings=roundings
    )


@pytest.mark.parametrize(
    ("expected", "actual", "currency", "state"),
    [
        ("15.00", "15.00", "USD", "PASS"),
        ("15.00", "15.01", "USD", "PASS_WITHIN_ROUNDING"),
        ("15.00", "14.99", "USD", "PASS_WITHIN_ROUNDING"),
        ("15.00", "15.02", "USD", "EXCEPTION"),
        ("15.00", "14.98", "USD", "EXCEPTION"),
        ("15.00", "15.0100000001", "USD", "EXCEPTION"),  # a hair beyond the bound
        ("15", "15.0", None, "PASS"),
        ("15.00", "15.01", None, "BLOCKED"),
        ("15.00", "15.01", "XAU", "BLOCKED"),
        ("15.00", "15.01", "", "BLOCKED"),
        ("15", "16", "JPY", "PASS_WITHIN_ROUNDING"),
        ("15.000", "15.001", "KWD", "PASS_WITHIN_ROUNDING"),
        ("15.000", "15.002", "KWD", "EXCEPTION"),
        ("12345678901234567.89", "12345678901234567.89", "USD", "PASS"),
        ("12345678901234567.89", "12345678901234567.91", "USD", "EXCEPTION"),  # the same float
    ],
)
def test_two_amounts_of_two_roundings(expected, actual, currency, state):
    found = compare(expected, actual, currency=currency)
    assert found.state.value == state
    assert (found.expected, found.actual) == (Decimal(expected), Decimal(actual))
    assert found.difference == Decimal(actual) - Decimal(expected)


def test_the_bound_is_shown_with_the_difference():
    found = compare("15.00", "15.01")
    assert (found.difference, found.bound, found.currency) == (Decimal("0.01"), Decimal("0.01"), "USD")
    assert found.explanation == "what: differs by 0.01, which 2 roundings explain"


def test_nothing_was_rounded_so_nothing_is_explained():
    assert compare("0", "0.01", roundings=0).state is State.EXCEPTION
    assert compare("0", "0.00", roundings=0).state is State.PASS


@given(AMOUNTS, AMOUNTS, st.integers(0, 100))
def test_a_difference_beyond_the_bound_never_passes(expected, actual, roundings):
    found = compare(expected, actual, roundings)
    gap, bound = abs(actual - expected), roundings * Decimal("0.005")
    assert found.state is (State.PASS if gap == 0 else State.PASS_WITHIN_ROUNDING if gap <= bound else State.EXCEPTION)


def test_blocked_and_not_applicable_give_their_reason():
    assert blocked("I-1", "no rate").explanation == "cannot be checked: no rate"
    assert blocked("I-1", "no rate").state is State.BLOCKED
    assert not_applicable("I-1", "no invoice").state is State.NOT_APPLICABLE
