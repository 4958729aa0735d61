"""
A month of one Genesys Cloud organization as the bytes of its responses, of any size, in which every figure agrees.

One contract with a plan and a charge for each product; each invoice bills all of them by turns, a page of its lines
holds half of the requested number, so that cursors are followed; each invoice has a file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from loading.truth import Rendered, Truth, decimal_text

MONTH = "2026-10"
PRODUCTS = 100
ORGANIZATION = {"id": "9d7f0d63-95ae-4df7-8955-2bca7152ca19", "name": "Example Contact Centre"}
CUSTOMER = {"id": "0b9a6f52-1a7e-4a5f-8a8e-3c4b9b7b1c22", "number": "A-00000077", "name": "Example Ltd"}
ROWS_A_PAGE = 100
_PDF = b"%PDF-1.7\n" + b"% an invoice, as paper shows it\n" * 300 + b"%%EOF\n"
_BASE = "/api/v2/billing/contracts"
_RATE = 125  # in hundredths, of every product
_LONG_QUANTITY = 90_071_992_547_409_931  # on the first line of each invoice: more than a float holds


def render(base_url: str, invoices: int, lines: int, *, changed: bool = False) -> Rendered:
    """
    Render a month.

    :param base_url: where it will be served, for the links to files.
    :param lines: of each invoice.
    :param changed: the last line of the last invoice bills one unit more, and its invoice as much.
    """
    bodies: dict[str, memoryview] = {}
    sums, heads, listed = [0] * PRODUCTS, [], 0
    for number in range(invoices):
        more = int(changed and number == invoices - 1)
        quantities = [_quantity(number, n) + (more if n == lines - 1 else 0) for n in range(lines)]
        for position, quantity in enumerate(quantities):
            sums[position % PRODUCTS] += quantity
        heads.append(_head(number, sum(quantities)))
        pages = dict(_line_pages(number, quantities))
        listed += sum(map(len, pages.values()))
        link = json.dumps({"url": f"{base_url}/files/{number}"})
        bodies |= pages | {
            f"{_BASE}/invoices/{_id(number)}/document": _body(link),
            f"/files/{number}": memoryview(_PDF),
        }
    pages = dict(_pages(f"{_BASE}/invoices", heads))
    truth = Truth(invoices, invoices * lines, Decimal(decimal_text(sum(sums) * _RATE, 2)), Decimal(sum(sums)))
    listed += sum(map(len, pages.values()))
    return Rendered(bodies | pages | dict(_beside(sums)), truth, listed)


def asked_for(path: str, query: dict[str, list[str]]) -> str:
    """Return the key of a request's body."""
    return f"{path} {query['after'][0]}" if "after" in query else path


def _id(number: int) -> str:
    return f"INV{number:08d}"


def _quantity(number: int, position: int) -> int:
    return _LONG_QUANTITY + number if position == 0 else 1 + (number * 7_919 + position * 104_729) % 99_991


def _head(number: int, quantity: int) -> str:
    named = {"id": _id(number), "billToCustomer": CUSTOMER, "soldToCustomer": CUSTOMER, "dateInvoiced": "2026-11-03"}
    told = {"currencyIsoCode": "EUR", "paymentStatus": "Paid", "paymentTerms": "Net 30", "customerPoNumber": "PO-1"}
    text = json.dumps(named | told | {"customerInvoiceType": "Invoice"}, separators=(",", ":"))
    return f'{text[:-1]},"amount":{decimal_text(quantity * _RATE, 2)}}}'


def _line_pages(number: int, quantities: list[int]) -> Iterator[tuple[str, memoryview]]:
    rows = [_line(number, position, quantity) for position, quantity in enumerate(quantities)]
    return _pages(f"{_BASE}/invoices/{_id(number)}/lines", rows)


def _line(number: int, position: int, quantity: int) -> str:
    product = position % PRODUCTS
    day = date(2026, 10, 1) + timedelta(days=position % 31)
    dates = {"dateTransacted": "2026-11-03", "dateStart": day.isoformat(), "dateEnd": day.isoformat()}
    named = {"id": f"{_id(number)}-{position:06d}", "product": _product(product), "description": _name(product)}
    text = json.dumps({**named, **dates, "organization": ORGANIZATION, "unitOfMeasure": "Each"}, separators=(",", ":"))
    return f'{text[:-1]},"quantity":{quantity},"amount":{decimal_text(quantity * _RATE, 2)}}}'


