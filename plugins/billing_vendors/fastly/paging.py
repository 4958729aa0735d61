"""Where Fastly's paged answers keep their cursors, and whether a listing is whole. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from billing.errors import PayloadError
from billing.json_parts import members, page
from billing.month import Month
from billing.payloads import exact_json
from billing.payloads.json_reader import JsonObject
from billing.payloads.response import Response
from billing_vendors.base.client.paging import PageHead, Paging
from billing_vendors.fastly import endpoints
from billing_vendors.fastly.parse import month_of

_MOST_PAGES = 500
_HEAD = ("invoice_id", "billing_start_date")


class InvoicePaging(Paging):
    """The invoices around a month."""

    most_pages: ClassVar[int] = _MOST_PAGES

    def __init__(self, month: Month) -> None:
        super().__init__(endpoints.v3_list_invoices(month))

    def read_head(self, page: Response) -> PageHead:
        """Read ``meta``, and the ids of the invoices."""
        invoices = list_page(page)
        row_ids = [row.invoice_id for row in invoices.rows]
        return PageHead(next_cursor(invoices.holder), row_ids, declared_total(invoices.holder))


class ServiceUsagePaging(Paging):
    """The services that used one product; ``data`` is one object here, and ``meta`` stands in it."""

    most_pages: ClassVar[int] = _MOST_PAGES

    def __init__(self, month: Month, product_id: str, usage_type: str) -> None:
        super().__init__(endpoints.v3_service_usage_metrics(month, product_id, usage_type))

    def read_head(self, page: Response) -> PageHead:
        """Read ``data.meta``, and the ids of the services."""
        usage = _services(page)
        row_ids = [row.identifier("service_id") for row in usage.objects("details")]
        return PageHead(next_cursor(usage), row_ids, declared_total(usage))


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


def service_cursor(response: Response) -> str | None:
    """Return the next cursor of a service usage answer, whose ``data`` is one object."""
    return next_cursor(_services(response))


def declared_total(holder: JsonObject) -> int | None:
    """Return ``meta.total``, how many rows Fastly says there are; None where it says nothing."""
    meta = holder.object_or_none("meta")
    total = None if meta is None else meta.number_or_none("total")
    return None if total is None else int(total)


def _take_apart(response: Response) -> ListPage:
    sources, meta = page(response.body, "data", "meta", response.request)
    rows = (_row(source, f"{response.request}, data {place}") for place, source in enumerate(sources, start=1))
    return ListPage(tuple(rows), JsonObject({"meta": exact_json.loads(meta)}, response.request))


def _row(source: bytes, where: str) -> ListedRow:
    row = members(source, where)
    head = JsonObject({name: exact_json.loads(row[name]) for name in _HEAD if name in row}, where)
    return ListedRow(head.identifier("invoice_id"), month_of(head), source)


def _services(response: Response) -> JsonObject:
    page = JsonObject(response.json_object(), response.request).object_or_none("data")
    if page is None:
        raise PayloadError(f"{response.request}: data is missing")
    return page


def next_cursor(holder: JsonObject) -> str | None:
    """Return the next cursor of what holds ``meta``; None, null, or an empty text at the end."""
    meta = holder.object_or_none("meta")
    return None if meta is None else meta.text_or_none("next_cursor")
