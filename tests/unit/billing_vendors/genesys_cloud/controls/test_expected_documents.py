"""G29: the documents that should exist are stored; what is not there is said, by G5 in the same words."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from billing.month import Month
from billing_vendors.genesys_cloud.controls.g05_three_way_match import G5
from billing_vendors.genesys_cloud.controls.g29_expected_documents import G29

D = date.fromisoformat
ON_TIME = datetime(2025, 2, 5, tzinfo=UTC)
SINCE_2024 = {"starts_on": D("2024-01-01")}


def prepaid_alone(g, **contract):
    """88 at 135.00 prepaid, nothing used beyond them, no invoice."""
    item = g.item(quantity="88", effective_start=D("2024-01-01"), charged_through=D("2025-01-31"))
    charge = g.charge(prepaid_quantity="88", actual_quantity="80", overage_quantity="0", overage_charge="0")
    return g.month(contracts=(g.contract(item, **SINCE_2024 | contract),), billing_periods=(g.billing_period(charge),))


def test_a_prepayment_whose_invoice_never_came_is_said_with_contract_period_and_amount(g, found):
    for control in (G29, G5):
        (finding,) = (each for each in found(control, prepaid_alone(g)) if each.state.value == "EXCEPTION")
        assert (finding.subject, finding.expected, finding.currency) == ("bp-1", Decimal("11880.00"), "EUR")
        assert "11880.00 EUR for 2025-01-01 to 2025-01-31" in finding.explanation
    assert "contract Q-1" in found(G29, prepaid_alone(g))[0].explanation


def test_before_the_posting_day_is_over_it_is_awaited(g, states):
    assert states(G29, prepaid_alone(g), as_of=ON_TIME) == ["BLOCKED"]
    assert "BLOCKED" in states(G5, prepaid_alone(g), as_of=ON_TIME)
    assert states(G29, prepaid_alone(g), as_of=datetime(2025, 2, 7, tzinfo=UTC)) == ["EXCEPTION"]


@pytest.mark.parametrize(
    ("start", "end", "state"),
    [
        ("2025-01-01", "2025-02-01", "PASS"),
        ("2025-01-01", "2025-04-01", "PASS"),  # a quarter
        ("2024-02-01", "2025-02-01", "PASS"),  # a year, at its end
        ("2024-12-01", "2025-01-01", "EXCEPTION"),  # another month
        (None, None, "PASS"),
    ],
)
def test_only_a_stored_document_for_these_days_proves_that_it_is_billed(g, states, start, end, state):
    line = g.prepay("11880.00", "88", service_start=start and D(start), service_end=end and D(end))
    other = replace(g.invoice(line, invoice_id="INV0"), month=Month(2025, 2))
    assert states(G29, prepaid_alone(g), other_documents=(other,)) == [state]
    assert states(G29, replace(prepaid_alone(g), invoices=(g.invoice(line),))) == [state]


@pytest.mark.parametrize(
    "spoil", [{"product": "OTHER"}, {"amount": Decimal("-11880.00")}, {"description": "CX3 overage"}]
)
def test_another_product_a_credit_and_an_overage_are_no_proof(g, states, spoil):
    bill = g.invoice(replace(g.prepay("11880.00", "88"), **spoil))
    assert "EXCEPTION" in states(G29, replace(prepaid_alone(g), invoices=(bill,)))
    memo = replace(g.invoice(g.prepay("11880.00", "88")), kind="credit_memo")
    assert states(G29, replace(prepaid_alone(g), invoices=(memo,))) == ["EXCEPTION"]


def test_what_may_have_been_billed_before_the_first_stored_month_blocks(g, found):
    """Charged through the end of a contract year: perhaps billed a year ahead."""
    month = prepaid_alone(g)
    yearly = replace(month.contracts[0].items[0], charged_through=D("2025-12-31"))
    month = replace(month, contracts=(replace(month.contracts[0], items=(yearly,)),))
    before = replace(g.month(), month=Month(2024, 12))
    (finding,) = found(G29, month, previous=before, first_month=Month(2024, 12))
    assert (finding.state.value, "at their end, with 2025-12" in finding.explanation) == ("BLOCKED", True)
    days = {"starts_on": D("2025-03-01"), "ends_on": D("2025-04-01"), "month": Month(2025, 3)}
    march = replace(month, billing_periods=(replace(month.billing_periods[0], **days),), month=Month(2025, 3))
    (finding,) = found(G29, march, first_month=Month(2025, 3))
    assert (finding.state.value, "2025-03" in finding.explanation) == ("BLOCKED", True)
    monthly = replace(
        g.invoice(g.prepay(service_start=D("2025-02-01"), service_end=D("2025-03-01"))), month=Month(2025, 2)
    )
    february = replace(g.month(monthly), month=Month(2025, 2))
    assert [each.state.value for each in found(G29, march, previous=february)] == ["EXCEPTION"]  # billed by the month


def test_billed_in_advance_the_next_period_is_due_now(g, found, states):
    """December's document billed January; January's has to bill February."""
    ahead = replace(g.invoice(g.prepay("11880.00", "88"), invoice_id="INV0"), month=Month(2024, 12))
    month = prepaid_alone(g)
    item = replace(month.contracts[0].items[0], charged_through=D("2025-02-28"))
    month = replace(month, contracts=(replace(month.contracts[0], items=(item,)),))
    before = replace(g.month(ahead), month=Month(2024, 12))
    known = {"other_documents": (ahead,), "previous": before}
    assert states(G29, month, **known) == ["EXCEPTION", "PASS"]
    next_one = g.prepay("11880.00", "88", service_start=D("2025-02-01"), service_end=D("2025-03-01"))
    assert states(G29, replace(month, invoices=(g.invoice(next_one),)), **known) == ["PASS"]
    over = replace(month, contracts=(replace(month.contracts[0], ends_on=D("2025-02-01")),))
    assert states(G29, over, **known) == ["PASS"]


def test_an_overage_a_wallets_and_a_one_time_item_are_due_too(g, states):
    once = g.item("AITC", item_type="OneTime", price="0.5", overage_price=None, quantity="1000")
    contract = g.contract(g.item(price="0"), once, g.item("API", "Overage"))
    period = g.billing_period(g.charge(prepaid_quantity="0"), wallets=(g.wallet(),))
    month = g.month(contracts=(contract,), billing_periods=(period,))
    assert states(G29, month) == ["EXCEPTION"]
    lines = (
        g.line(),
        g.line("1200.00", "1200", sku="AITC"),
        g.prepay("500.00", "1000", product="AITC", description="Bundle Prepay"),
    )
    assert states(G29, replace(month, invoices=(g.invoice(*lines),))) == ["PASS"]
    for left in range(3):
        some = lines[:left] + lines[left + 1 :]
        assert "EXCEPTION" in states(G29, replace(month, invoices=(g.invoice(*some),)))


def test_a_recurring_line_of_a_product_does_not_bill_what_is_bought_once(g, states):
    once = g.item("AITC", item_type="OneTime", price="0.5", overage_price=None, quantity="1000")
    month = g.month(contracts=(g.contract(once),), billing_periods=(g.billing_period(),))
    other = g.prepay("300.00", "600", product="AITC", description="AITC Prepay")
    assert states(G29, replace(month, invoices=(g.invoice(other),))) == ["EXCEPTION"]
    own = g.prepay("500.00", "1000", product="AITC", description="AITC Prepay")
    assert states(G29, replace(month, invoices=(g.invoice(own),))) == ["PASS"]


def test_nothing_is_due_of_what_costs_nothing_or_is_not_closed(g, states):
    assert states(G29, g.month(contracts=(g.contract(g.item(price="0")),), billing_periods=(g.billing_period(),))) == [
        "NOT_APPLICABLE"
    ]
    open_period = replace(prepaid_alone(g).billing_periods[0], status="Open")
    assert states(G29, replace(prepaid_alone(g), billing_periods=(open_period,))) == ["NOT_APPLICABLE"]


def test_a_contract_without_a_listed_period_blocks(g, states):
    assert states(G29, replace(prepaid_alone(g), billing_periods=())) == ["BLOCKED"]
    ended = prepaid_alone(g, ends_on=D("2025-01-15"))
    assert states(G29, replace(ended, billing_periods=())) == ["NOT_APPLICABLE"]


def test_two_contracts_under_one_order_need_two_bills(g, found):
    """One line of 88 may be either contract's."""
    month = prepaid_alone(g)
    second = replace(month.contracts[0], contract_id="con-2")
    periods = (*month.billing_periods, replace(month.billing_periods[0], contract_id="con-2", billing_period_id="bp-2"))
    both = replace(month, contracts=(*month.contracts, second), billing_periods=periods)
    bill = g.invoice(g.prepay("11880.00", "88"))
    assert {each.state.value for each in found(G29, replace(both, invoices=(bill,)))} == {"BLOCKED"}
    again = replace(bill, invoice_id="INV2")
    assert {each.state.value for each in found(G29, replace(both, invoices=(bill, again)))} == {"PASS"}
