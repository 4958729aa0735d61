"""Genesys Cloud's invoices, their lines by pages, and their files; typed: each number straight from its text."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import msgspec

from loading.source import Found, Get, Row, Source

_INVOICES = "/api/v2/billing/contracts/invoices"


class Head(msgspec.Struct):
    """One invoice of the listing; amount in major units."""

    id: str
    amount: Decimal
    currencyIsoCode: str  # noqa: N815 (the vendor's name)
    dateInvoiced: str  # noqa: N815 (the same)


class Product(msgspec.Struct):
    """What a line bills."""

    sku: str


class Line(msgspec.Struct):
    """One line; amount in major units."""

    id: str
    description: str
    amount: Decimal
    quantity: Decimal
    unitOfMeasure: str  # noqa: N815 (the vendor's name)
    dateStart: str  # noqa: N815 (the same)
    dateEnd: str  # noqa: N815 (the same)
    product: Product


class Page(msgspec.Struct):
    """One page of invoices or lines; each row as its bytes."""

    entities: list[msgspec.Raw]
    nextUri: str | None = None  # noqa: N815 (the vendor's name)


class Lines(msgspec.Struct):
    """One page of lines."""

    entities: list[Line]


class Link(msgspec.Struct):
    """Where an invoice's file is."""

    url: str


_decode_page = msgspec.json.Decoder(Page).decode
_decode_head = msgspec.json.Decoder(Head).decode
_decode_lines = msgspec.json.Decoder(Lines).decode
_decode_link = msgspec.json.Decoder(Link).decode


def _pages(get: Get) -> Iterator[list[Found]]:
    for body in _bodies(get, _INVOICES):
        for row in _decode_page(body).entities:
            invoice_id = _decode_head(row).id
            pages = list(_bodies(get, f"{_INVOICES}/{invoice_id}/lines"))
            link = _decode_link(get(f"{_INVOICES}/{invoice_id}/document", {})).url
            get(f"/files/{link.rpartition('/')[2]}", {})  # read, and not kept
            yield [Found(invoice_id, (bytes(row), *pages))]


def _bodies(get: Get, path: str) -> Iterator[bytes]:
    params: dict[str, str] | None = {"pageSize": "200"}
    while params is not None:
        body = get(path, params)
        yield body
        after = parse_qs(urlsplit(_decode_page(body).nextUri or "").query).get("after")
        params = {"pageSize": "200", "after": after[0]} if after else None


def _rows(found: Found) -> tuple[Row, list[Row]]:
    head, pages = _decode_head(found.pieces[0]), found.pieces[1:]
    lines = [_line(line) for page in pages for line in _decode_lines(page).entities]
    return (head.amount, head.currencyIsoCode, head.dateInvoiced), lines


def _line(line: Line) -> Row:
    dates = (line.dateStart, line.dateEnd)
    return (line.id, line.description, line.amount, line.quantity, line.unitOfMeasure, *dates, line.product.sku)


GENESYS_CLOUD = Source(
    "line_id text, description text, amount numeric, quantity numeric, unit text, service_start date,"
    " service_end date, product text",
    _pages,
    _rows,
)
