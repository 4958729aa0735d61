"""Pairing contract, charge and invoice line, and what the three differ by."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.matching.price_book import ChargeType, PriceBook, agreed_amount
from billing.matching.receipts import charge_type_of, repeated_documents
from billing.matching.three_way import Match, Outcome, compare, match_month, price_of_line, variance
from billing.money import difference, product
from billing_vendors.genesys_cloud.matching_terms import TERMS


def matched(month):
    price_book = PriceBook(month.contracts)
    return {
        (match.sku, match.charge_type, match.advance): compare(match, price_book)
        for match in match_month(month, price_book, TERMS)
    }


def outcomes(month):
    return {key: outcome for key, (outcome, _) in matched(month).items()}


OVERAGE, PREPAID = ("CX3", ChargeType.OVERAGE, False), ("CX3", ChargeType.PREPAID, False)


@pytest.mark.parametrize(
    ("lines", "outcome", "price", "quantity"),
    [
        ([("1782.00", "12")], Outcome.MATCHED, "0", "0"),
        ([("891.00", "6"), ("891.00", "6")], Outcome.MATCHED, "0", "0"),
        ([("1800.00", "12")], Outcome.PRICE, "18.00", "0"),
        ([("2524.50", "17")], Outcome.QUANTITY, "0", "742.50"),
        ([("1039.50", "7")], Outcome.QUANTITY, "0", "-742.50"),
        ([("2550.00", "17")], Outcome.BOTH, "25.50", "742.50"),
    ],
)
def test_a_product_is_matched_or_varies_in_price_or_quantity(g, lines, outcome, price, quantity):
    month = g.clean(g.prepay(), *(g.line(*each) for each in lines))
    found, varies = matched(month)[OVERAGE]
    assert (found, varies.price, varies.quantity) == (outcome, Decimal(price), Decimal(quantity))


def test_a_charge_without_line_and_a_line_without_charge_are_unmatched(g):
    assert outcomes(g.clean(g.prepay()))[OVERAGE] is Outcome.NOT_INVOICED
    strange = g.clean(g.prepay(), g.line(), g.line("9.00", "1", sku="GHOST"))
    assert outcomes(strange)["GHOST", ChargeType.OVERAGE, False] is Outcome.NOT_CHARGED


def test_without_an_agreed_price_nothing_can_be_said_of_it(g):
    month = g.clean(contracts=(g.contract(g.item("OTHER")),))
    assert outcomes(month)[OVERAGE] is Outcome.NOT_PRICED


def test_the_price_in_force_when_the_service_began_counts(g):
    """A price that ends on the day the service begins is no longer in force, one that begins on it is."""
    items = (
        g.item(overage_price="143.00", effective_start=date(2024, 1, 1), effective_end=date(2025, 1, 1)),
        g.item(overage_price="148.50", effective_start=date(2025, 1, 1), effective_end=date(2026, 1, 1)),
    )
    assert outcomes(g.clean(contracts=(g.contract(*items),)))[OVERAGE] is Outcome.MATCHED


def test_a_wallets_overage_is_billed_like_a_charges(g):
    billing_period = g.billing_period(g.charge(), wallets=(g.wallet(),))
    tokens = g.line("1200.00", "1200", sku="AITC")
    contract = g.contract(g.item(), g.item("AITC", "Overage", overage_price="1.0"))
    month = g.clean(g.prepay(), g.line(), tokens, billing_periods=(billing_period,), contracts=(contract,))
    assert outcomes(month)["AITC", ChargeType.OVERAGE, False] is Outcome.MATCHED


def test_what_was_paid_in_tokens_is_no_receipt_of_its_own(g):
    converted = g.charge(
        "COPILOT",
        prepaid_quantity="0",
        actual_quantity="40.5",
        overage_quantity="0",
        overage_charge="0",
        converted_token_count="1620",
        token_conversion_rate="0.025",
    )
    month = g.clean(charges=(g.charge(), converted))
    assert {sku for sku, _, _ in outcomes(month)} == {"CX3"}


def test_credits_memos_and_repeated_documents_bill_nothing(g):
    credit = g.line("-50.00", "1", description="Goodwill credit")
    month = g.clean(g.prepay(), g.line(), credit)
    again = replace(month.invoices[0], invoice_id="INV2")
    memo = g.invoice(g.line("-50.00", "1"), invoice_id="CM1", kind="credit_memo")
    assert outcomes(replace(month, invoices=(again, memo, *month.invoices))) == outcomes(g.clean())


def test_a_repeated_document_is_held_and_the_earlier_one_is_not(g):
    first, again = g.invoice(g.line(), invoice_id="INV1"), g.invoice(g.line(), invoice_id="INV2")
    other = g.invoice(g.line("1782.01"), invoice_id="INV3")
    assert repeated_documents((again, other, first)) == {"INV2"}
    assert repeated_documents((g.invoice(invoice_id="INV4"), g.invoice(invoice_id="INV5"))) == frozenset()


def test_what_begins_when_the_period_ends_is_billed_in_advance(g):
    ahead = g.prepay(service_start=date(2025, 2, 1), service_end=date(2025, 3, 1))
    assert ("CX3", ChargeType.PREPAID, True) in outcomes(g.clean(ahead, g.line()))
    last_day = g.prepay(service_start=date(2025, 1, 31), service_end=date(2025, 2, 1))
    assert ("CX3", ChargeType.PREPAID, False) in outcomes(g.clean(last_day, g.line()))


def test_the_purchase_order_tells_contracts_apart(g):
    """Two contracts charge one product; each invoice names its contract's order."""
    contracts = (g.contract(), g.contract(contract_id="con-2", purchase_order_numbers=("PO-2",)))
    second = g.charge(overage_quantity="2", overage_charge="297.00")
    periods = (g.billing_period(g.charge()), g.billing_period(second, billing_period_id="bp-2", contract_id="con-2"))
    invoices = (
        g.invoice(g.prepay(), g.line()),
        g.invoice(g.prepay(), g.line("297.00", "2"), invoice_id="INV2", attributes={"customerPoNumber": " PO-2 "}),
    )
    month = g.month(*invoices, contracts=contracts, billing_periods=periods)
    price_book = PriceBook(contracts)
    found = [match for match in match_month(month, price_book, TERMS) if match.charge_type is ChargeType.OVERAGE]
    assert [compare(match, price_book)[0] for match in found] == [Outcome.MATCHED, Outcome.MATCHED]
    unknown = replace(invoices[1], attributes={})
    merged = match_month(replace(month, invoices=(invoices[0], unknown)), price_book, TERMS)
    assert [(len(m.receipts), len(m.billed)) for m in merged if m.charge_type is ChargeType.OVERAGE] == [(2, 2)]


