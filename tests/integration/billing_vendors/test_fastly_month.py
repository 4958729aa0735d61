"""A Fastly month from the vendor's answers to its results in Postgres."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.ledger import ledger

from billing.config.accounts import Account
from billing.config.rate_card import Commitment
from billing.month import Month
from billing.reconciliation.reconciler import Rules, reconcile_month
from billing.storage.payloads import Fetch
from billing_vendors.fastly.settings import FastlySettings
from billing_vendors.fastly.vendor import FASTLY

__all__ = ["ledger"]

OCTOBER = Month(2026, 10)
LINE = {"description": "CDN", "amount": 80.0, "rate": 0.08, "units": 1000, "product_name": "CDN", "usage_type": "gb"}
METRIC = {"month": "2026-10", "name": "CDN", "usage_type": "gb", "quantity": 1000, "product_id": "cdn"}
SERVICES = {"data": {"details": [], "meta": {}}}


def bill(**changed):
    return {
        "customer_id": "ours",
        "invoice_id": "900001",
        "invoice_posted_on": "2026-11-02T00:00:00Z",
        "billing_start_date": "2026-10-01T00:00:00Z",
        "billing_end_date": "2026-10-31T23:59:59Z",
        "currency_code": "EUR",
        "monthly_transaction_amount": 80.0,
        "transaction_line_items": [LINE],
    } | changed


@pytest.fixture
def month(ledger, server, conn_id):
    """Collect and reconcile October, of which the vendor lists some rows; return the states by control."""

    def run(*rows, usage=(METRIC,), **changed):
        listing = {"data": list(rows), "meta": {"total": len(rows), "next_cursor": ""}}
        by_id = list({row["invoice_id"]: row for row in rows}.values())
        metrics = {"data": list(usage)}
        answers = [listing, *by_id, metrics, *([] if usage else [metrics]), SERVICES]
        server.responses(*({"body": json.dumps(answer).encode()} for answer in answers))
        account = Account("fastly", "acme", conn_id, "EUR", OCTOBER, 5, FastlySettings("ours"), **changed)
        names = {"vendor": "fastly", "account": "acme", "month": OCTOBER, "dag_run": "manual__1"}
        fetch = Fetch(ledger.engine, ledger.folder, purpose="month", **names)
        implementation = FASTLY.load_implementation()
        for response in implementation.collect(account, OCTOBER):
            fetch.keep(response)
        fetch_id = fetch.complete().fetch_id
        rules = Rules(implementation.derive, tuple(FASTLY.controls()))
        reconcile_month(ledger.engine, rules, account, fetch_id)
        states = {}
        for control, state in ledger.rows("select control_id, state from billing.current_control_result"):
            states.setdefault(control, set()).add(state)
        return states

    return run


def test_a_plain_month_is_reconciled(month, ledger):
    states = month(bill())
    assert [control for control, found in states.items() if found & {"EXCEPTION", "BLOCKED"}] == []
    assert ledger.one("select status from billing.account_month_summary") == "reconciled"


def test_a_commitment_without_a_bill_is_an_exception(month, ledger):
    """45 EUR were agreed, nothing was used, and no bill came."""
    states = month(usage=(), commitments=(Commitment(OCTOBER, None, Decimal(45)),))
    assert (states["F6"], states["F9"]) == ({"EXCEPTION"}, {"EXCEPTION"})
    assert ledger.one("select status from billing.account_month_summary") == "exceptions"
    query = "select expected, currency from billing.current_control_result where control_id = 'F9'"
    assert ledger.rows(query) == [(Decimal(45), "EUR")]


def test_a_row_that_the_list_has_twice_is_stored_once_and_said(month, ledger):
    states = month(bill(), bill())
    assert ledger.one("select count(*) from billing.invoice") == 1
    assert (states["F7"], states["F10"]) == ({"PASS", "EXCEPTION"}, {"PASS", "VARIANCE_TOLERATED"})
    assert ledger.one("select status from billing.account_month_summary") == "warnings"


@pytest.mark.parametrize("early", [timedelta(days=1), timedelta(hours=2)], ids=["a day", "two hours"])
def test_a_bill_that_starts_early_is_stored_in_the_month_of_its_days(month, ledger, early):
    start = (OCTOBER.start - early).isoformat()
    end = (OCTOBER.end - early).isoformat()
    states = month(bill(billing_start_date=start, billing_end_date=end))
    assert ledger.one("select count(*) from billing.invoice") == 1
    assert states["F4"] == {"EXCEPTION" if early.days else "PASS"}


def test_small_letters_numbers_as_texts_and_nulls_change_nothing(month, ledger):
    written = bill(currency_code="eur", monthly_transaction_amount="80.00", statement_number=900001)
    line = LINE | {"amount": "80.00", "units": "1000.0", "region": None, "credit_coupon_code": None}
    states = month(written | {"transaction_line_items": [line]}, usage=(METRIC | {"quantity": "1000.0"},))
    assert [control for control, found in states.items() if found & {"EXCEPTION", "BLOCKED"}] == []
    assert ledger.one("select currency from billing.invoice") == "EUR"
