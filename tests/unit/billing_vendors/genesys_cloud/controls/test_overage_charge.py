"""G4: overage charges are quantity x rate."""

from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.rounding import round_half_up

from billing.money import minor_unit, product
from billing_vendors.genesys_cloud.controls.g04_overage_charge import G4


@pytest.mark.parametrize(
    ("quantity", "rate", "charge", "currency", "state"),
    [
        ("12", "148.50", "1782.00", "EUR", "PASS"),
        ("12", "297.00", "1782.00", "EUR", "EXCEPTION"),
        ("323992", "0.0004", "129.60", "EUR", "PASS_WITHIN_ROUNDING"),
        ("323992", "0.0004", "129.59", "EUR", "EXCEPTION"),
        ("3", "0.4", "1", "JPY", "PASS_WITHIN_ROUNDING"),
        ("3", "0.4", "2", "JPY", "EXCEPTION"),
        ("0", None, "0", "EUR", "PASS"),
        ("0", None, "5.00", "EUR", "EXCEPTION"),
        ("12", None, "1783.00", "EUR", "BLOCKED"),
        (None, "148.50", "1782.00", "EUR", "BLOCKED"),
        ("12", "148.50", None, "EUR", "BLOCKED"),
        ("12", "148.50", "1782.00", None, "PASS"),
        ("12", "148.50", "1782.01", None, "BLOCKED"),
    ],
)
def test_charges_and_wallets_alike(g, states, quantity, rate, charge, currency, state):
    figures = {
        "overage_quantity": quantity,
        "overage_rate": rate,
        "overage_charge": charge,
        "currency": currency,
    }
    assert states(G4, g.clean(charges=(g.charge(**figures),))) == [state]
    wallets = (g.wallet(**figures),)
    assert states(G4, g.month(billing_periods=(g.billing_period(wallets=wallets),))) == [state]


def test_the_contract_has_the_rate_that_a_charge_lacks(g, states):
    assert states(G4, g.clean(charges=(g.charge(overage_rate=None),))) == ["PASS"]
    assert states(G4, g.clean(charges=(g.charge(overage_rate=None, overage_charge="1782.02"),))) == ["BLOCKED"]


def test_the_subject_is_the_billing_period(g, found):
    findings = found(G4, g.clean(charges=(g.charge(), g.charge(overage_charge="1.00"))))
    assert {each.subject for each in findings} == {"bp-1"}
    assert [each.expected for each in findings] == [Decimal("1782.00"), None]


def test_a_month_without_charges_is_not_judged(g, states):
    assert states(G4, g.month(billing_periods=(g.billing_period(),))) == ["NOT_APPLICABLE"]


rates = st.decimals(Decimal(0), Decimal("1e5"), allow_nan=False, places=6)
quantities = st.decimals(Decimal(0), Decimal("1e8"), allow_nan=False, places=2)


@settings(deadline=None)
@given(quantities, rates, st.sampled_from(["EUR", "JPY", "KWD"]), st.integers(-2, 2))
def test_half_a_minor_unit_is_rounding_and_no_more(g, states, quantity, rate, currency, units):
    unit = minor_unit(currency)
    exact = product(quantity, rate)
    assume(exact >= 1)  # of less, a few minor units may be a multiple by a scale
    charge = round_half_up(exact, unit) + unit * units
    figures = {"overage_quantity": quantity, "overage_rate": rate, "overage_charge": charge, "currency": currency}
    near = abs(charge - exact) <= unit / 2
    expected = ("PASS" if charge == exact else "PASS_WITHIN_ROUNDING") if near else "EXCEPTION"
    assert states(G4, g.clean(charges=(g.charge(**figures),))) == [expected]
