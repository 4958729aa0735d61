"""Recorded answers and what they should give, digit for digit."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from billing.config.accounts import Account
from billing.errors import PayloadError
from billing.month import Month
from billing.payloads.response import Response
from billing_vendors.acme.derive import derive
from billing_vendors.acme.endpoints import LIST_INVOICES
from billing_vendors.acme.settings import AcmeSettings

HERE = Path(__file__).parent
OCTOBER = Month(2026, 10)
ACCOUNT = Account("acme", "acme-example", "acme_example", "USD", Month(2025, 1), 3, AcmeSettings("C-1001"))


def response(body):
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    return Response(LIST_INVOICES, "GET /v1/invoices?month=2026-10", 200, "application/json", body, moment)


def recorded(name):
    return (HERE / "payloads" / f"{name}.json").read_bytes()


def test_a_page_gives_what_is_expected():
    month = derive(ACCOUNT, OCTOBER, [response(recorded("invoices"))])
    (invoice,) = month.invoices
    found = {
        "invoice_id": invoice.invoice_id,
        "month": str(invoice.month),
        "total": str(invoice.total),
        "currency": invoice.currency,
        "issued_at": str(invoice.issued_at),
        "attributes": dict(invoice.attributes),
        "lines": [
            [line.description, line.product, str(line.quantity), line.unit, str(line.rate), str(line.amount)]
            for line in invoice.lines
        ],
        "unknown": sorted(f"{field.record_type}.{field.name}" for field in month.unknown_fields),
    }
    assert found == json.loads((HERE / "expected" / "invoices.json").read_text(encoding="utf-8"))
    (listing,) = month.listings
    assert (listing.row_ids, listing.declared_total, listing.ended) == (("AC-24321",), 1, True)


@pytest.mark.parametrize("member", ["id", "customer_id", "month_start", "issued_on", "currency", "total"])
def test_what_is_missing_is_an_error_that_names_it(member):
    page = json.loads(recorded("invoices"))
    del page["invoices"][0][member]
    with pytest.raises(PayloadError, match=member):
        derive(ACCOUNT, OCTOBER, [response(json.dumps(page).encode())])
