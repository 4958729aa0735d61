"""Splitting amounts to calendar months: days exact, nothing lost."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.money import exact_sum
from billing.proration import MIDNIGHT, served, split
from billing_vendors.genesys_cloud.controls.g11_advance_and_arrears import VOICE_CUT

UNITS = [Decimal(1), Decimal("0.01"), Decimal("0.001")]


def parts(amount, start, end, unit="0.01", cut=MIDNIGHT):
    found = split(Decimal(amount), *served(date.fromisoformat(start), date.fromisoformat(end), cut), Decimal(unit))
    return {str(part.month): str(part.amount) for part in found}


@pytest.mark.parametrize(
    ("amount", "start", "end", "unit", "expected"),
    [
        ("31.00", "2026-10-01", "2026-11-01", "0.01", {"2026-10": "31.00"}),
        ("31.00", "2026-10-21", "2026-11-21", "0.01", {"2026-10": "11.00", "2026-11": "20.00"}),
        ("10.00", "2026-10-21", "2026-11-21", "0.01", {"2026-10": "3.55", "2026-11": "6.45"}),
        ("-10.00", "2026-10-21", "2026-11-21", "0.01", {"2026-10": "-3.55", "2026-11": "-6.45"}),
        ("100", "2026-10-21", "2026-11-21", "1", {"2026-10": "35", "2026-11": "65"}),
        ("1.000", "2026-10-21", "2026-11-21", "0.001", {"2026-10": "0.355", "2026-11": "0.645"}),
        ("0.01", "2026-10-16", "2026-11-16", "0.01", {"2026-10": "0.01", "2026-11": "0.00"}),
        ("90.00", "2026-01-01", "2026-04-01", "0.01", {"2026-01": "31.00", "2026-02": "28.00", "2026-03": "31.00"}),
        ("5.00", "2026-10-15", "2026-10-15", "0.01", {"2026-10": "5.00"}),
        ("2.00", "2026-12-31", "2027-01-02", "0.01", {"2026-12": "1.00", "2027-01": "1.00"}),
    ],
)
def test_days_decide(amount, start, end, unit, expected):
    assert parts(amount, start, end, unit) == expected


def test_voice_is_cut_at_seven_in_the_morning():
    """October's 744 hours of voice reach 7 hours into November."""
    assert parts("7.44", "2026-10-01", "2026-11-01", cut=VOICE_CUT) == {"2026-10": "7.37", "2026-11": "0.07"}
    found = split(Decimal("7.44"), *served(date(2026, 10, 1), date(2026, 11, 1), VOICE_CUT), Decimal("0.01"))
    assert [part.share for part in found] == [Fraction(737, 744), Fraction(7, 744)]


def test_the_last_month_takes_the_digits_that_no_minor_unit_holds():
    assert parts("1.00500", "2026-10-21", "2026-11-21") == {"2026-10": "0.36", "2026-11": "0.64500"}


def test_a_service_does_not_run_backwards():
    with pytest.raises(ValueError, match="ends before it starts"):
        parts("1.00", "2026-10-02", "2026-10-01")


moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(lambda each: each.replace(tzinfo=UTC))  # noqa: DTZ001 (made aware at once)
amounts = st.decimals(Decimal("-1e12"), Decimal("1e12"), allow_nan=False, allow_infinity=False, places=4)


@settings(deadline=None)
@given(amounts, moments, st.timedeltas(timedelta(0), timedelta(days=800)), st.sampled_from(UNITS))
def test_parts_sum_to_the_whole_and_none_is_off_by_a_minor_unit(amount, start, length, unit):
    found = split(amount, start, start + length, unit)
    assert exact_sum(part.amount for part in found) == amount
    assert sum(part.share for part in found) == 1
    assert [part.month for part in found] == [found[0].month.shifted(n) for n in range(len(found))]
    for part in found[:-1]:
        assert part.amount % unit == 0
    for part in found:
        assert abs(Fraction(part.amount) - Fraction(amount) * part.share) < Fraction(unit)


@settings(deadline=None)
@given(
    amounts, st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 400), st.sampled_from([MIDNIGHT, VOICE_CUT])
)
def test_shares_are_the_time_served_in_each_month(amount, start, days, cut):
    begins, ends = served(start, start + timedelta(days=days), cut)
    for part in split(amount, begins, ends, Decimal("0.01")):
        if days:
            inside = min(ends, part.month.end) - max(begins, part.month.start)
            assert part.share == Fraction(inside // timedelta(hours=1), 24 * days)
