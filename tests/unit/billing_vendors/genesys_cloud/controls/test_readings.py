"""What the contract leaves open raises no exception, and does not hide what is wrong: tables of readings and faults."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billing.matching.quantities import scale_between
from billing_vendors.genesys_cloud.controls.g01_footing import G1
from billing_vendors.genesys_cloud.controls.g02_line_prices import G2
from billing_vendors.genesys_cloud.controls.g04_overage_charge import G4
from billing_vendors.genesys_cloud.controls.g05_three_way_match import G5
from billing_vendors.genesys_cloud.controls.g06_usage_vs_charge import G6
from billing_vendors.genesys_cloud.controls.g10_service_dates import G10
from billing_vendors.genesys_cloud.controls.g15_duplicate_documents import G15
from billing_vendors.genesys_cloud.controls.g18_price_effective_dates import G18
from billing_vendors.genesys_cloud.controls.g23_prepaid_quantity import G23

D = date.fromisoformat
BAD = "EXCEPTION"


def verdicts(found, month, *controls, **rest):
    """Give the controls that find something wrong."""
    return [
        control.control_id for control in controls if any(e.state.value == BAD for e in found(control, month, **rest))
    ]


def usage(g, charged, shown, rate):
    """An API charge of 323992 in some unit at 129.60, and a line that shows it in another."""
    used = {"prepaid_quantity": "0", "fair_use_quantity": "0", "actual_quantity": charged, "overage_quantity": charged}
    api = g.charge("API", overage_rate=rate, overage_charge="129.60", **used)
    contract = g.contract(g.item("API", "Overage", overage_price=rate))
    return g.clean(g.line("129.60", shown, sku="API"), charges=(api,), contracts=(contract,))


@pytest.mark.parametrize(
    ("charged", "shown", "rate", "wrong"),
    [
        ("323992", "323992", "0.0004", []),
        ("323992", "324", "0.0004", []),  # thousands, rounded
        ("323992", "323", "0.0004", []),  # cut
        ("323992", "32", "0.0004", []),  # ten thousands
        ("323992", "0", "0.0004", []),  # millions
        ("323992", "324", "0.4", []),  # the price is for a thousand, too
        ("323.992", "323", "0.4", []),  # and the charge counts them
        ("323992", "326", "0.0004", ["G2", "G5"]),
        ("323992", "648", "0.0004", ["G2", "G5"]),
        ("323992", "323992", "0.0008", ["G2", "G4"]),
    ],
)
def test_a_quantity_may_be_divided_where_it_is_shown(g, found, charged, shown, rate, wrong):
    assert verdicts(found, usage(g, charged, shown, rate), G2, G4, G5) == wrong


@pytest.mark.parametrize(
    ("raw", "shown", "cuts", "scale"),
    [
        ("323992", "323992", 0, "1"),
        ("323992", "323.992", 0, "1000"),
        ("323.992", "323992", 0, "0.001"),
        ("323992", "324", 1, "1000"),
        ("323992", "324", 0, None),
        ("12.4", "12", 1, "1"),
        ("920221", "0", 1, "1000000"),
        ("12", "13", 1, None),
        ("0", "5", 1, None),
        ("0", "0", 0, "1"),
    ],
)
def test_the_scale_between_two_quantities(raw, shown, cuts, scale):
    assert scale_between(Decimal(raw), Decimal(shown), cuts=cuts) == (scale and Decimal(scale))


def test_a_short_first_period_is_a_part_of_its_cycle(g, states):
    """From the 3rd to the 15th of a cycle from the 16th to the 15th: 13 of 31 days."""
    days = {"starts_on": D("2024-02-03"), "ends_on": D("2024-02-16")}
    item = g.item(effective_start=D("2024-02-03"))
    for amount, state in (("14153.23", "PASS_WITHIN_ROUNDING"), ("33750.00", "PASS"), ("14453.23", "EXCEPTION")):
        line = g.prepay(amount, service_start=days["starts_on"], service_end=days["ends_on"])
        assert states(G2, prepaid(g, line, item, period=days)) == [state]


def prepaid(g, line, *items, period=None, charge="250"):
    charges = (g.charge(prepaid_quantity=charge, overage_quantity="0", overage_charge="0", actual_quantity="1"),)
    periods = (replace(g.billing_period(*charges), **(period or {})),)
    return g.clean(line, contracts=(g.contract(*items or (g.item(),)),), billing_periods=periods)


@pytest.mark.parametrize(
    ("amount", "quantity", "start", "end", "wrong"),
    [
        ("33750.00", "250", "2025-01-01", "2025-02-01", []),
        ("101250.00", "250", "2025-01-01", "2025-04-01", []),  # a quarter
        ("101250.00", "750", "2025-01-01", "2025-04-01", []),  # units times months
        ("405000.00", "250", "2025-01-01", "2026-01-01", []),
        ("33750.00", "250", "2025-01-01", "2025-04-01", []),  # the price is that of the bill
        ("18508.06", "250", "2025-01-15", "2025-02-01", []),  # by the day
        ("18508.06", "137", "2025-01-15", "2025-02-01", []),  # and the quantity, too
        ("33750.00", "250", "2025-01-15", "2025-02-01", []),  # in full
        ("34425.00", "250", "2025-01-01", "2025-02-01", ["G2"]),
        ("103275.00", "250", "2025-01-01", "2025-04-01", ["G2"]),
        ("18878.23", "250", "2025-01-15", "2025-02-01", ["G2"]),
        ("35100.00", "260", "2025-01-01", "2025-02-01", ["G5"]),
        ("33750.00", "260", "2025-01-01", "2025-02-01", ["G2", "G5"]),
    ],
)
def test_a_prepayment_may_be_of_a_longer_or_a_shorter_time(g, found, amount, quantity, start, end, wrong):
    line = g.prepay(amount, quantity, service_start=D(start), service_end=D(end))
    items = (g.item(charged_through=D("2025-12-31")),)
    assert verdicts(found, prepaid(g, line, *items), G2, G5, G10, G18) == wrong


@pytest.mark.parametrize(
    ("discount", "amount"), [("10", "31250.00"), ("10", "33740.00"), ("10", "30375.00"), ("10", "33750.00")]
)
def test_each_kind_of_discount(g, states, discount, amount):
    assert states(G2, prepaid(g, g.prepay(amount), g.item(discount_amount=discount))) == ["PASS"]


AMENDED = ({"price": "130", "effective_end": D("2025-01-16")}, {"price": "135", "effective_start": D("2025-01-16")})


@pytest.mark.parametrize(
    ("amount", "wrong"), [("32500.00", []), ("33145.16", []), ("33750.00", ["G2", "G18"]), ("33000.00", ["G2", "G18"])]
)
def test_a_price_that_changes_within_the_service(g, found, amount, wrong):
    """The one at the beginning, or each for its days."""
    items = [g.item(**each) for each in AMENDED]
    assert verdicts(found, prepaid(g, g.prepay(amount), *items), G2, G18) == wrong


@pytest.mark.parametrize("words", ["Subscription fee", "CX3", "Lizenzen"])
def test_a_line_says_neither_prepay_nor_overage(g, found, words):
    """Price and quantity tell; 88 of one price and 12 of the other."""
    lines = g.prepay(description=words), g.line(description=words)
    assert verdicts(found, g.clean(*lines), G2, G5) == []
    wrong = g.prepay("34425.00", description=words), g.line(description=words)
    assert "G2" in verdicts(found, g.clean(*wrong), G2, G5)


def test_lines_without_a_product_are_read_by_their_words_or_amounts(g, found):
    contract = g.contract(g.item(product_name="Users three"), g.item("API", "Overage"))
    charge = g.charge(product_name="Users three")
    named = (
        g.prepay(product=None, description="Users three, basic"),
        g.line(product=None, description="Users three, more"),
    )
    silent = (g.prepay(product=None, description="Fee"), g.line(product=None, description="Use"))
    for lines in (named, silent):
        assert verdicts(found, g.clean(*lines, charges=(charge,), contracts=(contract,)), G2, G5) == []
    strange = g.line("77.00", "3", product=None, description="Fee")
    assert verdicts(found, g.clean(*silent, strange, charges=(charge,), contracts=(contract,)), G5) == ["G5"]


def test_a_line_of_no_product_may_bill_what_no_other_line_does(g, states):
    """Nothing says that it does, or that it does not."""
    line = g.line("1700.00", "11", product=None, description="", attributes={})
    assert states(G5, g.clean(g.prepay(), line)) == ["BLOCKED", "PASS"]
    assert states(G5, g.clean(g.prepay(), g.line(), line)) == ["EXCEPTION", "PASS"]


@pytest.mark.parametrize("name", ["cx3", "CX3 ", "C\u200bX3"])
def test_names_are_those_that_a_person_reads(g, found, name):
    month = g.clean(replace(g.prepay(), product=name), replace(g.line(), product=name))
    assert verdicts(found, month, G2, G5, G18) == []


def two_contracts(g, *invoices):
    contracts = (g.contract(), g.contract(contract_id="con-2", external_number="Q-2"))
    periods = (
        g.billing_period(g.charge()),
        g.billing_period(g.charge(), billing_period_id="bp-2", contract_id="con-2"),
    )
    return g.month(*invoices, contracts=contracts, billing_periods=periods)


@pytest.mark.parametrize("order", ["PO-1", None])
def test_two_contracts_under_one_order_may_be_billed_the_same(g, found, order):
    bills = [
        g.invoice(g.prepay(), g.line(), invoice_id=n, attributes={"customerPoNumber": order}) for n in ("INV1", "INV2")
    ]
    heads = [g.head(n, total="35532.00") for n in ("INV1", "INV2")]
    assert verdicts(found, two_contracts(g, *bills), G2, G5, G15, G18, history=heads) == []
    third = replace(bills[0], invoice_id="INV3")
    heads.append(g.head("INV3", total="35532.00"))
    assert "G15" in verdicts(found, two_contracts(g, *bills, third), G2, G5, G15, G18, history=heads)


def test_organizations_that_lines_do_not_name_are_added_up(g, found):
    charges = [g.charge(attributes={"organizations": [{"id": name}]}, prepaid_quantity="125") for name in ("a", "b")]
    lines = [replace(each, attributes={}) for each in (g.prepay(), g.line("3564.00", "24"))]
    assert verdicts(found, g.clean(*lines, charges=tuple(charges)), G5) == []


@pytest.mark.parametrize(
    ("total", "wrong"), [("42283.08", []), ("42283.09", []), ("42290.00", ["G1"]), ("35600.00", ["G1"])]
)
def test_a_total_may_include_a_tax(g, found, total, wrong):
    """19 % of 35532.00 is 6751.08."""
    month = g.clean(g.prepay(), g.line())
    taxed = replace(month, invoices=(replace(month.invoices[0], total=Decimal(total)),))
    alone = [each.state.value for each in found(G1, taxed)]
    assert alone == (["EXCEPTION"] if wrong else ["BLOCKED"])  # nothing tells a tax from an error
    assert verdicts(found, taxed, G1, previous=g.clean(g.prepay())) == ["G1"]  # a month ago there was none
    before = replace(month, invoices=(replace(month.invoices[0], total=Decimal("42283.08")),))
    assert verdicts(found, taxed, G1, previous=before) == wrong


@pytest.mark.parametrize(("tax", "wrong"), [("6751.08", []), ("6751.90", ["G1"])])
def test_a_line_without_any_word_may_be_a_tax(g, found, tax, wrong):
    line = g.line(tax, "1", product=None, description="", attributes={})
    assert verdicts(found, g.clean(g.prepay(), g.line(), line), G5) == (["G5"] if wrong else [])


@pytest.mark.parametrize(("tax", "wrong"), [("6751.08", []), ("6751.90", ["G1"])])
def test_a_tax_may_be_a_line(g, found, tax, wrong):
    line = g.line(tax, "1", product=None, description="VAT 19 %", attributes={})
    month = g.clean(g.prepay(), g.line(), line)
    assert verdicts(found, month, G1, G2, G5, G18) == wrong
    assert {each.severity for each in found(G1, month) if each.state.value == BAD} == ({"warning"} if wrong else set())


@pytest.mark.parametrize(
    ("items", "charge", "wrong"),
    [
        ([("Prepay", "Recurring", "250")], {"prepaid_quantity": "250"}, []),
        ([("FairUse", "Usage", "250")], {"prepaid_quantity": None, "fair_use_quantity": "250"}, []),
        ([("Fair Use", None, "250")], {"prepaid_quantity": "0", "fair_use_quantity": "250"}, []),
        ([("FairUse", "Usage", "250")], {"prepaid_quantity": None, "fair_use_quantity": "200"}, ["G23"]),
        ([("Overage", "Usage", "250")], {"prepaid_quantity": "0", "fair_use_quantity": "250"}, []),
        ([("Prepay", "OneTime", "1000")], {"prepaid_quantity": "0"}, []),
        ([("Prepay", "Recurring", "250")], {"prepaid_quantity": "0"}, ["G23"]),
    ],
)
def test_what_an_item_is_for_says_which_quantity_a_charge_has(g, found, items, charge, wrong):
    made = [g.item(function=function, item_type=kind, quantity=quantity) for function, kind, quantity in items]
    month = g.month(contracts=(g.contract(*made),), billing_periods=(g.billing_period(g.charge(**charge)),))
    assert verdicts(found, month, G23) == wrong


@pytest.mark.parametrize(("held", "increase", "wrong"), [("0", "1000", []), ("1000", "0", []), ("0", "900", ["G23"])])
def test_tokens_bought_once_are_in_the_wallet(g, found, held, increase, wrong):
    once = g.item("AITC", item_type="OneTime", quantity="1000", unit="Token")
    wallet = g.wallet(starting_balance=held, balance_increase=increase)
    period = g.billing_period(wallets=(wallet,))
    assert verdicts(found, g.month(contracts=(g.contract(once),), billing_periods=(period,)), G23) == wrong
    assert verdicts(found, g.month(contracts=(g.contract(once),), billing_periods=(g.billing_period(),)), G23) == [
        "G23"
    ]


@pytest.mark.parametrize(("name", "state"), [("cx3", "PASS"), ("CX3 plan", "PASS"), ("Named users", "NOT_APPLICABLE")])
def test_the_usage_report_may_call_a_product_otherwise(g, states, name, state):
    assert states(G6, g.clean(usage_reports=(g.usage(**{name: "262"}),))) == [state]
