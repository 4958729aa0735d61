"""F14."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billing.config.rate_card import CardRate
from billing.config.tolerances import Tolerance
from billing.month import Month
from billing_vendors.fastly.controls.f14_rates import F14


def card(rate, product="Europe Bandwidth", region=None, usage_type=None, first=(2026, 1), last=None):
    return CardRate(Month(*first), Month(*last) if last else None, product, region, usage_type, Decimal(rate))


def with_card(bills, *entries, **changed):
    return bills.account(rate_card=entries, **changed)


def test_last_month_s_rate(bills):
    assert bills.states(F14, bills.invoice(bills.line(quantity="7")), previous=bills.before(bills.line())) == ["PASS"]
    assert bills.states(F14, bills.invoice(bills.line(rate="0.080")), previous=bills.before(bills.line())) == ["PASS"]


def test_a_raised_rate(bills):
    (found,) = bills.judge(F14, bills.invoice(bills.line(rate="0.088")), previous=bills.before())
    assert (found.state, found.expected, found.actual) == ("EXCEPTION", Decimal("0.08"), Decimal("0.088"))
    assert found.difference == Decimal("0.008")
    assert "last month" in found.explanation


def test_a_lowered_rate_is_another_rate_too(bills):
    (found,) = bills.judge(F14, bills.invoice(bills.line(rate="0.07")), previous=bills.before())
    assert (found.state, found.difference) == ("EXCEPTION", Decimal("-0.01"))


def test_each_tier_has_its_rate(bills):
    tiers = bills.line(rate="0.10"), bills.line(rate="0.06")
    assert bills.states(F14, bills.invoice(*tiers), previous=bills.before(*tiers)) == ["PASS"]
    new_tier, known = bills.judge(F14, bills.invoice(bills.line(rate="0.05"), tiers[0]), previous=bills.before(*tiers))
    assert (new_tier.state, new_tier.expected, known.state) == ("EXCEPTION", Decimal("0.06"), "PASS")


def test_region_and_usage_type_tell_rates_apart(bills):
    before = bills.before(bills.line(), bills.line(region="Asia", rate="0.2"))
    assert bills.states(F14, bills.invoice(bills.line(region="Asia", rate="0.08")), previous=before) == ["EXCEPTION"]


def test_credits_shortfalls_and_what_is_new_have_no_rate_to_compare(bills):
    lines = bills.line(), bills.flat("Credit", "-3", credit_coupon="C"), bills.flat("Commit shortfall", "9")
    before = bills.before(
        bills.line(), bills.flat("Credit", "-4", credit_coupon="C"), bills.flat("Commit shortfall", "8")
    )
    assert bills.states(F14, bills.invoice(*lines), previous=before) == ["PASS"]
    (found,) = bills.judge(F14, bills.invoice(bills.line(), bills.flat("New", "5")), previous=bills.before())
    assert found.operands["rates"] == 1
    assert bills.states(F14, bills.invoice(bills.flat("New", "5")), previous=bills.before()) == ["NOT_APPLICABLE"]


def test_the_rate_card_comes_first(bills):
    account = with_card(bills, card("0.08"))
    before = bills.before(bills.line(rate="0.09"))
    assert bills.states(F14, bills.invoice(), account=account, previous=before) == ["PASS"]
    (found,) = bills.judge(F14, bills.invoice(bills.line(rate="0.09")), account=account, previous=before)
    assert found.state == "EXCEPTION"
    assert "on the rate card" in found.explanation


def test_the_rate_card_needs_no_last_month(bills):
    assert bills.states(F14, bills.invoice(), account=with_card(bills, card("0.08"))) == ["PASS"]
    missing, judged = bills.judge(
        F14, bills.invoice(bills.line(), bills.flat("TLS", "20")), account=with_card(bills, card("0.08"))
    )
    assert (missing.state, judged.state) == ("BLOCKED", "PASS")


@pytest.mark.parametrize(
    ("first", "last", "state"),
    [((2026, 10), (2026, 10), "PASS"), ((2026, 11), None, "EXCEPTION"), ((2026, 1), (2026, 9), "EXCEPTION")],
)
def test_the_card_holds_from_its_first_to_its_last_month(bills, first, last, state):
    account = with_card(bills, card("0.07", first=first, last=last))
    line = bills.line(rate="0.07")
    assert bills.states(F14, bills.invoice(line), account=account, previous=bills.before()) == [state]


def test_the_entry_that_says_most_holds(bills):
    account = with_card(
        bills, card("0.5"), card("0.08", region="Europe", usage_type="bandwidth"), card("0.4", region="Asia")
    )
    assert bills.states(F14, bills.invoice(), account=account) == ["PASS"]


def test_a_card_may_change_within_the_month_and_have_tiers(bills):
    middle = replace(card("0.07"), starts_on=date(2026, 10, 15))
    first = replace(card("0.08"), ends_on=date(2026, 10, 14))
    tier = replace(card("0.05"), above=Decimal(1000))
    account = with_card(bills, first, middle, tier)
    lines = [bills.line(rate=rate) for rate in ("0.08", "0.07", "0.05")]
    assert bills.states(F14, bills.invoice(*lines), account=account) == ["PASS"]
    assert bills.states(F14, bills.invoice(*lines, bills.line(rate="0.06")), account=account) == ["EXCEPTION", "PASS"]


def tiers(bills, **units_at):
    return [bills.line(rate=f"0.{rate[1:]}", quantity=units) for rate, units in units_at.items()]


@pytest.mark.parametrize(
    ("before", "now", "state"),
    [
        ({"r10": "40"}, {"r10": "50", "r06": "9"}, "PASS"),
        ({"r10": "50"}, {"r10": "50", "r06": "9"}, "PASS"),
        ({"r10": "50", "r06": "9"}, {"r10": "50", "r06": "20", "r04": "3"}, "PASS"),
        ({"r10": "60"}, {"r10": "50", "r06": "9"}, "EXCEPTION"),  # the first tier was larger
        ({"r10": "50", "r06": "9"}, {"r10": "49", "r06": "20", "r04": "3"}, "EXCEPTION"),
        ({"r10": "50", "r06": "9"}, {"r10": "50", "r04": "3"}, "EXCEPTION"),  # a tier is left out
        ({"r10": "40"}, {"r06": "49"}, "EXCEPTION"),
        ({"r10": "40"}, {"r10": "50", "r12": "9"}, "EXCEPTION"),  # more for more is no tier
    ],
)
def test_a_tier_that_was_reached_for_the_first_time(bills, before, now, state):
    found = bills.states(F14, bills.invoice(*tiers(bills, **now)), previous=bills.before(*tiers(bills, **before)))
    assert found[0] == state


def test_names_are_what_a_person_reads(bills):
    invoice = bills.invoice(bills.line("S\u00e3o Paulo", rate="0.09"))
    before = bills.before(bills.line("SA\u0303O  paulo", rate="0.08"))
    assert bills.states(F14, invoice, previous=before) == ["EXCEPTION"]
    assert bills.states(F14, invoice, account=with_card(bills, card("0.09", product="sa\u0303o PAULO"))) == ["PASS"]


def test_tax_has_no_agreed_rate(bills):
    before = bills.before(bills.line(), bills.flat("VAT", "19"))
    assert bills.states(F14, bills.invoice(bills.line(), bills.flat("VAT", "20")), previous=before) == ["PASS"]


def test_the_account_s_tolerance(bills):
    account = bills.account(tolerances={"F14": Tolerance(percent=Decimal(10))})
    invoice = bills.invoice(bills.line(rate="0.088"))
    assert bills.states(F14, invoice, previous=bills.before(), account=account) == ["VARIANCE_TOLERATED"]
    invoice = bills.invoice(bills.line(rate="0.0881"))
    assert bills.states(F14, invoice, previous=bills.before(), account=account) == ["EXCEPTION"]


def test_nothing_to_compare(bills):
    assert bills.states(F14, month=bills.month(), previous=bills.before()) == ["NOT_APPLICABLE"]
    no_rate = bills.line(amount="5", rate=None)
    assert bills.states(F14, bills.invoice(no_rate), previous=bills.before()) == ["NOT_APPLICABLE"]
    empty = bills.month(month=bills.september)
    assert bills.states(F14, bills.invoice(), previous=empty) == ["NOT_APPLICABLE"]
    first = bills.account(first_month=bills.october)
    assert bills.states(F14, bills.invoice(), account=first) == ["NOT_APPLICABLE"]


def test_last_month_is_not_stored(bills):
    assert bills.states(F14, bills.invoice()) == ["BLOCKED"]
