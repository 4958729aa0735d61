"""How the listing of invoices goes on and ends: ``next_cursor``; ``total_count`` counts the rows of all pages. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from billing_vendors.base.client.page_check import PageConsistencyCheck

from billing.month import Month
from billing.payloads.json_reader import JsonObject
from billing.payloads.response import Response
from billing_vendors.acme import endpoints
from billing_vendors.base.client.request import Pages

MOST_PAGES = 100


def invoice_pages(month: Month) -> Pages:
    """Return the pages of a month's invoices."""
    first = endpoints.list_invoices(month)
    return Pages(first, next_cursor, most=MOST_PAGES, check=_Whole(first.operation))


def page_of(response: Response) -> JsonObject:
    """Return the object that a page is."""
    return JsonObject(response.json_object(), response.request)


def invoice_rows(response: Response) -> Iterator[JsonObject]:
    """Yield the rows of one page."""
    return page_of(response).objects("invoices")


def next_cursor(response: Response) -> str | None:
    """Return the cursor of the next page; None on the last one."""
    return page_of(response).text_or_none("next_cursor")


def declared_total(response: Response) -> int | None:
    """Return how many invoices the vendor counts over all pages; None where it does not say."""
    total = page_of(response).number_or_none("total_count")
    return None if total is None else int(total)


class _Whole:
    """Makes sure that one paged read brings every row, once."""

    def __init__(self, operation: str) -> None:
        self._seen = PageConsistencyCheck(operation)

    def __call__(self, response: Response, cursor: str | None) -> None:
        self._seen.take([row.identifier("id") for row in invoice_rows(response)], cursor)
        if not cursor:
            self._seen.check(declared_total(response))
