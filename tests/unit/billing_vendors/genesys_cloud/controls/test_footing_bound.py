"""G1: the footing's bound is half a minor unit for each line, no more and no less."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.money import minor_unit
from billing_vendors.genesys_cloud.controls.g01_footing import G1


@pytest.mark.parametrize(
    ("lines", "off", "state"),
    [
        (1, "0.00", "PASS"),
        (1, "0.005", "PASS_WITHIN_ROUNDING"),
        (1, "0.01", "EXCEPTION"),
        (2, "-0.01", "PASS_WITHIN_ROUNDING"),
        (2, "0.011", "EXCEPTION"),
        (3, "0.01", "PASS_WITHIN_ROUNDING"),
        (3, "-0.02", "EXCEPTION"),
    ],
)
def test_each_line_may_have_been_rounded_once(g, states, lines, off, state):
    total = Decimal("1782.00") * lines + Decimal(off)
    assert states(G1, g.month(g.invoice(*[g.line()] * lines, total=total))) == [state]


@settings(deadline=None)
@given(st.integers(1, 40), st.sampled_from(["EUR", "JPY", "KWD"]), st.integers(-45, 45))
def test_the_bound_is_derived_from_lines_and_currency(g, found, lines, currency, halves):
    unit = minor_unit(currency)
    invoice = g.invoice(*[g.line("7000")] * lines, currency=currency, total=Decimal(7000) * lines + unit * halves / 2)
    (finding,) = found(G1, g.month(invoice))
    expected = "PASS" if halves == 0 else "PASS_WITHIN_ROUNDING" if abs(halves) <= lines else "EXCEPTION"
    assert (finding.state.value, finding.bound) == (expected, unit * lines / 2)
