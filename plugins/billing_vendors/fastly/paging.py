"""Where Fastly's paged answers keep their cursors, and whether a listing is whole. Pure."""

from __future__ import annotations

from collections.abc import Callable

from billing.errors import PayloadError
from billing.month import Month
from billing.payloads.json_reader import JsonObject
from billing.payloads.response import Response
from billing_vendors.base.client.page_check import PageConsistencyCheck
from billing_vendors.base.client.request import Pages
from billing_vendors.fastly import endpoints
from billing_vendors.fastly.parse import invoice_rows, month_of

MOST_PAGES = 500


def invoice_pages(month: Month) -> Pages:
    """Page through the invoices around a month; the cursor is ``meta.next_cursor``."""
    first = endpoints.v3_list_invoices(month)
    return Pages(first, list_cursor, most=MOST_PAGES, check=_Whole(first.operation, _invoices))


def service_usage_pages(month: Month, product_id: str, usage_type: str) -> Pages:
    """Page through the services of one product; the cursor is ``data.meta.next_cursor``."""
    first = endpoints.v3_service_usage_metrics(month, product_id, usage_type)
    return Pages(first, service_cursor, most=MOST_PAGES, check=_Whole(first.operation, _services))


def listed_ids(response: Response, month: Month) -> list[str]:
    """
    Return the ids of a list page's invoices of one month.

    :raises PayloadError: the page has no list in ``data``, or a row no id or no start.
    """
    return [row.identifier("invoice_id") for row in invoice_rows(_page(response)) if month_of(row) == month]


def list_cursor(response: Response) -> str | None:
    """Return the next cursor of an invoice list; None, null, or an empty text at the end."""
    return next_cursor(_page(response))


def service_cursor(response: Response) -> str | None:
    """Return the next cursor of a service usage answer, whose ``data`` is one object."""
    return next_cursor(_services(response)[0])


def declared_total(holder: JsonObject) -> int | None:
    """Return ``meta.total``, how many rows Fastly says there are; None where it says nothing."""
    meta = holder.object_or_none("meta")
    total = None if meta is None else meta.number_or_none("total")
    return None if total is None else int(total)


class _Whole:
    """
    Makes sure that one paged read brings every row, once.

    :param page_of: gives the object that holds ``meta``, and the ids of the rows.
    """

    def __init__(self, operation: str, page_of: Callable[[Response], tuple[JsonObject, list[str]]]) -> None:
        self._page_of = page_of
        self._seen = PageConsistencyCheck(operation)

    def __call__(self, response: Response, cursor: str | None) -> None:
        """Take in a page; at the end compare with how many rows Fastly says there are."""
        holder, ids = self._page_of(response)
        self._seen.take(ids, cursor)
        if not cursor:
            self._seen.check(declared_total(holder))


def _invoices(response: Response) -> tuple[JsonObject, list[str]]:
    page = _page(response)
    return page, [row.identifier("invoice_id") for row in invoice_rows(page)]


def _page(response: Response) -> JsonObject:
    return JsonObject(response.parsed, response.request)


def _services(response: Response) -> tuple[JsonObject, list[str]]:
    page = _page(response).object_or_none("data")
    if page is None:
        raise PayloadError(f"{response.request}: data is missing")
    return page, [row.identifier("service_id") for row in page.objects("details")]


def next_cursor(holder: JsonObject) -> str | None:
    """Return the next cursor of what holds ``meta``; None, null, or an empty text at the end."""
    meta = holder.object_or_none("meta")
    return None if meta is None else meta.text_or_none("next_cursor")
