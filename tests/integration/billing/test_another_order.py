"""What a vendor returns in another order is the same content: for versions, controls, sums and certificates."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billing.certificate.sources import Subject, recomputed_statements, stored_statement
from billing.certificate.statement import first_difference
from billing.controls.control import Control
from billing.controls.finding import Finding, State
from billing.models import Charge, Contract, ContractBillingPeriod, ContractItem, UsageLine, UsageReport, Wallet
from billing.month import Month
from billing.reconciliation.reconciler import Rules
from billing_vendors.fastly.controls.f20_restatement import F20

OCTOBER = Month(2026, 10)


def rows(kind, names):
    """Return rows of a type, each with a name and nothing else but what is required."""
    nothing = dict.fromkeys(kind.__dataclass_fields__) | {"attributes": {}}
    return tuple(
        kind(**nothing | {"position": place, "name": name} | REQUIRED.get(kind, {}))
        for place, name in enumerate(names, 1)
    )


REQUIRED = {ContractItem: {"plan_id": "P"}, UsageLine: {"quantity": Decimal(1)}}


def read(make, order):
    """A month whose lists are all in one order."""
    names = order(["a", "b", "c", "c"])
    lines = tuple(make.line(place, f"{ord(name)}.50", description=name) for place, name in enumerate(names, 1))
    invoices = [make.invoice(lines=lines, attributes={"tags": order([1, 2])}), make.invoice("7", invoice_id="I-2")]
    contract = Contract(
        *("C", None, None, None, tuple(order(["PO-1", "PO-2"])), None, None, None, None, None, None),
        rows(ContractItem, names),
    )
    period = ContractBillingPeriod(
        *("BP", "C", OCTOBER, date(2026, 10, 1), date(2026, 11, 1), None), rows(Charge, names), rows(Wallet, names)
    )
    reports = [UsageReport(f"u/{n}", "usage", OCTOBER, None, None, None, rows(UsageLine, names)) for n in (1, 2)]
    return make.month(
        *order([replace(invoice, total=invoice.lines_total) for invoice in invoices]),
        contracts=(contract,),
        billing_periods=(period,),
        usage_reports=tuple(order(reports)),
    )


def named(evidence):
    """Return what a control says that names lines by their positions."""
    (first,) = [invoice for invoice in evidence.account_month.invoices if invoice.invoice_id == "I-1"]
    words = " ".join(f"{line.position}{line.description}" for line in first.lines)
    yield Finding("I-1", State.PASS, words)


@pytest.fixture
def vendor(ledger, make):
    """A vendor that has returned a month, and then the same one backwards."""
    ledger.controls = (F20, Control("X1", "statement", "accuracy", "exception", named))
    ledger.store(read(make, list), "forwards")
    ledger.done = ledger.store(read(make, lambda values: values[::-1]), "backwards")
    return ledger


def test_no_version_is_added_and_nothing_is_restated(vendor):
    assert vendor.done.changes == ()
    assert vendor.one("select max(version) from billing.record_version") == 1
    assert {state for (state,) in vendor.rows("select state from billing.current_control_result")} == {"PASS"}


def test_controls_name_the_rows_as_they_are_stored(vendor):
    """The first reading's positions."""
    query = "select explanation from billing.current_control_result where control_id = 'X1'"
    assert vendor.one(query) == "1a 2b 3c 4c"
    stored = "select position::text || description from billing.current_invoice_line order by record_key, position"
    assert [word for (word,) in vendor.rows(stored)][:4] == ["1a", "2b", "3c", "4c"]


def test_the_certificate_is_verified(vendor, make):
    subject = Subject("initech", "acme", OCTOBER)
    with vendor.engine.connect() as connection:
        rules = Rules(vendor.derive, vendor.controls)
        recomputed, _ = recomputed_statements(connection, subject, make.account(), rules)
        assert first_difference(stored_statement(connection, subject), recomputed) is None


def test_a_changed_row_is_named_all_the_same(vendor, make):
    vendor.tamper("invoice_line", "update billing.invoice_line set amount = 1 where description = 'b'")
    subject = Subject("initech", "acme", OCTOBER)
    with vendor.engine.connect() as connection:
        rules = Rules(vendor.derive, vendor.controls)
        recomputed, _ = recomputed_statements(connection, subject, make.account(), rules)
        assert first_difference(stored_statement(connection, subject), recomputed) is not None
