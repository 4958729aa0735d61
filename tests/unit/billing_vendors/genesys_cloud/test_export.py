"""What Genesys Cloud's lines and invoices are in FOCUS."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from billing.models import Invoice, InvoiceLine
from billing.month import Month
from billing_vendors.genesys_cloud.export import TERMS


def invoice(total="10.00", **attributes):
    line = InvoiceLine(1, "Genesys Cloud CX 3", Decimal("10.00"))
    issued = datetime(2026, 9, 2, tzinfo=UTC)
    month = Month(2026, 9)
    return Invoice("INV1", month, "", Decimal(total), "EUR", (line,), issued_at=issued, attributes=attributes)


@pytest.mark.parametrize(
    ("terms", "due"),
    [("Net 30", date(2026, 10, 2)), ("NET45", date(2026, 10, 17)), ("Due on receipt", None), (None, None)],
)
def test_the_due_date_follows_from_net_terms_alone(terms, due):
    bill = TERMS.bill(invoice(paymentTerms=terms, billToCustomer={"number": "A-77", "name": "Nord"}))
    assert (bill.payment_terms, bill.due_on, bill.account_id, bill.account_name) == (terms, due, "A-77", "Nord")


@pytest.mark.parametrize(
    ("description", "changed", "expected"),
    [
        ("Genesys Cloud CX 3 - Prepay", {"product": "CX3", "unit": "User"}, ("Usage", "Recurring", "User", "prepaid")),
        ("Genesys Cloud CX 3 - overage", {"product": "CX3"}, ("Usage", "Usage-Based", "Units", "overage")),
        ("VAT 19%", {}, ("Tax", "One-Time", None, None)),
        ("Goodwill", {"product": "CX3", "amount": Decimal("-1.00")}, ("Credit", "One-Time", None, None)),
    ],
)
def test_a_line(description, changed, expected):
    line = InvoiceLine(**{"position": 1, "description": description, "amount": Decimal("1.00")} | changed)
    found = TERMS.charge(line)
    assert (found.category, found.frequency, found.unit, found.price_variant) == expected


def test_a_total_above_the_lines_is_a_tax():
    assert TERMS.residual_category(invoice("11.90")) == "Tax"
    assert TERMS.residual_category(invoice("9.90")) == "Adjustment"
