"""F22."""

import pytest

from billing_vendors.fastly.controls.f22_new_dimensions import F22


def test_the_same_things(bills):
    assert bills.states(F22, bills.invoice(bills.line(quantity="7")), previous=bills.before()) == ["PASS"]


@pytest.mark.parametrize("changed", [{"product": "Asia Bandwidth"}, {"region": "Asia"}, {"usage_type": "requests"}])
def test_a_new_and_a_vanished_member_of_any_dimension(bills, changed):
    product = changed.pop("product", "Europe Bandwidth")
    (found,) = bills.judge(F22, bills.invoice(bills.line(product, amount="3", **changed)), previous=bills.before())
    assert found.state == "VARIANCE_TOLERATED"
    assert found.difference == 11, "3.00 on what is new, 8.00 on what is gone"
    assert [name.split()[0] for name in found.operands["names"]] == ["new", "gone"]


@pytest.mark.parametrize(
    ("amount", "state"), [("200", "VARIANCE_TOLERATED"), ("2000", "VARIANCE_TOLERATED"), ("2500", "EXCEPTION")]
)
def test_the_default_policy_is_half_and_a_thousand(bills, amount, state):
    usual = bills.line(amount="4000")
    invoice = bills.invoice(usual, bills.flat("New", amount))
    assert bills.states(F22, invoice, previous=bills.before(usual)) == [state]


def test_a_new_thing_for_nothing_is_reported_but_no_exception(bills):
    invoice = bills.invoice(bills.line(), bills.flat("Free", "0"))
    assert bills.states(F22, invoice, previous=bills.before()) == ["VARIANCE_TOLERATED"]


def test_credits_and_shortfalls_come_and_go(bills):
    lines = bills.line(), bills.flat("Credit", "-3", credit_coupon="C"), bills.flat("Commit shortfall", "9000")
    assert bills.states(F22, bills.invoice(*lines), previous=bills.before()) == ["PASS"]


def test_one_name_in_two_forms_is_one_thing(bills):
    before = bills.before(bills.line("Sa\u0303o Paulo", region="South America", usage_type="Bandwidth"))
    invoice = bills.invoice(bills.line("S\u00c3O PAULO", region="south  america", usage_type="bandwidth"))
    assert bills.states(F22, invoice, previous=before) == ["PASS"]


def test_tax_comes_and_goes(bills):
    assert bills.states(F22, bills.invoice(bills.line(), bills.flat("VAT", "9000")), previous=bills.before()) == [
        "PASS"
    ]


def test_nothing_to_compare(bills):
    empty = bills.month(month=bills.september)
    assert bills.states(F22, bills.invoice(), previous=empty) == ["NOT_APPLICABLE"]
    assert bills.states(F22, month=bills.month(), previous=bills.before()) == ["NOT_APPLICABLE"]
    assert bills.states(F22, bills.invoice(), account=bills.account(first_month=bills.october)) == ["NOT_APPLICABLE"]
    assert bills.states(F22, bills.invoice()) == ["BLOCKED"]
