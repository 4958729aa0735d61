"""A plain client of a vendor's list: one connection, one request after the other, typed decoding."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

Get = Callable[[str, dict[str, str]], bytes]
Row = tuple[object, ...]


@dataclass(frozen=True)
class Found:
    """
    One invoice as received, not decoded yet.

    :param pieces: its bytes; several pieces are in the vendor's order.
    """

    invoice_id: str
    pieces: Sequence[bytes]


@dataclass(frozen=True)
class Source:
    """
    How one vendor's invoices are read and decoded, keeping every digit.

    :param columns: of a table of lines, beside the invoice's id.
    :param pages: yields the invoices of a page.
    :param rows: decodes an invoice: total, currency, date of issue; and its lines' values in the order of the columns.
    """

    columns: str
    pages: Callable[[Get], Iterator[list[Found]]]
    rows: Callable[[Found], tuple[Row, list[Row]]]

    def read(self, vendor_url: str) -> Iterator[list[Found]]:
        """Read everything over one connection that stays open."""
        base = urlsplit(vendor_url)
        with closing(http.client.HTTPConnection(base.netloc)) as connection:

            def get(path: str, params: dict[str, Any]) -> bytes:
                connection.request("GET", f"{base.path}{path}?{urlencode(params)}")
                return connection.getresponse().read()

            yield from self.pages(get)
