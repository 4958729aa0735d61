"""Where Fastly's paged answers keep their cursors, and whether a listing is whole. Pure."""

from __future__ import annotations

from collections.abc import Callable

from billing.answer import Answer
from billing.errors import PayloadError
from billing.fields import Fields
from billing.period import BillingPeriod
from billing_vendors.base.question import Pages
from billing_vendors.base.rows_seen import RowsSeen
from billing_vendors.fastly import questions

MOST_PAGES = 500


def invoice_pages(period: BillingPeriod) -> Pages:
    """Page through the invoices around a month; the cursor is ``meta.next_cursor``."""
    first = questions.v3_list_invoices(period)
    return Pages(first, list_cursor, most=MOST_PAGES, check=_Whole(first.operation, _invoices))


def service_usage_pages(period: BillingPeriod, product_id: str, usage_type: str) -> Pages:
    """Page through the services of one product; the cursor is ``data.meta.next_cursor``."""
    first = questions.v3_service_usage_metrics(period, product_id, usage_type)
    return Pages(first, service_cursor, most=MOST_PAGES, check=_Whole(first.operation, _services))


def list_cursor(answer: Answer) -> str | None:
    """Give the next cursor of an invoice list; None, null, or an empty text at the end."""
    return _cursor(_invoices(answer)[0])


def service_cursor(answer: Answer) -> str | None:
    """Give the next cursor of a service usage answer, whose ``data`` is one object."""
    return _cursor(_services(answer)[0])


def declared_total(holder: Fields) -> int | None:
    """Give ``meta.total``, how many rows Fastly says there are; None where it says nothing."""
    meta = holder.object_or_none("meta")
    total = None if meta is None else meta.number_or_none("total")
    return None if total is None else int(total)


class _Whole:
    """
    Makes sure that one paged read brings every row, once.

    :param page_of: gives the object that holds ``meta``, and the ids of the rows.
    """

    def __init__(self, operation: str, page_of: Callable[[Answer], tuple[Fields, list[str]]]) -> None:
        self._page_of = page_of
        self._seen = RowsSeen(operation)

    def __call__(self, answer: Answer, cursor: str | None) -> None:
        """Take in a page; at the end compare with how many rows Fastly says there are."""
        holder, ids = self._page_of(answer)
        self._seen.take(ids, cursor)
        if not cursor:
            self._seen.check(declared_total(holder))


def _invoices(answer: Answer) -> tuple[Fields, list[str]]:
    page = Fields(answer.json_object(), answer.request)
    if not isinstance(page.optional("data"), list):
        raise PayloadError(f"{answer.request}: data should be a list")
    return page, [row.identifier("invoice_id") for row in page.objects("data")]


def _services(answer: Answer) -> tuple[Fields, list[str]]:
    page = Fields(answer.json_object(), answer.request).object_or_none("data")
    if page is None:
        raise PayloadError(f"{answer.request}: data is missing")
    return page, [row.identifier("service_id") for row in page.objects("details")]


def _cursor(holder: Fields) -> str | None:
    meta = holder.object_or_none("meta")
    return None if meta is None else meta.text_or_none("next_cursor")
