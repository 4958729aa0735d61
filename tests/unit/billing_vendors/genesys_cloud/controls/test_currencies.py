"""G8: invoice, contract items and charges are in one currency."""

from dataclasses import fields, replace
from datetime import date

import pytest

from billing.models import Charge, Contract, ContractBillingPeriod, ContractItem, Wallet
from billing_vendors.genesys_cloud.controls.g08_currency import G8


def blank(kind, **values):
    """Make a record with nothing in it but what is said."""
    return kind(**dict.fromkeys(field.name for field in fields(kind)) | {"attributes": {}} | values)


@pytest.fixture
def month(make):
    """A month whose invoice, contract items, charges and wallets are in the currencies given."""

    def build(invoice, items, charges=(), wallets=()):
        contract = blank(
            Contract,
            contract_id="C",
            purchase_order_numbers=(),
            items=tuple(blank(ContractItem, position=1, plan_id="P", currency=currency) for currency in items),
        )
        month = ContractBillingPeriod(
            *("B", "C", make.month_key, date(2026, 10, 1), date(2026, 11, 1), "Closed"),
            charges=tuple(blank(Charge, position=1, currency=currency) for currency in charges),
            wallets=tuple(blank(Wallet, position=1, currency=currency) for currency in wallets),
        )
        return make.month(make.invoice("1.00", currency=invoice), contracts=(contract,), billing_periods=(month,))

    return build


@pytest.mark.parametrize(
    ("invoice", "items", "charges", "wallets", "state"),
    [
        ("EUR", ["EUR"], ["EUR"], ["EUR"], "PASS"),
        ("EUR", ["EUR", None], [None], [], "PASS"),
        ("EUR", ["EUR", "USD"], ["USD"], [], "PASS"),
        ("USD", ["EUR"], ["EUR"], [], "EXCEPTION"),
        ("EUR", ["EUR"], ["USD"], [], "EXCEPTION"),
        ("EUR", ["EUR"], [], ["USD"], "EXCEPTION"),
        (None, ["EUR"], ["EUR"], [], "BLOCKED"),
        ("EUR", [], ["EUR"], [], "BLOCKED"),
        ("EUR", [None], ["EUR"], [], "BLOCKED"),
    ],
)
def test_the_worked_examples(month, state_of, invoice, items, charges, wallets, state):
    assert state_of(G8, month=month(invoice, items, charges, wallets)) == state


def test_a_missing_currency_is_not_taken_from_the_account(month, state_of):
    """Genesys Cloud names one on every invoice: that it is missing must be seen."""
    assert state_of(G8, month=month(None, ["USD"]), currency="USD") == "BLOCKED"


def test_the_explanation_says_what_is_strange_and_claims_no_more_than_was_seen(month, judge):
    (strange,) = judge(G8, month=month("USD", ["EUR"], ["GBP"]))
    assert strange.explanation == "GBP, USD is not a currency of the contracts (EUR)"
    assert strange.operands == {"invoice": "USD", "contracts": ["EUR"], "charges": ["GBP"]}
    (two,) = judge(G8, month=month("EUR", ["EUR", "USD"], ["USD"]))
    assert two.explanation == "invoice in EUR, charges in USD: all are the contracts'"


def test_a_month_without_invoice_is_not_applicable(month, state_of):
    assert state_of(G8, month=replace(month("EUR", ["EUR"]), invoices=())) == "NOT_APPLICABLE"