def test_the_organization_tells_charges_of_one_product_apart(g):
    def of(organization, **values):
        return g.charge(**{"attributes": {"organizations": [{"id": organization}]}} | values)

    def line_for(organization, amount, quantity):
        return g.line(amount, quantity, attributes={"organization": {"id": organization}})

    charges = (of("a"), of("b", overage_quantity="2", overage_charge="297.00", prepaid_quantity="0"))
    month = g.clean(g.prepay(), line_for("b", "297.00", "2"), line_for("a", "1782.00", "12"), charges=charges)
    found = [m for m in match_month(month, PriceBook(month.contracts), TERMS) if m.charge_type is ChargeType.OVERAGE]
    assert [(m.charged, m.invoiced) for m in found] == [(Decimal("1782.00"),) * 2, (Decimal("297.00"),) * 2]
    shared = (of("a"), of("b", attributes={"organizations": [{"id": "a"}, {"id": "b"}]}))
    mixed = match_month(replace(month, billing_periods=(g.billing_period(*shared),)), PriceBook(month.contracts), TERMS)
    assert [len(m.receipts) for m in mixed if m.charge_type is ChargeType.OVERAGE] == [2]


@pytest.mark.parametrize(
    ("shown", "metered", "counts"),
    [("12", "12.4", "12.4"), ("13", "12.4", "12.4"), ("14", "12.4", "14"), ("12", "12", "12")],
)
def test_a_fractional_receipt_stands_behind_a_line_that_is_cut_to_an_integer(g, shown, metered, counts):
    month = g.clean(g.prepay(), g.line("1841.40", shown), charges=(g.charge(overage_quantity=metered),))
    (match,) = (m for m in match_month(month, PriceBook(month.contracts), TERMS) if m.charge_type is ChargeType.OVERAGE)
    assert match.invoiced_quantity == Decimal(counts)
    expected = product(Decimal(counts), Decimal("148.50"))
    assert price_of_line(match.billed[0], match, PriceBook(month.contracts)) == expected


