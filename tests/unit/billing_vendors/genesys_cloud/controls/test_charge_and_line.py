"""G5: charges are billed as they are."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.matching.price_book import ChargeType
from billing_vendors.genesys_cloud.controls.g05_three_way_match import G5


def of(g, found, month, charge_type=ChargeType.OVERAGE, sku="CX3"):
    """Give the one finding of a product's leg."""
    (finding,) = (
        e for e in found(G5, month) if e.operands.get("sku") == sku and e.operands.get("leg") == str(charge_type)
    )
    return finding


@pytest.mark.parametrize(
    ("lines", "state", "outcome"),
    [
        ([("1782.00", "12")], "PASS", "matched"),
        ([("891.00", "6"), ("891.00", "6")], "PASS", "matched"),
        ([("1782.01", "12")], "PASS_WITHIN_ROUNDING", "price variance"),
        ([("1782.02", "12")], "EXCEPTION", "price variance"),
        ([("2524.50", "17")], "EXCEPTION", "quantity variance"),
        ([("1039.50", "7")], "EXCEPTION", "quantity variance"),
        ([("1782.00", "13")], "EXCEPTION", "price and quantity variance"),
        ([("1782.00", "11")], "EXCEPTION", "price and quantity variance"),
        ([("1800.00", "12")], "EXCEPTION", "price variance"),
    ],
)
def test_an_overage_is_billed_as_it_is_charged(g, found, lines, state, outcome):
    finding = of(g, found, g.clean(g.prepay(), *(g.line(*line) for line in lines)))
    assert (finding.state.value, finding.operands["outcome"]) == (state, outcome)


def test_the_bound_grows_with_each_line_and_charge(g, found):
    """Two lines and one charge are rounded three times: 1.5 cents."""
    charge = g.charge("API", prepaid_quantity="0", overage_quantity="324000", overage_charge="129.60")
    near = g.clean(g.line("64.80", "162000", sku="API"), g.line("64.81", "162000", sku="API"), charges=(charge,))
    finding = of(g, found, near, sku="API")
    assert (finding.state.value, finding.bound) == ("PASS_WITHIN_ROUNDING", Decimal("0.015"))
    far = g.clean(g.line("64.81", "162000", sku="API"), g.line("64.81", "162000", sku="API"), charges=(charge,))
    assert of(g, found, far, sku="API").state.value == "EXCEPTION"


def test_figures_of_a_quantity_variance(g, found):
    finding = of(g, found, g.clean(g.prepay(), g.line("2524.50", "17")))
    figures = (finding.expected, finding.actual, finding.difference, finding.operands["quantity_variance"])
    assert figures == (Decimal("1782.00"), Decimal("2524.50"), Decimal("742.50"), Decimal("742.50"))
    assert (finding.subject, finding.currency) == ("INV1", "EUR")


def test_a_price_that_charge_and_line_share_is_not_judged_here(g, found):
    charge = g.charge(overage_rate="150.00", overage_charge="1800.00")
    finding = of(g, found, g.clean(g.prepay(), g.line("1800.00", "12"), charges=(charge,)))
    assert (finding.state.value, finding.operands["price_variance"]) == ("PASS", Decimal("18.00"))


def test_charged_and_not_invoiced_or_the_other_way_round(g, found):
    missing = of(g, found, g.clean(g.prepay()))
    assert (missing.state.value, missing.subject, missing.difference) == ("EXCEPTION", "bp-1", Decimal("-1782.00"))
    ghost = of(g, found, g.clean(g.prepay(), g.line(), g.line("9.00", "1", sku="GHOST")), sku="GHOST")
    assert (ghost.state.value, ghost.subject, ghost.difference) == ("EXCEPTION", "INV1", Decimal("9.00"))
    unnamed = g.line("9.00", "1", sku="GHOST", description="Set-up")
    assert of(g, found, g.clean(g.prepay(), g.line(), unnamed), sku="GHOST").state.value == "EXCEPTION"
    nothing = g.line("0.00", "1", sku="GHOST")
    assert of(g, found, g.clean(g.prepay(), g.line(), nothing), sku="GHOST").state.value == "NOT_APPLICABLE"


@pytest.mark.parametrize(("quantity", "state"), [("250", "PASS"), ("260", "EXCEPTION"), (None, "BLOCKED")])
def test_a_prepayment_is_billed_in_its_quantity(g, found, quantity, state):
    finding = of(g, found, g.clean(g.prepay("33750.00", quantity), g.line()), ChargeType.PREPAID)
    assert finding.state.value == state
    if state == "EXCEPTION":
        assert finding.difference == 10


@pytest.mark.parametrize(
    ("quantity", "state", "outcome"), [("250", "PASS", "matched"), ("240", "EXCEPTION", "quantity variance")]
)
def test_what_is_billed_in_advance_is_held_against_the_contract(g, found, quantity, state, outcome):
    ahead = g.prepay("33750.00", quantity, service_start=date(2025, 2, 1), service_end=date(2025, 3, 1))
    findings = [each for each in found(G5, g.clean(ahead, g.line())) if each.operands.get("advance")]
    assert [(each.state.value, each.operands["outcome"]) for each in findings] == [(state, outcome)]


@pytest.mark.parametrize(
    ("item", "state"),
    [
        ({"charged_through": date(2025, 1, 31)}, "EXCEPTION"),
        ({"charged_through": date(2025, 1, 30)}, "EXCEPTION"),
        ({"charged_through": None}, "BLOCKED"),  # perhaps billed at the end of a longer term
        ({"charged_through": None, "price": "0"}, "NOT_APPLICABLE"),
    ],
)
def test_a_prepayment_without_line_is_free_of_charge_or_missing(g, found, item, state):
    month = g.clean(g.line(), contracts=(g.contract(g.item(**item)),))
    assert of(g, found, month, ChargeType.PREPAID).state.value == state


@pytest.mark.parametrize("spoil", [{"overage_quantity": None}, {"overage_charge": None}])
def test_a_charge_that_lacks_a_figure_blocks(g, states, spoil):
    assert states(G5, g.clean(g.prepay(), g.line(), charges=(g.charge(**spoil),))) == ["BLOCKED", "PASS"]


def test_a_line_without_quantity_two_currencies_or_an_open_period_block(g, states):
    assert "BLOCKED" in states(G5, g.clean(g.prepay(), g.line(quantity=None)))
    dollars = g.charge(currency="USD")
    assert states(G5, g.clean(g.prepay(), g.line(), charges=(dollars,))) == ["BLOCKED", "PASS"]
    open_period = replace(g.billing_period(g.charge()), status="Open")
    assert states(G5, g.clean(billing_periods=(open_period,))) == ["BLOCKED"]


def test_nothing_charged_and_nothing_invoiced(g, states):
    assert states(G5, g.month()) == ["NOT_APPLICABLE"]


@settings(deadline=None)
@given(st.integers(1, 1000), st.integers(-3, 3).filter(bool))
def test_any_wrong_quantity_is_found_and_its_variance_is_exact(g, found, quantity, more):
    billed = quantity + more
    if billed < 0:
        return
    price = Decimal("148.50")
    charge = g.charge(overage_quantity=quantity, overage_charge=price * quantity)
    finding = of(g, found, g.clean(g.prepay(), g.line(price * billed, str(billed)), charges=(charge,)))
    assert (finding.state.value, finding.difference) == ("EXCEPTION", price * more)
