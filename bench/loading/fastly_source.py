"""Fastly's v3 list, typed: each number straight from its text."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from loading.fastly_bill import PER_PAGE
from loading.source import Found, Get, Row, Source


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
    """What a page says about the others."""

    next_cursor: str | None = None


class Page(msgspec.Struct):
    """One page of the list; each invoice as its bytes."""

    data: list[msgspec.Raw]
    meta: Meta


class Head(msgspec.Struct):
    """The one member that identifies an invoice."""

    invoice_id: str


_decode_invoice = msgspec.json.Decoder(Invoice).decode
_decode_head = msgspec.json.Decoder(Head).decode
_decode_page = msgspec.json.Decoder(Page).decode


def _pages(get: Get) -> Iterator[list[Found]]:
    cursor: str | None = ""
    while cursor is not None:
        params = {"limit": str(PER_PAGE)} | ({"cursor": cursor} if cursor else {})
        page = _decode_page(get("/billing/v3/invoices", params))
        yield [Found(_decode_head(raw).invoice_id, (bytes(raw),)) for raw in page.data]
        cursor = page.meta.next_cursor


def _rows(found: Found) -> tuple[Row, list[Row]]:
    invoice = _decode_invoice(found.pieces[0])
    head = (invoice.monthly_transaction_amount, invoice.currency_code, invoice.invoice_posted_on)
    return head, list(map(msgspec.structs.astuple, invoice.transaction_line_items))


FASTLY = Source(
    "description text, amount numeric, rate numeric, quantity numeric, product text, product_group text,"
    " product_line text, region text, usage_type text",
    _pages,
    _rows,
)
