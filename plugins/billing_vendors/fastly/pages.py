"""Where Fastly's paged answers keep their cursors. Pure."""

from __future__ import annotations

from billing.answer import Answer
from billing.errors import PayloadError
from billing.fields import Fields
from billing.period import BillingPeriod
from billing_vendors.base.question import Pages
from billing_vendors.fastly import questions

MOST_PAGES = 500


def invoice_pages(period: BillingPeriod) -> Pages:
    """Page through the invoices around a month; the cursor is ``meta.next_cursor``."""
    return Pages(questions.v3_list_invoices(period), list_cursor, most=MOST_PAGES)


def service_usage_pages(period: BillingPeriod, product_id: str, usage_type: str) -> Pages:
    """Page through the services of one product; the cursor is ``data.meta.next_cursor``."""
    return Pages(questions.v3_service_usage_metrics(period, product_id, usage_type), service_cursor, most=MOST_PAGES)


def list_cursor(answer: Answer) -> str | None:
    """Give the next cursor of an invoice list; None, null, or an empty text at the end."""
    page = Fields(answer.json_object(), answer.request)
    if not isinstance(page.optional("data"), list):
        raise PayloadError(f"{answer.request}: data should be a list")
    return _cursor(page)


def service_cursor(answer: Answer) -> str | None:
    """Give the next cursor of a service usage answer, whose ``data`` is one object."""
    page = Fields(answer.json_object(), answer.request).object_or_none("data")
    if page is None:
        raise PayloadError(f"{answer.request}: data is missing")
    return _cursor(page)


def _cursor(holder: Fields) -> str | None:
    meta = holder.object_or_none("meta")
    return None if meta is None else meta.text_or_none("next_cursor")