def _pages(path: str, rows: list[str]) -> Iterator[tuple[str, memoryview]]:
    for first in range(0, len(rows), ROWS_A_PAGE):
        after = first + ROWS_A_PAGE
        more = f',"nextUri":"{path}?after=c{after}"' if after < len(rows) else ""
        key = f"{path} c{first}" if first else path
        yield key, _body(f'{{"entities":[{",".join(rows[first:after])}]{more}}}')


def _beside(sums: list[int]) -> Iterator[tuple[str, memoryview]]:
    """Yield what is requested once: the token, the contract, its period with the charges, the usage report."""
    yield "/oauth/token", _dumped({"access_token": "token", "token_type": "bearer", "expires_in": 86_400})
    yield _BASE, _dumped({"entities": [_contract()]})
    yield f"{_BASE}/contract-1", _dumped(_contract())
    charges = ",".join(_charge(number, quantity) for number, quantity in enumerate(sums))
    month = json.dumps(_period())[:-1]
    yield f"{_BASE}/contract-1/billingperiods/period-1", _body(f'{month},"charges":[{charges}]}}')
    usages = [
        {"name": _name(n), "totalUsage": str(1000 + quantity), "resources": []} for n, quantity in enumerate(sums)
    ]
    dates = {"startDate": "2026-10-01T00:00:00.000Z", "endDate": "2026-11-01T00:00:00.000Z"}
    report = {"id": "report", **dates, "status": "Complete", "usages": usages, "selfUri": "/"}
    yield "/api/v2/billing/reports/billableusage", _dumped(report)


def _contract() -> dict[str, Any]:
    parties = {"billToCustomer": CUSTOMER, "soldToCustomer": CUSTOMER}
    told = {"id": "contract-1", "externalNumber": "Q-1", "status": "Active", "commercialModel": "Prepay"}
    dates = {"dateStart": "2026-10-01", "dateEnd": "2030-12-31", "purchaseOrderNumbers": ["PO-1"]}
    plans = [_plan(number) for number in range(PRODUCTS)]
    return told | parties | dates | {"billingPeriods": [_period()], "plans": plans}


def _period() -> dict[str, str]:
    return {"id": "period-1", "dateStart": "2026-10-01", "dateEnd": "2026-10-31", "status": "Closed"}


def _plan(number: int) -> dict[str, Any]:
    kind = {"itemNumber": f"C-{number}", "name": _name(number), "type": "Usage", "function": "Overage"}
    dates = {"dateEffectiveStart": "2026-10-01", "dateEffectiveEnd": "2030-12-31", "dateChargedThrough": "2026-10-31"}
    prices = {"overagePrice": 1.25, "price": 0, "quantity": 1000, "unitOfMeasure": "Each", "discountAmount": 0}
    named = {"id": f"plan-{number}", "name": _name(number), "organizations": [ORGANIZATION]}
    return {**named, "product": _product(number), "items": [kind | {"currencyIsoCode": "EUR"} | dates | prices]}


def _charge(number: int, overage: int) -> str:
    quantities = {"prepaidQuantity": 0, "fairuseQuantity": 1000, "actualQuantity": 1000 + overage}
    named = {"id": f"charge-{number}", "name": _name(number), "product": _product(number)}
    charged = {"organizations": [ORGANIZATION], "overageQuantity": overage, "overageCurrency": "EUR"}
    text = json.dumps(named | quantities | charged)[:-1]
    return f'{text},"overageRate":1.25,"overageCharge":{decimal_text(overage * _RATE, 2)}}}'


def _name(number: int) -> str:
    return f"Product {number:03d}"


def _product(number: int) -> dict[str, str]:
    sku = f"GC-170-NV-{number:03d}"
    return {"id": f"product-{number}", "sku": sku, "name": _name(number), "unitOfMeasure": "Each"}


def _dumped(value: object) -> memoryview:
    return _body(json.dumps(value))


def _body(text: str) -> memoryview:
    return memoryview(text.encode())
