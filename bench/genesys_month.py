"""One account-month of Genesys Cloud as stored responses, of any size, in which every figure agrees."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from billing.month import Month
from billing.payloads.response import Response

MONTH = Month(2026, 10)
BASE = "GET /api/v2/billing"
CONTRACT, PERIOD, INVOICE = "contract-1", "bp-2026-10", "INV00000001"
ORGANIZATION = {"id": "9d7f0d63-95ae-4df7-8955-2bca7152ca19", "name": "Example Contact Centre"}
CUSTOMER = {"id": "0b9a6f52-1a7e-4a5f-8a8e-3c4b9b7b1c22", "number": "A-00000077", "name": "Example Ltd"}
ROWS_A_PAGE = 200


def responses(lines: int, charges: int) -> Iterator[Response]:
    """
    Yield every response of one collection.

    Each charge has an overage of ``lines / charges`` units at 1.25, each unit billed on a line of its own.
    """
    each = lines // charges
    yield _answer("contracts", "/contracts", {"entities": [_contract(charges)]})
    yield _answer("contract", f"/contracts/{CONTRACT}", _contract(charges))
    path = f"/contracts/{CONTRACT}/billingperiods/{PERIOD}"
    yield _answer("billing_period", path, {**_period(), "charges": [_charge(n, each) for n in range(charges)]})
    yield _answer("invoices", "/contracts/invoices?pageSize=200", {"entities": [_invoice(each * charges)]})
    yield from _line_pages([_line(n, n % charges) for n in range(each * charges)])
    usages = [{"name": _name(n), "totalUsage": str(1000 + each), "resources": []} for n in range(charges)]
    dates = {"startDate": "2026-10-01T00:00:00.000Z", "endDate": "2026-11-01T00:00:00.000Z"}
    asked = "&".join(f"{name}={moment}" for name, moment in dates.items())
    report = {"id": "report", **dates, "status": "Complete", "usages": usages, "selfUri": "/"}
    yield _answer("billable_usage", f"/reports/billableusage?{asked}", report)


def _answer(operation: str, path: str, document: object) -> Response:
    body = json.dumps(document, separators=(",", ":")).encode()
    received_at = datetime(2026, 11, 6, tzinfo=UTC)
    return Response(operation, f"{BASE}{path}", 200, "application/json", body, received_at)


def _line_pages(rows: list[dict[str, Any]]) -> Iterator[Response]:
    path = f"/contracts/invoices/{INVOICE}/lines?pageSize={ROWS_A_PAGE}"
    for start in range(0, len(rows), ROWS_A_PAGE):
        document: dict[str, Any] = {"entities": rows[start : start + ROWS_A_PAGE]}
        if start + ROWS_A_PAGE < len(rows):
            document["nextUri"] = f"/api/v2/billing{path}&after=c{start + ROWS_A_PAGE}"
        yield _answer("invoice_lines", path + (f"&after=c{start}" if start else ""), document)


def _name(number: int) -> str:
    return f"Product {number:03d}"


def _product(number: int) -> dict[str, Any]:
    sku = f"GC-170-NV-{number:03d}"
    return {"id": f"product-{number}", "sku": sku, "name": _name(number), "unitOfMeasure": "Each"}


def _contract(charges: int) -> dict[str, Any]:
    return {
        "id": CONTRACT,
        "externalNumber": "Q-1",
        "status": "Active",
        "commercialModel": "Prepay",
        "purchaseOrderNumbers": ["PO-1"],
        "billToCustomer": CUSTOMER,
        "soldToCustomer": CUSTOMER,
        "dateStart": "2026-10-01",
        "dateEnd": "2030-12-31",
        "billingPeriods": [_period()],
        "plans": [_plan(number) for number in range(charges)],
    }


def _plan(number: int) -> dict[str, Any]:
    item = {
        "itemNumber": f"C-{number}",
        "name": f"{_name(number)} Usage",
        "type": "Usage",
        "function": "Overage",
        "currencyIsoCode": "EUR",
        "discountAmount": 0,
        "dateEffectiveStart": "2026-10-01",
        "dateEffectiveEnd": "2030-12-31",
        "dateChargedThrough": "2026-10-31",
        "overagePrice": 1.25,
        "price": 0,
        "quantity": 1000,
        "unitOfMeasure": "Each",
    }
    named = {"id": f"plan-{number}", "name": _name(number), "organizations": [ORGANIZATION]}
    return {**named, "product": _product(number), "items": [item]}


def _period() -> dict[str, Any]:
    return {"id": PERIOD, "dateStart": "2026-10-01", "dateEnd": "2026-10-31", "status": "Closed"}


def _charge(number: int, overage: int) -> dict[str, Any]:
    quantities = {"prepaidQuantity": 0, "fairuseQuantity": 1000, "actualQuantity": 1000 + overage}
    charged = {"overageQuantity": overage, "overageRate": 1.25, "overageCharge": overage * 5 / 4}
    named = {"id": f"charge-{number}", "name": _name(number), "product": _product(number)}
    return {**named, "organizations": [ORGANIZATION], **quantities, **charged, "overageCurrency": "EUR"}


def _invoice(lines: int) -> dict[str, Any]:
    return {
        "id": INVOICE,
        "billToCustomer": CUSTOMER,
        "soldToCustomer": CUSTOMER,
        "dateInvoiced": "2026-11-03",
        "currencyIsoCode": "EUR",
        "paymentStatus": "Paid",
        "paymentTerms": "Net 30",
        "customerPoNumber": "PO-1",
        "customerInvoiceType": "Invoice",
        "amount": lines * 5 / 4,
    }


def _line(number: int, charge: int) -> dict[str, Any]:
    day = date(2026, 10, 1) + timedelta(days=number % 31)
    return {
        "id": f"{INVOICE}-{number:06d}",
        "product": _product(charge),
        "description": f"{_name(charge)} - overage (extension {number:06d})",
        "dateTransacted": "2026-11-03",
        "dateStart": day.isoformat(),
        "dateEnd": day.isoformat(),
        "organization": ORGANIZATION,
        "quantity": 1,
        "unitOfMeasure": "Each",
        "amount": 1.25,
    }
