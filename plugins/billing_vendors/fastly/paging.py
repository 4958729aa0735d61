"""Read cursors and totals from Fastly's pages. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

import msgspec

from billing.month import Month
from billing.payloads.json_reader import JsonObject
from billing.payloads.response import Response
from billing.payloads.rows import members_of, split_rows
from billing_vendors.base.client.paging import PageHead, Paging, check_end
from billing_vendors.fastly import endpoints
from billing_vendors.fastly.parse import month_of
from billing_vendors.fastly.vocabulary import amount_or_none

_MAX_PAGES = 500


class InvoicePaging(Paging):
    """The invoices around a month."""

    most_pages: ClassVar[int] = _MAX_PAGES

    def __init__(self, month: Month) -> None:
        super().__init__(endpoints.v3_list_invoices(month))

    def read_head(self, page: Response) -> PageHead:
        """Read ``meta``, and the ids of the invoices."""
        invoices, rows = split_rows(page, "data")
        row_ids = [row.identifier("invoice_id") for row in _heads(page, rows)]
        return _head(page, invoices, JsonObject(invoices, page.request), row_ids)


class ServiceUsagePaging(Paging):
    """The services that used one product; ``data`` contains ``meta`` here."""

    most_pages: ClassVar[int] = _MAX_PAGES

    def __init__(self, month: Month, product_id: str, usage_type: str) -> None:
        super().__init__(endpoints.v3_service_usage_metrics(month, product_id, usage_type))

    def read_head(self, page: Response) -> PageHead:
        """Read ``data.meta``, and the ids of the services."""
        usage = service_usage_of(JsonObject(page.parsed, page.request))
        row_ids = [row.identifier("service_id") for each in usage for row in each.listed("details")]
        return _head(page, page.parsed, usage[-1] if usage else JsonObject({}, page.request), row_ids)


def listed_ids(response: Response, month: Month) -> list[str]:
    """
    Return the ids of a list page's invoices of one month.

    :raises PayloadError: the page has no list in ``data``, or a row no id or no start.
    """
    _, rows = split_rows(response, "data")
    return [row.identifier("invoice_id") for row in _heads(response, rows) if month_of(row) == month]


def _heads(page: Response, rows: Iterable[msgspec.Raw]) -> Iterator[JsonObject]:
    """Yield of each invoice what says which it is and of which month; its lines are not parsed here."""
    for place, row in enumerate(rows, start=1):
        yield members_of(row, f"{page.request}, data {place}", "invoice_id", "billing_start_date", "billing_end_date")


def service_usage_of(page: JsonObject) -> list[JsonObject]:
    """
    Return the objects in ``data`` of a service usage response: one, a list of them, or none where it is null.

    :raises PayloadError: there is no ``data``, or it is something else.
    """
    one = isinstance(page.optional("data"), dict)
    return [usage for usage in [page.object_or_none("data")] if usage] if one else page.listed("data")


def service_cursor(page: JsonObject) -> str | None:
    """Return the next cursor of a service usage response, which is in the last object of ``data``."""
    usage = service_usage_of(page)
    return next_cursor(usage[-1]) if usage else None


def declared_total(holder: JsonObject) -> int | None:
    """Return ``meta.total``, how many rows Fastly reports; None if it reports no total."""
    meta = holder.object_or_none("meta")
    total = None if meta is None else amount_or_none(meta, "total")
    return None if total is None else int(total)


def _head(page: Response, document: Mapping[str, object], holder: JsonObject, row_ids: list[str]) -> PageHead:
    cursor = next_cursor(holder)
    if not cursor:
        check_end(page, document)
    return PageHead(cursor, row_ids, declared_total(holder))


def next_cursor(holder: JsonObject) -> str | None:
    """Return the next cursor from ``meta``; None, null, or an empty string at the end."""
    meta = holder.object_or_none("meta")
    return None if meta is None else meta.text_or_none("next_cursor")
