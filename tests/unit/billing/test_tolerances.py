"""Business tolerances: what exceeds them, and how the accounts file says them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.config.tolerances import EXACT, Tolerance, parse_tolerances
from billing.errors import ConfigurationError

HUNDRED_AND_FIVE = Tolerance(Decimal(100), Decimal(5), "both")
HUNDRED_OR_FIVE = Tolerance(Decimal(100), Decimal(5), "either")


@pytest.mark.parametrize(
    ("policy", "difference", "expected", "exceeded"),
    [
        (HUNDRED_AND_FIVE, "80", "1000", False),
        (HUNDRED_AND_FIVE, "300", "9000", False),
        (HUNDRED_AND_FIVE, "200", "1000", True),
        (HUNDRED_AND_FIVE, "-200", "1000", True),
        (HUNDRED_AND_FIVE, "200", "-1000", True),
        (HUNDRED_OR_FIVE, "80", "1000", True),
        (HUNDRED_OR_FIVE, "300", "9000", True),
        (HUNDRED_OR_FIVE, "40", "1000", False),
        (Tolerance(absolute=Decimal(100)), "100", "1", False),
        (Tolerance(absolute=Decimal(100)), "100.01", "1000000", True),
        (Tolerance(percent=Decimal(5)), "50", "1000", False),
        (Tolerance(percent=Decimal(5)), "50.01", "1000", True),
        (EXACT, "0", "1", False),
        (EXACT, "0.000001", "1", True),
    ],
)
def test_what_is_too_large(policy, difference, expected, exceeded):
    assert policy.is_exceeded_by(Decimal(difference), Decimal(expected)) is exceeded


def test_of_nothing_a_percentage_says_nothing():
    """A zero expected amount makes it undefined: the absolute limit alone decides, and without one nothing is small."""
    assert not HUNDRED_AND_FIVE.is_exceeded_by(Decimal(100), Decimal(0))
    assert HUNDRED_AND_FIVE.is_exceeded_by(Decimal(101), Decimal(0))
    assert Tolerance(percent=Decimal(5)).is_exceeded_by(Decimal("0.01"), Decimal(0))


@pytest.mark.parametrize(
    ("currency", "absolute"), [("USD", "1000.00"), ("JPY", "100000"), ("KWD", "100.000"), ("XAU", None), (None, None)]
)
def test_a_default_limit_in_minor_units_fits_any_currency(currency, absolute):
    found = Tolerance(percent=Decimal(5), minor_units=100_000).in_currency(currency)
    assert found == Tolerance(None if absolute is None else Decimal(absolute), Decimal(5))


def test_in_words():
    assert str(HUNDRED_AND_FIVE) == "100 and 5 %"
    assert str(HUNDRED_OR_FIVE) == "100 or 5 %"
    assert str(Tolerance(minor_units=100_000)) == "100,000 minor units of the currency"
    assert str(EXACT) == "no difference"


def test_the_accounts_file_says_amounts_as_texts():
    found = parse_tolerances({"F19": {"absolute": "10.00", "percent": "5", "rule": "either"}, "G2": {"absolute": "0"}})
    assert found == {
        "F19": Tolerance(Decimal("10.00"), Decimal(5), "either"),
        "G2": Tolerance(Decimal(0), None, "both"),
    }


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], r"tolerances should map controls to limits, but is list"),
        ({"F0": {}}, r"tolerances: 'F0' is not a control id"),
        ({19: {}}, r"tolerances: 19 is not a control id"),
        ({"F19": "10"}, r"tolerances, F19: expected absolute, percent and rule, found str"),
        ({"F19": {}}, r"tolerances, F19: absolute or percent is missing"),
        ({"F19": {"rule": "both"}}, r"tolerances, F19: absolute or percent is missing"),
        ({"F19": {"absolut": "1"}}, r"tolerances, F19: unknown key 'absolut'"),
        ({"F19": {"absolute": 10.0}}, r"tolerances, F19: absolute 10.0 should be a number in quotes"),
        ({"F19": {"absolute": 10}}, r"absolute 10 should be a number in quotes"),
        ({"F19": {"absolute": "-1"}}, r"absolute '-1' should be a number in quotes"),
        ({"F19": {"percent": "NaN"}}, r"percent 'NaN' should be a number in quotes"),
        ({"F19": {"percent": "1e9"}}, r"percent '1e9' should be a number in quotes"),
        ({"F19": {"percent": None}}, r"percent None should be a number in quotes"),
        ({"F19": {"percent": "1", "rule": "any"}}, r"tolerances, F19: rule 'any' should be 'both' or 'either'"),
    ],
)
def test_every_mistake_is_named(value, message):
    with pytest.raises(ConfigurationError, match=message):
        parse_tolerances(value)


amounts = st.decimals(-(10**12), 10**12, places=6)
limits = st.one_of(st.none(), st.decimals(0, 10**6, places=4))


@given(limits, limits, amounts, amounts)
def test_either_is_never_more_lenient_than_both(absolute, percent, difference, expected):
    both = Tolerance(absolute, percent, "both").is_exceeded_by(difference, expected)
    either = Tolerance(absolute, percent, "either").is_exceeded_by(difference, expected)
    assert either or not both


@given(limits, limits, st.sampled_from(["both", "either"]), amounts, amounts)
def test_the_sign_of_a_difference_does_not_matter_and_none_is_never_too_large(
    absolute, percent, rule, difference, expected
):
    policy = Tolerance(absolute, percent, rule)
    assert policy.is_exceeded_by(difference, expected) == policy.is_exceeded_by(-difference, expected)
    assert not policy.is_exceeded_by(Decimal(0), expected)
