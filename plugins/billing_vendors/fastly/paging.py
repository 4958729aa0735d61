"""Where Fastly's paged answers keep their cursors, and whether a listing is whole. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from billing.errors import PayloadError
from billing.json_parts import members, page
from billing.month import Month
from billing.payloads import exact_json
from billing.payloads.json_reader import JsonObject
from billing.payloads.response import Response
from billing_vendors.base.client.page_check import PageConsistencyCheck
from billing_vendors.base.client.request import Pages
from billing_vendors.fastly import endpoints
from billing_vendors.fastly.parse import month_of

MOST_PAGES = 500
_HEAD = ("invoice_id", "billing_start_date")


def invoice_pages(month: Month) -> Pages:
    """Page through the invoices around a month; the cursor is ``meta.next_cursor``."""
    first = endpoints.v3_list_invoices(month)
    return Pages(first, list_cursor, most=MOST_PAGES, check=_Whole(first.operation, _invoices))


def service_usage_pages(month: Month, product_id: str, usage_type: str) -> Pages:
    """Page through the services of one product; the cursor is ``data.meta.next_cursor``."""
    first = endpoints.v3_service_usage_metrics(month, product_id, usage_type)
    return Pages(first, service_cursor, most=MOST_PAGES, check=_Whole(first.operation, _services))


@dataclass(frozen=True, slots=True)
class ListedRow:
    """
    One row of an invoice list, by what tells which it is.

    :param source: the bytes of the whole row.
    """

    invoice_id: str
    month: Month
    source: bytes


@dataclass(frozen=True, slots=True)
class ListPage:
    """
    One page of the invoice list.

    :param holder: the object that holds ``meta``.
    """

    rows: tuple[ListedRow, ...]
    holder: JsonObject


def list_page(response: Response) -> ListPage:
    """
    Find the invoices of a list page without reading their lines.

    :raises PayloadError: the page has no list in ``data``, or a row no id or no start.
    """
    return response.once(_take_apart)


def list_cursor(response: Response) -> str | None:
    """Return the next cursor of an invoice list; None, null, or an empty text at the end."""
    return next_cursor(list_page(response).holder)


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
    page = list_page(response)
    return page.holder, [row.invoice_id for row in page.rows]


def _take_apart(response: Response) -> ListPage:
    sources, meta = page(response.body, "data", "meta", response.request)
    rows = (_row(source, f"{response.request}, data {place}") for place, source in enumerate(sources, start=1))
    return ListPage(tuple(rows), JsonObject({"meta": exact_json.loads(meta)}, response.request))


def _row(source: bytes, where: str) -> ListedRow:
    row = members(source, where)
    head = JsonObject({name: exact_json.loads(row[name]) for name in _HEAD if name in row}, where)
    return ListedRow(head.identifier("invoice_id"), month_of(head), source)


def _services(response: Response) -> tuple[JsonObject, list[str]]:
    page = JsonObject(response.json_object(), response.request).object_or_none("data")
    if page is None:
        raise PayloadError(f"{response.request}: data is missing")
    return page, [row.identifier("service_id") for row in page.objects("details")]


def next_cursor(holder: JsonObject) -> str | None:
    """Return the next cursor of what holds ``meta``; None, null, or an empty text at the end."""
    meta = holder.object_or_none("meta")
    return None if meta is None else meta.text_or_none("next_cursor")