@pytest.mark.parametrize(
    ("description", "charge_type"),
    [
        ("CX3 - Prepay", ChargeType.PREPAID),
        ("Prepaid users", ChargeType.PREPAID),
        ("CX3 - OVERAGE", ChargeType.OVERAGE),
        ("CX3", ChargeType.OVERAGE),
    ],
)
def test_the_vendors_wording_tells_the_leg(g, description, charge_type):
    price_book = PriceBook((g.contract(),))
    assert charge_type_of(g.line(description=description), frozenset({"con-1"}), price_book, TERMS) is charge_type


def test_else_the_only_way_in_which_a_product_is_priced_does(g):
    one_way = PriceBook((g.contract(g.item(overage_price=None)),))
    assert charge_type_of(g.line(description="CX3"), frozenset({"con-1"}), one_way, TERMS) is ChargeType.PREPAID
    assert charge_type_of(g.line(sku="GHOST", description="Set-up"), frozenset({"con-1"}), one_way, TERMS) is None


@pytest.mark.parametrize(
    ("quantity", "amount"), [("250", "33750.00"), ("20", "2400.00"), ("270", "36150.00"), ("100", None)]
)
def test_amendments_stand_side_by_side(g, quantity, amount):
    contract = g.contract(g.item(), g.item(price="120.00", quantity="20"))
    priced = PriceBook((contract,)).in_force("CX3", ChargeType.PREPAID, frozenset({"con-1"}), date(2025, 1, 1))
    found = agreed_amount(priced, Decimal(quantity))
    assert found == (None if amount is None else Decimal(amount))


money = st.decimals(Decimal("-1e15"), Decimal("1e15"), allow_nan=False, places=5)
counts = st.decimals(Decimal(0), Decimal("1e9"), allow_nan=False, places=3)


@settings(deadline=None)
@given(money, money, money)
def test_price_and_quantity_variance_are_the_whole_difference(invoiced, invoiced_at_agreed, received_at_agreed):
    found = variance(invoiced, invoiced_at_agreed, received_at_agreed)
    assert found.price + found.quantity == difference(invoiced, received_at_agreed)


@settings(deadline=None)
@given(counts, counts, counts, counts)
def test_variances_are_those_of_the_trade(invoiced_price, agreed_price, invoiced_quantity, metered_quantity):
    """(invoiced price - agreed price) x invoiced quantity, and (invoiced - metered quantity) x agreed price."""
    found = variance(
        product(invoiced_price, invoiced_quantity),
        product(agreed_price, invoiced_quantity),
        product(agreed_price, metered_quantity),
    )
    assert found.price == product(difference(invoiced_price, agreed_price), invoiced_quantity)
    assert found.quantity == product(difference(invoiced_quantity, metered_quantity), agreed_price)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**9)), min_size=1, max_size=8), st.integers(0, 10**6))
def test_nothing_is_left_over_however_a_charge_is_billed(g, lines, metered):
    charge = g.charge(overage_quantity=metered, overage_charge="1")
    billed = [g.line(str(Decimal(cents).scaleb(-2)), str(quantity)) for quantity, cents in lines]
    month = g.clean(g.prepay(), *billed, charges=(charge,))
    price_book = PriceBook(month.contracts)
    match = next(each for each in match_month(month, price_book, TERMS) if each.charge_type is ChargeType.OVERAGE)
    _, found = compare(match, price_book)
    if metered:
        assert found.price + found.quantity == match.invoiced - product(Decimal(metered), Decimal("148.50"))


@pytest.mark.parametrize(
    ("charge_type", "amount", "scale"),
    [
        (ChargeType.OVERAGE, "5.00", Decimal(1)),  # 0.4 is cut to 0, and is billed
        (ChargeType.OVERAGE, "0", None),  # nothing is billed
        (ChargeType.PREPAID, "5.00", None),  # what is prepaid is stated in whole numbers
    ],
)
def test_a_quantity_of_nothing_is_a_cut_one_only_where_it_costs_something(charge_type, amount, scale):
    line = SimpleNamespace(quantity=Decimal(0), amount=Decimal(amount))
    receipts = [SimpleNamespace(quantity=Decimal("0.4"))]
    assert Match("S", "s", charge_type, receipts=receipts, billed=[SimpleNamespace(line=line)]).scale == scale
