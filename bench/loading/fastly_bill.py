"""
A month of one Fastly customer as the bytes of v3 responses, of any size, in which every figure agrees.

An invoice has a line for each product and region, and again from the start if it has more. The list, each invoice by
id, the usage metrics and the use by service are rendered once; nothing is computed while a client waits.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal

from loading.truth import Rendered, Truth, decimal_text

MONTH = "2026-10"
CUSTOMER = "xBenchCustomer00000001"
PER_PAGE = 200  # the API's maximum, which the product asks for
REGIONS = ("North America", "Europe", "Asia", "South America", "Australia")
PRODUCTS = tuple(f"Delivery Class {number:02d} Requests" for number in range(1, 21))
METERS = len(PRODUCTS) * len(REGIONS)
_START, _END, _POSTED = "2026-10-01T00:00:00Z", "2026-10-31T23:59:59Z", "2026-11-02T09:30:00Z"
_LONG_QUANTITY = 900_719_925_474_099_312  # in ten-thousandths; on the first line of each invoice


def render(base_url: str, invoices: int, lines: int, *, changed: bool = False) -> Rendered:  # noqa: ARG001 (every vendor's signature)
    """
    Render a month.

    :param base_url: where it will be served; Fastly's responses contain no link.
    :param lines: of each invoice.
    :param changed: the last line of the last invoice bills one unit more, and its invoice as much.
    """
    bodies: dict[str, memoryview] = {}
    sums = [0] * METERS  # of each meter's quantity, in ten-thousandths
    cents = 0
    pages = range(0, invoices, PER_PAGE)
    for first in pages:
        page = bytearray(b'{"data":[')
        places = []
        for number in range(first, min(first + PER_PAGE, invoices)):
            text, total = _invoice(number, lines, sums, more=int(changed and number == invoices - 1))
            cents += total
            places.append((number, len(page), len(page) + len(text)))
            page += text + b","
        cursor = f'"next_cursor":"{first + PER_PAGE}",' if first + PER_PAGE < invoices else ""
        page[-1:] = f'],"meta":{{{cursor}"limit":{PER_PAGE},"total":{invoices}}}}}'.encode()
        body = memoryview(bytes(page))
        bodies[f"/billing/v3/invoices {first or ''}".rstrip()] = body
        bodies |= {f"/billing/v3/invoices/{_id(number)}": body[start:end] for number, start, end in places}
    listed = sum(len(body) for key, body in bodies.items() if key.partition(" ")[0] == "/billing/v3/invoices")
    truth = Truth(invoices, invoices * lines, Decimal(decimal_text(cents, 2)), Decimal(decimal_text(sum(sums), 4)))
    return Rendered(bodies | dict(_usage(sums)), truth, listed)


def asked_for(path: str, query: dict[str, list[str]]) -> str:
    """Return the key of a request's body."""
    told = query.get("cursor") or query.get("product_id")
    return f"{path} {told[0]}" if told else path


def _id(number: int) -> str:
    return str(40_000_000 + number)


def _invoice(number: int, lines: int, sums: list[int], more: int) -> tuple[bytes, int]:
    """Return an invoice and its total in cents; add its quantities to the sums."""
    texts, total = [], 0
    for position in range(lines):
        quantity = _quantity(number, position) + (more * 10_000 if position == lines - 1 else 0)
        meter = position % METERS
        rate = 1 if position == 0 else 7_500 + 1_250 * (meter % 37)  # in billionths
        cents = (rate * quantity + 50_000_000_000) // 100_000_000_000
        total += cents
        sums[meter] += quantity
        texts.append(_line(meter, rate, quantity, cents))
    head = (
        f'{{"customer_id":"{CUSTOMER}","invoice_id":"{_id(number)}","invoice_posted_on":"{_POSTED}",'
        f'"billing_start_date":"{_START}","billing_end_date":"{_END}","statement_number":"ST{_id(number)}",'
        f'"currency_code":"USD","monthly_transaction_amount":{decimal_text(total, 2)},"transaction_line_items":['
    )
    return f"{head}{','.join(texts)}]}}".encode(), total


def _quantity(number: int, position: int) -> int:
    if position == 0:
        return _LONG_QUANTITY + number
    return 10_000 + (number * 7_919 + position * 104_729) % 9_999_991


def _line(meter: int, rate: int, quantity: int, cents: int) -> str:
    product, region = PRODUCTS[meter % len(PRODUCTS)], REGIONS[meter // len(PRODUCTS)]
    return (
        f'{{"description":"{product}","amount":{decimal_text(cents, 2)},"rate":{decimal_text(rate, 9)},'
        f'"units":{decimal_text(quantity, 4)},"product_name":"{product}","product_group":"Full Site Delivery",'
        f'"product_line":"Network Services","region":"{region}","usage_type":"requests_{meter % len(PRODUCTS):02d}"}}'
    )


def _usage(sums: list[int]) -> Iterator[tuple[str, memoryview]]:
    """Yield the month's usage, and each product's use by its one service."""
    rows, by_product = [], [0] * len(PRODUCTS)
    for meter, quantity in enumerate(sums):
        product = meter % len(PRODUCTS)
        by_product[product] += quantity
        named = {"month": MONTH, "name": PRODUCTS[product], "region": REGIONS[meter // len(PRODUCTS)]}
        kind = {"usage_type": f"requests_{product:02d}", "unit": "unit", "product_id": f"product-{product:02d}"}
        measured = f'"quantity":{decimal_text(quantity, 4)},"raw_quantity":{decimal_text(quantity, 4)}'
        rows.append(json.dumps(named | kind | {"last_updated_at": _POSTED})[:-1] + f", {measured}}}")
    yield "/billing/v3/usage-metrics", _body(f'{{"data": [{",".join(rows)}]}}')
    for product, quantity in enumerate(by_product):
        detail = f'{{"service_id":"s1","service_name":"www","usage_units":{decimal_text(quantity, 4)}}}'
        interval = f'"start_time":"{_START}","end_time":"{_END}"'
        text = f'{{"data":{{{interval},"unit":"unit","details":[{detail}],"meta":{{"total":1}}}}}}'
        yield f"/billing/v3/service-usage-metrics product-{product:02d}", _body(text)


def _body(text: str) -> memoryview:
    return memoryview(text.encode())
