"""G2: lines are billed at the agreed prices."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.rounding import round_half_up

from billing.money import product
from billing_vendors.genesys_cloud.controls.g02_line_prices import G2


@pytest.mark.parametrize(
    ("amount", "quantity", "state"),
    [
        ("33750.00", "250", "PASS"),
        ("33750.01", "250", "EXCEPTION"),
        ("34425.00", "250", "EXCEPTION"),
        ("33749.99", "250", "EXCEPTION"),
        ("33750.00", "251", "EXCEPTION"),
        ("0.00", "0", "PASS"),
    ],
)
def test_a_prepaid_line_costs_quantity_times_price(g, states, amount, quantity, state):
    assert states(G2, g.clean(g.prepay(amount, quantity))) == [state]


@pytest.mark.parametrize(
    ("amount", "state"),
    [("129.60", "PASS_WITHIN_ROUNDING"), ("129.59", "EXCEPTION"), ("129.61", "EXCEPTION"), ("129.5968", "PASS")],
)
def test_a_line_is_rounded_once(g, states, amount, state):
    charge = g.charge("API", prepaid_quantity="0", overage_quantity="323992", overage_charge="129.60")
    assert states(G2, g.clean(g.line(amount, "323992", sku="API"), charges=(charge,))) == [state]


def test_the_difference_is_measured_against_the_contract(g, found):
    (finding,) = found(G2, g.clean(g.prepay("34425.00")))
    assert (finding.expected, finding.actual, finding.difference) == tuple(map(Decimal, ("33750", "34425", "675")))
    assert finding.subject == "INV1"
    assert finding.operands["prices"] == [Decimal("135.00")]


def test_lines_that_agree_are_one_finding_and_each_other_is_one(g, found):
    wrong = g.line("1.00", "1")
    findings = found(G2, g.clean(g.prepay(), wrong, g.line("1782.00", "12")))
    assert [each.state.value for each in findings] == ["EXCEPTION", "PASS"]
    assert findings[1].operands == {"lines": 3, "agree": 2, "within_rounding": 0}


@pytest.mark.parametrize(
    ("start", "state"),
    [
        (date(2024, 12, 30), "EXCEPTION"),
        (date(2024, 12, 31), "PASS"),  # a day early, as another time zone has it
        (date(2025, 1, 1), "PASS"),
        (date(2026, 1, 1), "BLOCKED"),
    ],
)
def test_the_price_in_force_on_the_first_day_of_service_counts(g, states, start, state):
    items = (
        g.item(price="130.00", effective_start=date(2024, 1, 1), effective_end=date(2025, 1, 1)),
        g.item(price="135.00", effective_start=date(2025, 1, 1), effective_end=date(2026, 1, 1)),
    )
    line = g.prepay(service_start=start)
    assert states(G2, g.clean(line, contracts=(g.contract(*items),))) == [state]


def test_a_term_of_some_months_and_a_few_days_costs_its_whole_months(g, states):
    assert states(G2, g.clean(g.prepay("67500.00", service_end=date(2025, 3, 3)))) == ["PASS"]
    assert states(G2, g.clean(g.prepay("67501.00", service_end=date(2025, 3, 3)))) == ["EXCEPTION"]


def test_what_is_paid_by_use_has_no_prepaid_price(g, states):
    by_use = g.item("API", "Overage", price="0.0004", overage_price=None)
    month = g.clean(g.line("400.00", "1000000", sku="API", description="API - Prepay"), contracts=(g.contract(by_use),))
    assert states(G2, month) == ["BLOCKED"]


def test_overage_has_its_own_price(g, states):
    assert states(G2, g.clean(g.line("1782.00", "12"))) == ["PASS"]
    assert states(G2, g.clean(g.line("1620.00", "12"))) == ["EXCEPTION"]


@pytest.mark.parametrize(
    "spoil",
    [
        {"quantity": None},
        {"service_start": None},
        {"product": "GHOST"},
        {"product": "GHOST", "description": "Set-up"},
        {"product": None, "description": "Set-up", "amount": Decimal(5)},
    ],
)
def test_what_cannot_be_priced_is_blocked(g, found, spoil):
    (finding,) = found(G2, g.clean(replace(g.prepay(), **spoil)))
    assert finding.state.value == "BLOCKED"
    assert "line 1" in finding.explanation


def test_two_currencies_are_not_compared(g, states):
    month = g.clean(g.prepay())
    usd = replace(month.invoices[0], currency="USD")
    assert states(G2, replace(month, invoices=(usd,))) == ["BLOCKED"]


def test_amendments_with_other_quantities_do_not_say_the_price(g, found):
    contract = g.contract(g.item(), g.item(price="120.00", quantity="20"))
    assert [each.state.value for each in found(G2, g.clean(g.prepay("2400.00", "20"), contracts=(contract,)))] == [
        "PASS"
    ]
    (finding,) = found(G2, g.clean(g.prepay("100.00", "7"), contracts=(contract,)))
    assert finding.state.value == "BLOCKED"
    assert "quantity of 7" in finding.explanation


@pytest.mark.parametrize(("amount", "state"), [("2700.00", "PASS"), ("2400.00", "PASS"), ("2550.00", "EXCEPTION")])
def test_two_prices_for_the_same_quantity_are_both_agreed_and_no_other(g, states, amount, state):
    contract = g.contract(g.item(quantity="20"), g.item(price="120.00", quantity="20"))
    assert states(G2, g.clean(g.prepay(amount, "20"), contracts=(contract,))) == [state]


@pytest.mark.parametrize("discount", ["0.0", "10.00"])
def test_what_no_kind_of_a_discount_explains_is_an_exception(g, states, discount):
    contract = g.contract(g.item(discount_amount=discount))
    assert states(G2, g.clean(g.prepay("31111.00"), contracts=(contract,))) == ["EXCEPTION"]
    assert states(G2, g.clean(g.prepay(), contracts=(contract,))) == ["PASS"]


@pytest.mark.parametrize(
    ("amount", "state"),
    [
        ("33630.00", "PASS"),  # 250 x 135.00 - 12 x 10.00
        ("3750.00", "PASS"),  # 250 x (135.00 - 12 x 10.00)
        ("3751.00", "EXCEPTION"),
    ],
)
def test_the_price_of_a_year_may_have_a_discount_of_each_month(g, states, amount, state):
    contract = g.contract(g.item(discount_amount="10.00"))
    line = g.prepay(amount, service_start=date(2026, 1, 1), service_end=date(2027, 1, 1))
    assert states(G2, g.clean(line, contracts=(contract,))) == [state]


def test_without_a_billing_period_what_is_prepaid_is_still_judged(g, states):
    """How much is prepaid, the contract states; how much was used, only the period."""
    month = g.clean(g.prepay("34425.00"), billing_periods=())
    assert states(G2, month) == ["EXCEPTION"]
    assert states(G2, g.clean(g.line("1620.00", "12"), billing_periods=())) == ["BLOCKED"]
    unnamed = replace(g.prepay("34425.00"), description="CX3")
    assert states(G2, g.clean(unnamed, billing_periods=())) == ["EXCEPTION"]


def test_a_credit_memo_a_held_duplicate_and_an_empty_month_are_not_judged(g, found, states):
    memo = g.invoice(g.line("-50.00", "1"), invoice_id="CM1", kind="credit_memo")
    assert states(G2, g.clean(invoices=(memo,))) == ["NOT_APPLICABLE"]
    again = g.invoice(g.prepay(), g.line(), invoice_id="INV2")
    findings = {each.subject: each for each in found(G2, g.clean(invoices=(g.clean().invoices[0], again)))}
    assert {number: each.state.value for number, each in findings.items()} == {"INV1": "PASS", "INV2": "NOT_APPLICABLE"}
    assert "G15" in findings["INV2"].explanation
    assert states(G2, g.month()) == ["NOT_APPLICABLE"]


prices = st.decimals(Decimal(1), Decimal(100000), allow_nan=False, places=5)


@settings(deadline=None)
@given(prices, st.integers(0, 10**7), st.integers(-3, 3))
def test_only_half_a_cent_is_rounding(g, states, price, quantity, cents):
    """The vendor's half-up rounding always passes; a cent beside it never does."""
    exact = product(price, Decimal(quantity))
    amount = round_half_up(exact, Decimal("0.01")) + Decimal(cents).scaleb(-2)
    month = g.clean(g.prepay(str(amount), str(quantity)), contracts=(g.contract(g.item(price=str(price))),))
    if amount < 0:
        return
    near = abs(amount - exact) <= Decimal("0.005")
    assert near or cents != 0
    assert states(G2, month) == [("PASS" if amount == exact else "PASS_WITHIN_ROUNDING") if near else "EXCEPTION"]
