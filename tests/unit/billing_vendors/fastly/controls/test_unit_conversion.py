"""F13."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_vendors.fastly.controls.f13_unit_conversion import F13


def states(bills, *metrics):
    return bills.states(F13, month=bills.month(usage=metrics))


@pytest.mark.parametrize(
    ("unit", "name", "per_unit"),
    [
        ("gb", "Europe Bandwidth", 10**9),
        ("GB", "x", 10**9),
        ("unit", "Europe Requests", 10_000),
        ("requests", "x", 10_000),
    ],
)
def test_documented_units(bills, unit, name, per_unit):
    assert states(bills, bills.metric(name, "152.5", raw=str(Decimal("152.5") * per_unit), unit=unit)) == ["PASS"]


def test_two_to_the_thirtieth_is_no_gigabyte(bills):
    (found,) = bills.judge(F13, month=bills.month(usage=[bills.metric(quantity="100", raw=str(100 * 2**30))]))
    assert (found.state, found.expected, found.actual) == ("EXCEPTION", 10**11, 107_374_182_400)
    assert found.difference == 7_374_182_400


@pytest.mark.parametrize("scale", [1, 1_000, 10_000, 10**6, 10**9, 10**12])
def test_another_scale_is_one_reading(bills, scale):
    """Only requests by 10,000 and bytes by 10^9 are documented, and not in which unit a quantity is shown."""
    requests = bills.metric("Europe Requests", "152.5", raw=str(Decimal("152.5") * scale), unit="unit")
    more = bills.metric("Asia Requests", "17.25", raw=str(Decimal("17.25") * scale), unit="unit")
    assert states(bills, requests, more) == ["PASS"]


@pytest.mark.parametrize("scale", [2, 100, 1024, 3600, 2**30])
def test_no_power_of_ten_that_is_in_use_is_no_scale(bills, scale):
    odd = bills.metric("Europe Requests", "152.5", raw=str(Decimal("152.5") * scale), unit="unit")
    assert states(bills, odd) == ["EXCEPTION"]


def test_one_product_s_requests_have_one_scale(bills):
    requests = [bills.metric(f"{region} Requests", "152.5", raw="1525000", unit="unit") for region in ("EU", "NA")]
    odd = bills.metric("Asia Requests", "100", raw="100000", unit="unit")
    assert states(bills, *requests, odd) == ["EXCEPTION", "PASS"]
    assert states(bills, requests[0], odd) == ["EXCEPTION", "PASS"], "the documented scale decides between two"
    assert states(bills, *requests, replace(odd, product="compute_usage")) == ["PASS"], "another product has its own"


def test_a_quantity_of_nothing_fits_no_scale_and_every_scale(bills):
    assert states(bills, bills.metric(quantity="0", raw="0"), bills.metric(quantity="5", raw="5000")) == ["PASS"]


def test_rounding_is_bounded_by_the_decimals_that_the_report_shows(bills):
    two_places = bills.metric("Asia Bandwidth", "1.25", raw="1250000000")
    exactly_half = bills.metric(quantity="0.1", raw="105000000")
    beyond = bills.metric(quantity="0.1", raw="105000001")
    assert states(bills, two_places, exactly_half) == ["PASS_WITHIN_ROUNDING"]
    assert states(bills, two_places, beyond) == ["EXCEPTION", "PASS"]


def test_the_decimals_of_requests_say_nothing_of_gigabytes(bills):
    requests = bills.metric("Requests", "1.2500", raw="12500", unit="unit")
    assert states(bills, requests, bills.metric(quantity="15", raw="15400000000")) == ["PASS_WITHIN_ROUNDING"]


def test_a_metric_without_raw_quantity(bills):
    assert states(bills, bills.metric()) == ["NOT_APPLICABLE"]
    assert states(bills, bills.metric(), bills.metric(raw="100000000000")) == ["NOT_APPLICABLE", "PASS"]


def test_metrics_of_another_kind(bills):
    assert states(bills, bills.metric("TLS certificates", "3", unit="unit")) == ["NOT_APPLICABLE"]
    assert states(bills) == ["NOT_APPLICABLE"]


def test_v2_has_no_usage_metrics_and_v3_must(bills):
    assert bills.states(F13, bills.invoice(), account=bills.account("v2")) == ["NOT_APPLICABLE"]
    assert bills.states(F13, bills.invoice()) == ["BLOCKED"]


@given(st.integers(1, 10**18), st.integers(0, 6))
def test_a_quantity_rounded_from_its_bytes_never_alarms(bills, raw, places):
    """Round any number of bytes to any number of decimals: the bound is what that rounding can do, and no more."""
    quantity = (Decimal(raw) / 10**9).quantize(Decimal(1).scaleb(-places))
    (found,) = bills.judge(F13, month=bills.month(usage=[bills.metric(quantity=str(quantity), raw=str(raw))]))
    assert found.state in {"PASS", "PASS_WITHIN_ROUNDING"}
    beyond = int(quantity * 10**9 + Decimal("0.5").scaleb(-places) * 10**9) + 1
    assert states(bills, bills.metric(quantity=str(quantity), raw=str(beyond))) == ["EXCEPTION"]
