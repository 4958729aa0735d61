"""G28: products compare with last month and last year."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.controls.runner import run_controls
from billing.month import Month
from billing_vendors.genesys_cloud.controls.g28_sku_analysis import G28

DECEMBER = Month(2024, 12)


def compared(g, found, now, before, **rest):
    """Judge a month against the one before; the year before lies before the account's first month."""
    earlier = before and replace(before, month=DECEMBER)
    return found(G28, now, previous=earlier, first_month=Month(2024, 12), **rest)[0]


def test_a_difference_is_split_into_price_and_volume(g, found):
    dearer = g.contract(g.item(overage_price="150.00"))
    now = g.clean(g.prepay(), g.line("2100.00", "14"), contracts=(dearer,))
    finding = compared(g, found, now, g.clean())
    parts = {name: str(finding.operands[name]) for name in ("price", "volume", "rounding", "other")}
    assert parts == {"price": "21.00", "volume": "297.00", "rounding": "0.00", "other": "0"}
    assert finding.difference == Decimal("318.00")
    assert finding.operands["largest"][0]["charged"] == "CX3 (overage)"


def test_the_same_month_again_passes(g, found):
    assert compared(g, found, g.clean(), g.clean()).state.value == "PASS"


@pytest.mark.parametrize(
    ("overage", "state"),
    [("1784.00", "VARIANCE_TOLERATED"), ("37315.00", "VARIANCE_TOLERATED"), ("37315.01", "EXCEPTION")],
)
def test_only_more_than_twice_as_much_needs_a_person(g, overage, state):
    """36000.00 was billed before; 72000.00 is twice that."""
    before = replace(g.clean(g.prepay(), g.line("2250.00")), month=DECEMBER)
    now = g.clean(g.prepay(), g.line(overage), g.line("935.00", sku="SMS"))
    month = g.evidence(now, previous=before, first_month=DECEMBER)
    results = run_controls((G28,), month).results
    assert [result.finding.state.value for result in results] == [state, "NOT_APPLICABLE"]


def test_held_duplicates_are_left_out(g, found):
    month = g.clean()
    twice = replace(month, invoices=(*month.invoices, replace(month.invoices[0], invoice_id="INV2")))
    assert compared(g, found, twice, month).state.value == "PASS"


def test_a_credit_and_an_unpriced_line_are_other_causes(g, found):
    now = g.clean(g.prepay(), g.line(), g.line("-50.00", "1", description="Goodwill"), g.line("7.00", None, sku="X"))
    finding = compared(g, found, now, g.clean())
    assert (finding.operands["other"], finding.difference) == (Decimal("-43.00"), Decimal("-43.00"))


def test_cost_per_user_is_a_hint(g, found):
    charge = g.charge(unit="User", actual_quantity="262")
    finding = compared(g, found, g.clean(charges=(charge,)), g.clean())
    assert finding.operands["per_user"] == {"2024-12": None, "2025-01": Decimal("135.6183")}


def test_what_cannot_be_compared(g, found, states):
    assert compared(g, found, g.month(), g.clean()).state.value == "NOT_APPLICABLE"
    assert compared(g, found, g.clean(), g.month()).state.value == "NOT_APPLICABLE"
    dollars = g.clean(invoices=(g.invoice(g.line(), currency="USD"),))
    assert compared(g, found, g.clean(), dollars).state.value == "NOT_APPLICABLE"
    assert states(G28, g.clean(), first_month=g.january) == ["NOT_APPLICABLE"]
    assert states(G28, g.clean(), first_month=Month(2020, 1)) == ["BLOCKED"]


cents = st.integers(0, 10**8).map(lambda number: str(Decimal(number).scaleb(-2)))


@settings(deadline=None)
@given(st.lists(st.tuples(cents, st.integers(0, 1000)), min_size=1, max_size=5), st.integers(0, 1000), cents)
def test_nothing_is_left_over(g, found, lines, quantity, amount):
    now = g.clean(*(g.line(each, str(units), sku=f"S{n % 3}") for n, (each, units) in enumerate(lines)))
    finding = compared(g, found, now, g.clean(g.line(amount, str(quantity), sku="S0")))
    parts = [finding.operands[name] for name in ("price", "volume", "rounding", "other")]
    assert sum(parts) == finding.actual - finding.expected == finding.difference
