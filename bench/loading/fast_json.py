"""The fastest way to read a list page that keeps every digit: typed decoding, each number straight from its text."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from decimal import Decimal
from urllib.parse import urlencode, urlsplit

import msgspec

from loading.fastly_bill import PER_PAGE


class Line(msgspec.Struct):
    """One line; amount in major units."""

    description: str
    amount: Decimal
    rate: Decimal
    units: Decimal
    product_name: str
    product_group: str
    product_line: str
    region: str
    usage_type: str


class Invoice(msgspec.Struct):
    """One invoice with its lines."""

    invoice_id: str
    invoice_posted_on: str
    billing_start_date: str
    billing_end_date: str
    statement_number: str
    currency_code: str
    monthly_transaction_amount: Decimal
    transaction_line_items: list[Line]


class Meta(msgspec.Struct):
    """What a page says of the others."""

    next_cursor: str | None = None


class Page(msgspec.Struct):
    """One page of the list; each invoice as its bytes."""

    data: list[msgspec.Raw]
    meta: Meta


class Head(msgspec.Struct):
    """The one member that identifies an invoice."""

    invoice_id: str


decode_invoice = msgspec.json.Decoder(Invoice).decode
decode_head = msgspec.json.Decoder(Head).decode
_decode_page = msgspec.json.Decoder(Page).decode


def pages(vendor_url: str) -> Iterator[list[msgspec.Raw]]:
    """Download the list over one connection; yield the invoices of each page."""
    base = urlsplit(vendor_url)
    connection = http.client.HTTPConnection(base.netloc)
    cursor: str | None = ""
    while cursor is not None:
        query = urlencode({"limit": PER_PAGE} | ({"cursor": cursor} if cursor else {}))
        connection.request("GET", f"{base.path}/billing/v3/invoices?{query}")
        page = _decode_page(connection.getresponse().read())
        yield page.data
        cursor = page.meta.next_cursor
    connection.close()
