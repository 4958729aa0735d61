"""Accruals from what billing periods charge and contracts prepay."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.accruals.from_billing_periods import ReadContract, ReadPeriod, propose_from_periods
from billing.models import Charge, Contract, ContractBillingPeriod, ContractItem, Wallet
from billing.money import exact_sum
from billing.month import Month

OCTOBER = Month(2026, 10)
READ = datetime(2026, 11, 1, 0, 10, tzinfo=UTC)
CONTRACT, PERIOD = (7, 3), (8, 2)


def made(kind, **values):
    return kind(**dict.fromkeys((field.name for field in fields(kind)), None) | {"attributes": {}} | values)


def item(price="1.00", quantity="31", **values):
    about = {"position": 1, "plan_id": "P", "function": "Prepay", "sku": "CX", "currency": "EUR"}
    number = None if quantity is None else Decimal(quantity)
    return made(ContractItem, **about | {"price": Decimal(price), "quantity": number} | values)


def contract(*items, contract_id="C", **values):
    terms = {"purchase_order_numbers": (), "starts_on": date(2020, 1, 1), "ends_on": None}
    return ReadContract(CONTRACT, made(Contract, contract_id=contract_id, items=items or (item(),), **terms | values))


def charge(amount="12.00", kind=Charge, **values):
    figures = {"overage_quantity": Decimal(12), "overage_charge": None if amount is None else Decimal(amount)}
    return made(kind, **{"position": 1, "sku": "CX", "currency": "EUR"} | figures | values)


def billing_period(starts_on, ends_on, *charges, wallets=(), contract_id="C", status="Closed", read_at=READ):
    month = Month.of(ends_on - timedelta(days=1))
    found = made(
        ContractBillingPeriod,
        billing_period_id=f"bp-{month}",
        contract_id=contract_id,
        month=month,
        starts_on=starts_on,
        ends_on=ends_on,
        status=status,
        charges=charges,
        wallets=tuple(wallets),
    )
    return ReadPeriod(PERIOD, found, read_at)


def calendar(*charges, **values):
    return billing_period(date(2026, 10, 1), date(2026, 11, 1), *charges, **values)


def proposed(contracts, periods, currency="EUR"):
    return propose_from_periods(OCTOBER, currency, contracts, periods)


def figures(found):
    return [(part.kind, part.source_amount, part.amount) for part in found.parts]


def test_overage_of_charges_and_wallets_and_the_prepaid_month():
    found = proposed([contract()], [calendar(charge(), wallets=[charge("5.50", Wallet)])])

    assert figures(found) == [
        ("overage", Decimal("12.00"), Decimal("12.00")),
        ("wallet_overage", Decimal("5.50"), Decimal("5.50")),
        ("prepaid", Decimal("31.00"), Decimal("31.00")),
    ]
    assert [part.source for part in found.parts] == [PERIOD, PERIOD, CONTRACT]
    assert (found.state, found.amount, found.currency, found.as_of) == ("PROPOSED", Decimal("48.50"), "EUR", READ)


def test_a_cycle_that_straddles_months_gives_its_days_of_the_month_and_its_whole_overage():
    """20 of the 30 days that end on 20 October, and 11 of the 31 that follow."""
    straddling = billing_period(date(2026, 9, 21), date(2026, 10, 21), charge("9.00"))
    found = proposed([contract(item("10.00"))], [straddling])
    assert figures(found) == [
        ("overage", Decimal("9.00"), Decimal("9.00")),
        ("prepaid", Decimal("310.00"), Decimal("206.67")),
        ("prepaid", Decimal("310.00"), Decimal("110.00")),
    ]


def test_a_stored_next_period_takes_the_place_of_an_assumed_one_and_its_overage_waits():
    periods = [
        billing_period(date(2026, 10, 21), date(2026, 11, 21), charge("99.00"), status="Open"),
        billing_period(date(2026, 9, 21), date(2026, 10, 21)),
    ]
    found = proposed([contract(item("10.00"))], periods)
    assert [amount for _, _, amount in figures(found)] == [Decimal("206.67"), Decimal("110.00")]
    assert "Charges of 2 billing periods, 1 of them not closed" in found.explanation


def test_a_price_counts_from_the_beginning_of_a_billing_period():
    dearer = item("2.00", effective_start=date(2026, 10, 21), sku="CX")
    until = item("1.00", effective_end=date(2026, 10, 21), sku="CX")
    found = proposed([contract(until, dearer)], [billing_period(date(2026, 9, 21), date(2026, 10, 21))])
    assert [whole for _, whole, _ in figures(found)] == [Decimal("31.00"), Decimal("62.00")]


def test_an_overage_price_is_not_prepaid_and_a_quiet_month_is_zero():
    found = proposed([contract(item(function="Overage"))], [calendar(charge("0.00"))])
    assert (found.state, found.amount, found.parts) == ("PROPOSED", Decimal(0), ())


def test_a_contract_that_is_over_or_to_come_bears_nothing():
    others = [
        contract(contract_id="over", ends_on=date(2026, 10, 1)),
        contract(contract_id="to come", starts_on=date(2026, 11, 1)),
    ]
    assert proposed([contract(), *others], [calendar()]).amount == Decimal("31.00")


@pytest.mark.parametrize(
    ("contracts", "periods", "reason"),
    [
        ([contract()], [], "no billing period of 2026-10 is stored"),
        (
            [contract()],
            [billing_period(date(2026, 10, 21), date(2026, 11, 21))],
            "no billing period of 2026-10 is stored",
        ),
        ([], [calendar()], "contract C of a stored billing period was not read"),
        (
            [contract(), contract(contract_id="D")],
            [calendar()],
            "the billing period of contract D that holds 2026-10-01 is not stored",
        ),
        (
            [contract(), contract(contract_id="D")],
            [calendar(), billing_period(date(2026, 10, 21), date(2026, 11, 21), contract_id="D")],
            "the billing period of contract D that holds 2026-10-01 is not stored",
        ),
        (
            [contract()],
            [
                billing_period(date(2026, 9, 21), date(2026, 10, 21)),
                billing_period(date(2026, 10, 25), date(2026, 11, 25)),
            ],
            "billing periods bp-2026-10 and bp-2026-11 do not adjoin",
        ),
        ([contract()], [calendar(charge(None))], "bp-2026-10 has no overage charge of CX"),
        ([contract()], [calendar(charge(None, overage_quantity=None))], "bp-2026-10 has no overage charge of CX"),
        ([contract(item(quantity=None))], [calendar()], "contract C prepays CX without a quantity"),
        ([contract()], [calendar(charge(currency="USD"))], "its figures are in EUR, USD"),
        ([contract(item(currency="XAU"))], [calendar()], "its figures are in XAU"),
    ],
)
def test_a_missing_operand_blocks_and_is_named(contracts, periods, reason):
    found = proposed(contracts, periods)
    assert (found.state, found.amount) == ("BLOCKED", None)
    assert found.explanation.startswith(reason)


def test_no_overage_at_all_needs_no_charge():
    assert proposed([contract()], [calendar(charge(None, overage_quantity=Decimal(0)))]).amount == Decimal("31.00")


def test_its_age_is_that_of_the_first_period_read():
    later = calendar(contract_id="D", read_at=READ + timedelta(days=2))
    assert proposed([contract(), contract(contract_id="D")], [later, calendar()]).as_of == READ


def test_a_figure_is_rounded_once_half_up():
    found = proposed([contract(item("0.005", "1", currency=None))], [calendar(charge("0.125", currency=None))])
    assert figures(found) == [
        ("overage", Decimal("0.125"), Decimal("0.13")),
        ("prepaid", Decimal("0.005"), Decimal("0.01")),
    ]


@given(
    st.integers(1, 28),
    st.decimals(min_value=0, max_value=10**6, places=4),
    st.lists(st.decimals(min_value=0, max_value=10**6, places=3), max_size=4),
)
def test_the_months_of_a_cycle_sum_to_what_is_prepaid(day, price, overages):
    """Whatever the day on which it begins: what September, October and November bear is the whole period's price."""
    starts_on, ends_on = date(2026, 9, day), date(2026, 10, day)
    charges = [charge(amount) for amount in overages]
    cycle = replace(billing_period(starts_on, ends_on, *charges).billing_period, month=OCTOBER)
    agreed = contract(item(price, "1"), starts_on=starts_on, ends_on=ends_on)
    parts = [
        part
        for month in (OCTOBER.shifted(-1), OCTOBER)
        for part in propose_from_periods(
            month, "EUR", [agreed], [ReadPeriod(PERIOD, replace(cycle, month=month), READ)]
        ).parts
        if part.kind == "prepaid"
    ]
    assert abs(exact_sum(part.amount for part in parts) - price) <= Decimal("0.005")
    found = proposed([contract(item(price, "1"))], [ReadPeriod(PERIOD, cycle, READ)])
    assert found.amount == exact_sum(part.amount for part in found.parts)
    assert len([part for part in found.parts if part.kind == "overage"]) == len([each for each in overages if each])


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "share"),
    [
        (date(2025, 11, 1), date(2026, 11, 1), "31.00"),  # a year of 365.00
        (date(2026, 8, 1), date(2026, 11, 1), "122.99"),  # a quarter of 92 days: 365 x 31 / 92
    ],
)
def test_a_longer_billing_period_gives_its_days_of_the_month(starts_on, ends_on, share):
    found = proposed([contract(item("365.00", "1"))], [billing_period(starts_on, ends_on)])
    assert found.amount == Decimal(share)


def test_periods_of_any_length_go_on_in_their_rhythm():
    """Ten days each: the fourth has one day left in October."""
    found = proposed([contract(item("10.00", "1"))], [billing_period(date(2026, 10, 1), date(2026, 10, 11))])
    assert [part.amount for part in found.parts] == [Decimal("10.00")] * 3 + [Decimal("1.00")]


@pytest.mark.parametrize(("day", "amounts"), [(31, ["9.68", "0.36"]), (30, ["9.35", "0.69"])])
def test_a_period_that_would_end_on_a_day_that_its_month_lacks_ends_on_the_last(day, amounts):
    """The next one runs until 28 February: 28 days of which January has one, or 29 of which it has two."""
    last = billing_period(date(2026, 12, day), date(2027, 1, day))
    found = propose_from_periods(Month(2027, 1), "EUR", [contract(item("10.00", "1"))], [last])
    assert [part.amount for part in found.parts] == [Decimal(amount) for amount in amounts]
