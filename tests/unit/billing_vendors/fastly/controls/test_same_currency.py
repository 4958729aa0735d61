"""F3."""

import pytest

from billing_vendors.fastly.controls.f03_currency import F3


def test_the_account_s_currency_and_last_month_s(bills):
    assert bills.states(F3, bills.invoice(), previous=bills.before()) == ["PASS", "PASS"]


@pytest.mark.parametrize(
    ("currency", "says"),
    [(None, "states no currency"), ("XYZ", "not an ISO 4217"), ("XAU", "not an ISO 4217"), ("EUR", "is in EUR")],
)
def test_another_currency_or_none(bills, currency, says):
    finding, compared = bills.judge(F3, bills.invoice(currency=currency), previous=bills.before())
    assert finding.state == "EXCEPTION"
    assert says in finding.explanation
    assert compared.state == "EXCEPTION"


def test_a_change_against_last_month_is_found_though_the_account_agrees(bills):
    (now, compared) = bills.judge(F3, bills.invoice(), previous=bills.before(currency="EUR"))
    assert (now.state, compared.state) == ("PASS", "EXCEPTION")
    assert compared.operands == {"month": ["USD"], "before": ["EUR"]}


def test_v2_names_no_currency(bills):
    assert bills.states(F3, bills.invoice(currency=None), account=bills.account("v2")) == ["NOT_APPLICABLE"]


def test_nothing_to_compare(bills):
    empty = bills.month(month=bills.september)
    assert bills.states(F3, month=bills.month(), previous=bills.before()) == ["NOT_APPLICABLE"]
    assert bills.states(F3, bills.invoice(), previous=empty) == ["PASS", "NOT_APPLICABLE"]


def test_the_first_month_and_one_that_is_not_stored(bills):
    first = bills.account(first_month=bills.october)
    assert bills.states(F3, bills.invoice(), account=first) == ["PASS", "NOT_APPLICABLE"]
    _, missing = bills.judge(F3, bills.invoice())
    assert missing.state == "BLOCKED"
    assert "2026-09 is not stored" in missing.explanation
