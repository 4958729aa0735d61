"""How the listing of invoices goes on and ends: ``next_cursor``; ``total_count`` counts the rows of all pages. Pure."""

from __future__ import annotations

from typing import ClassVar

from billing.month import Month
from billing.payloads.json_reader import JsonObject
from billing.payloads.response import Response
from billing_vendors.acme import endpoints
from billing_vendors.base.client.paging import PageHead, Paging


class InvoicePaging(Paging):
    """The invoices of a month."""

    most_pages: ClassVar[int] = 100

    def __init__(self, month: Month) -> None:
        super().__init__(endpoints.list_invoices(month))

    def read_head(self, page: Response) -> PageHead:
        """Read the cursor, the ids of the invoices, and how many the vendor counts over all pages."""
        row_ids = [row.identifier("id") for row in invoice_rows(page)]
        return PageHead(next_cursor(page), row_ids, declared_total(page))


def invoice_rows(response: Response) -> list[JsonObject]:
    """Return the rows of one page."""
    return _page(response).objects("invoices")


def next_cursor(response: Response) -> str | None:
    """Return the cursor of the next page; None on the last one."""
    return _page(response).text_or_none("next_cursor")


def declared_total(response: Response) -> int | None:
    """Return how many invoices the vendor counts over all pages; None where it does not say."""
    total = _page(response).number_or_none("total_count")
    return None if total is None else int(total)


def _page(response: Response) -> JsonObject:
    return JsonObject(response.json_object(), response.request)
