"""Exact sums, minor units and rounding bounds."""

import decimal
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rounding import round_half_up

from billing.money import difference, exact_sum, is_in_force, minor_unit, product, rounding_bound
from billing.month import Month

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False).filter(
    lambda number: number.as_tuple().exponent >= -40 and number.adjusted() < 40 and number.as_tuple().exponent <= 40
)
UNITS = st.sampled_from([Decimal(1), Decimal("0.01"), Decimal("0.001")])


@given(st.lists(AMOUNTS, max_size=30))
def test_a_sum_is_exact(numbers):
    """Compared with fractions, which cannot round."""
    assert Fraction(exact_sum(numbers)) == sum(map(Fraction, numbers), Fraction(0))


@given(st.lists(AMOUNTS, max_size=10), st.randoms())
def test_a_sum_does_not_depend_on_the_order(numbers, random):
    shuffled = random.sample(numbers, len(numbers))
    assert exact_sum(shuffled) == exact_sum(numbers)


@given(AMOUNTS, AMOUNTS)
def test_products_and_differences_are_exact(left, right):
    assert Fraction(product(left, right)) == Fraction(left) * Fraction(right)
    assert Fraction(difference(left, right)) == Fraction(left) - Fraction(right)


def test_the_default_context_would_have_lost_a_digit():
    """30 digits: Python's own ``+`` keeps 28."""
    numbers = [Decimal("12345678901234567890123456.78"), Decimal("0.0001")]
    assert exact_sum(numbers) == Decimal("12345678901234567890123456.7801")
    assert sum(numbers) != exact_sum(numbers)


def test_the_sum_of_nothing_is_nought():
    assert exact_sum([]) == 0


def test_a_sum_that_would_round_raises():
    with pytest.raises(decimal.Inexact):
        exact_sum([Decimal("1E+150"), Decimal("1E-150")])


@pytest.mark.parametrize(
    ("currency", "unit"),
    [
        ("USD", "0.01"),
        ("EUR", "0.01"),
        ("JPY", "1"),
        ("KWD", "0.001"),
        ("IQD", "0.001"),
        ("CLF", "0.0001"),
        ("usd", "0.01"),
    ],
)
def test_the_minor_unit_is_iso_4217s(currency, unit):
    assert minor_unit(currency) == Decimal(unit)


@pytest.mark.parametrize("code", ["XAU", "XXX", "US", "", "840", "BTC", "US Dollar"])
def test_without_an_exponent_there_is_no_minor_unit(code):
    """Gold has none, and what is no code gets no bound to hide a difference in."""
    assert minor_unit(code) is None


@pytest.mark.parametrize(
    ("currency", "unit"), [("HRK", "0.01"), ("BGN", "0.01"), ("hrk", "0.01"), ("BYR", "1"), ("ITL", "1")]
)
def test_a_withdrawn_currency_keeps_its_minor_unit(currency, unit):
    assert minor_unit(currency) == Decimal(unit)


@pytest.mark.parametrize(
    ("currency", "first", "last"),
    [
        ("BGN", "2000-01", "2025-12"),
        ("bgn", "2000-01", "2025-12"),
        ("HRK", "2000-01", "2022-12"),
        ("LTL", "2000-01", "2014-12"),
        ("ANG", "2012-01", "2025-06"),
        ("SLL", "2000-01", "2023-12"),
        ("SLE", "2022-07", "2099-12"),
        ("XCG", "2025-03", "2099-12"),
        ("EUR", "1999-01", "2099-12"),
        ("USD", "1999-01", "2099-12"),
        ("CLF", "1999-01", "2099-12"),
        ("VED", "1999-01", "2099-12"),
    ],
)
def test_a_currency_is_in_force_in_some_months(currency, first, last):
    first, last = Month.parse(first), Month.parse(last)
    assert is_in_force(currency, first)
    assert is_in_force(currency, last)
    if first.year > 2020:
        assert not is_in_force(currency, first.shifted(-1))
    if last.year < 2099:
        assert not is_in_force(currency, last.shifted(1))


@pytest.mark.parametrize("code", ["XAU", "XXX", "CNH", "BTC", "", "DOLLAR"])
def test_what_is_no_currency_for_payments_is_never_in_force(code):
    assert not is_in_force(code, Month(2026, 10))


def test_three_lines_in_dollars_have_a_bound_of_a_cent_and_a_half():
    assert rounding_bound(3, Decimal("0.01")) == Decimal("0.015")


@given(st.integers(0, 100_000), UNITS)
def test_the_bound_is_half_a_unit_for_each_rounding(roundings, unit):
    assert Fraction(rounding_bound(roundings, unit)) == Fraction(roundings) * Fraction(unit) / 2


@given(st.lists(st.decimals(-(10**9), 10**9, places=6), max_size=20), UNITS)
def test_honest_rounding_never_exceeds_the_bound(amounts, unit):
    """Lines rounded one by one against their exact sum: the very case that the bound is for."""
    rounded = exact_sum(round_half_up(amount, unit) for amount in amounts)
    assert abs(difference(rounded, exact_sum(amounts))) <= rounding_bound(len(amounts), unit)


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [("2.675", "2.68"), ("-2.675", "-2.68"), ("0.005", "0.01"), ("0.0049", "0.00"), ("3", "3.00")],
)
def test_halves_round_away_from_zero(amount, rounded):
    assert str(round_half_up(Decimal(amount), Decimal("0.01"))) == rounded


def test_rounding_keeps_all_digits_before_the_point():
    assert str(round_half_up(Decimal("9" * 35 + ".995"), Decimal("0.01"))) == "1" + "0" * 35 + ".00"
