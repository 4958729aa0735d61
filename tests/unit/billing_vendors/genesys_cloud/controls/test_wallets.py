"""G7: wallets roll forward."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from billing.month import Month
from billing_vendors.genesys_cloud.controls.g07_wallet_rollforward import G7

TOKENS = {"prepaid_quantity": "0", "overage_quantity": "0", "token_conversion_rate": "0.025"}


def month_of(g, *wallets, tokens=None, starts_on=date(2025, 1, 1), contract=None):
    charges = () if tokens is None else (g.charge(**TOKENS, converted_token_count=tokens),)
    billing_period = replace(g.billing_period(*charges, wallets=wallets), starts_on=starts_on)
    return g.month(billing_periods=(billing_period,), contracts=(contract or g.contract(),))


@pytest.mark.parametrize(
    ("balances", "state"),
    [
        ({}, "PASS"),
        ({"balance_consumption": "1670"}, "EXCEPTION"),
        ({"ending_balance": "10"}, "EXCEPTION"),
        ({"overage_quantity": "1199"}, "EXCEPTION"),
        ({"overage_quantity": None}, "BLOCKED"),
        ({"starting_balance": "2000", "ending_balance": "380", "overage_quantity": "0"}, "PASS"),
        ({"starting_balance": "2000", "ending_balance": "380", "overage_quantity": None}, "PASS"),
        ({"starting_balance": "2000", "ending_balance": "381", "overage_quantity": "1"}, "EXCEPTION"),
        ({"starting_balance": "2000", "ending_balance": "380", "overage_quantity": "5"}, "EXCEPTION"),
        ({"balance_increase": "1200", "overage_quantity": "0"}, "PASS"),
        ({"balance_increase": "1300", "ending_balance": "100", "overage_quantity": "0"}, "PASS"),
        ({"balance_decrease": "20", "overage_quantity": "1220"}, "PASS"),
        ({"balance_decrease": "20"}, "EXCEPTION"),
        ({"starting_balance": None}, "BLOCKED"),
        ({"balance_increase": None}, "PASS"),  # none is zero where the equation then holds
        ({"balance_increase": None, "ending_balance": "5"}, "BLOCKED"),
        ({"balance_decrease": None}, "PASS"),
        ({"balance_consumption": None}, "BLOCKED"),
        ({"ending_balance": None}, "PASS"),
        ({"balance_consumption": "420"}, "PASS"),  # what the balance covers; the overage is apart from it
        ({"ending_balance": "-1200"}, "PASS"),
    ],
)
def test_start_and_movements_lead_to_the_end(g, found, balances, state):
    findings = found(G7, month_of(g, g.wallet(**balances)))
    judged = [each for each in findings if each.state.value != "NOT_APPLICABLE"]
    assert [each.state.value for each in judged] == [state]


@pytest.mark.parametrize(("tokens", "state"), [("1620", "PASS"), ("1670", "EXCEPTION"), ("1570", "EXCEPTION")])
def test_what_is_consumed_is_what_was_converted(g, states, tokens, state):
    assert state in states(G7, month_of(g, g.wallet(), tokens=tokens))
    assert ("EXCEPTION" in states(G7, month_of(g, g.wallet(), tokens=tokens))) == (state == "EXCEPTION")


def test_consumption_is_that_of_all_wallets(g, states):
    wallets = (
        g.wallet(),
        g.wallet(wallet_id="wa-2", balance_consumption="80", overage_quantity="0", ending_balance="340"),
    )
    assert "EXCEPTION" not in states(G7, month_of(g, *wallets, tokens="1700"))
    assert "EXCEPTION" in states(G7, month_of(g, *wallets, tokens="1620"))


@pytest.fixture
def later(g):
    """February, whose wallet starts with what is given, after a January that ended with 0."""

    def build(start, wallet_id="wa-1", starts_on=date(2025, 2, 1)):
        wallet = g.wallet(
            starting_balance=start,
            wallet_id=wallet_id,
            balance_consumption="0",
            ending_balance=start,
            overage_quantity="0",
        )
        billing_period = replace(
            g.billing_period(wallets=(wallet,), billing_period_id="bp-2"), starts_on=starts_on, ends_on=date(2025, 3, 1)
        )
        february = Month(2025, 2)
        return g.month(
            month=february, billing_periods=(replace(billing_period, month=february),), contracts=(g.contract(),)
        )

    return build


@pytest.mark.parametrize(("start", "state"), [("0", "PASS"), ("470", "EXCEPTION"), (None, "PASS")])
def test_a_period_starts_where_the_one_before_ended(g, states, later, start, state):
    before = month_of(g, g.wallet())
    assert state in states(G7, later(start), previous=before)
    assert ("EXCEPTION" in states(G7, later(start), previous=before)) == (state == "EXCEPTION")


def test_the_figures_of_a_break(g, found, later):
    (finding,) = (e for e in found(G7, later("470"), previous=month_of(g, g.wallet())) if e.state.value == "EXCEPTION")
    assert (finding.expected, finding.actual, finding.difference) == (Decimal(0), Decimal(470), Decimal(470))
    assert finding.subject == "bp-2"


def test_continuity_needs_the_month_before(g, found, states, later):
    assert "BLOCKED" in states(G7, later("0"))
    assert "BLOCKED" in states(G7, later("0", starts_on=date(2025, 2, 2)), previous=month_of(g, g.wallet()))
    first = found(G7, later("0"), first_month=Month(2025, 2))
    assert sorted(each.state.value for each in first) == ["NOT_APPLICABLE", "NOT_APPLICABLE", "PASS"]
    new = states(G7, later("0", wallet_id="wa-9"), previous=month_of(g, g.wallet()))
    assert new == ["NOT_APPLICABLE", "PASS"]


def test_the_contracts_first_period_has_none_before_it(g, found):
    findings = found(G7, month_of(g, g.wallet()))
    assert any("first billing period" in each.explanation for each in findings)
    earlier = g.contract(starts_on=date(2024, 12, 1))
    findings = found(G7, month_of(g, g.wallet(), contract=earlier))
    assert [each.state.value for each in findings] == ["NOT_APPLICABLE", "BLOCKED", "PASS"]


def test_a_wallet_without_consumption_cannot_be_held_against_the_charges(g, found):
    findings = found(G7, month_of(g, g.wallet(balance_consumption=None), tokens="1620"))
    assert [each.state.value for each in findings if "consumption" in each.explanation] == ["BLOCKED", "BLOCKED"]


def test_a_month_without_wallets(g, states):
    assert states(G7, g.clean()) == ["NOT_APPLICABLE"]


balances = st.integers(0, 10**6)


@settings(deadline=None)
@given(balances, balances, balances, balances, st.integers(-2, 2))
@example(start=0, increase=0, decrease=0, consumption=1, error=-1)
@example(start=0, increase=0, decrease=0, consumption=1, error=-2)
@example(start=0, increase=0, decrease=0, consumption=1, error=1)
def test_the_roll_forward_is_exact(g, states, start, increase, decrease, consumption, error):
    rest = start + increase - decrease - consumption
    wallet = g.wallet(
        starting_balance=start,
        balance_increase=increase,
        balance_decrease=decrease,
        balance_consumption=consumption + error,
        ending_balance=max(rest, 0),
        overage_quantity=max(-rest, 0),
    )
    shown_apart = rest < 0 and error == rest  # the consumption is just what the balance covers: the other reading
    assert ("EXCEPTION" in states(G7, month_of(g, wallet))) == (error != 0 and not shown_apart)
