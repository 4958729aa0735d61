"""
Fastly's billing operations as requests.

Source: reference pages "Billing" (v2), "Invoices" and "Usage metrics" (v3), official clients 7.0.0 and 15.0.0,
checked 2026-11-22.
"""

from __future__ import annotations

from datetime import timedelta

from billing.month import Month
from billing_vendors.base.client.request import JSON, Request, segment

INVOICES_PER_PAGE = 200  # the API's maximum
SERVICES_PER_PAGE = 10_000  # the API's maximum

V2_MONTH = "v2.invoice_by_month"
V2_INVOICE = "v2.invoice_by_id"
V2_ESTIMATE = "v2.month_to_date"
V3_LIST = "v3.list_invoices"
V3_INVOICE = "v3.invoice_by_id"
V3_ESTIMATE = "v3.month_to_date"
V3_USAGE = "v3.usage_metrics"
V3_SERVICE_USAGE = "v3.service_usage_metrics"


def v2_invoice_by_month(month: Month, form: str = JSON) -> Request:
    """Create the request for the bill of a month; the month always has two digits."""
    return Request(V2_MONTH, f"/billing/v2/year/{month.year:04d}/month/{month.month:02d}", accept=form)


def v2_invoice_by_id(customer_id: str, invoice_id: str, form: str = JSON) -> Request:
    """Create the request for one bill."""
    return Request(V2_INVOICE, f"{_customer(customer_id)}/invoices/{segment(invoice_id, 'invoice_id')}", accept=form)


def v2_month_to_date(customer_id: str, month: Month) -> Request:
    """Create the request for the estimate; on 202 the same request is sent again later."""
    params = {"month": f"{month.month:02d}", "year": f"{month.year:04d}"}
    return Request(V2_ESTIMATE, f"{_customer(customer_id)}/mtd_invoice", params, accepted=(200, 202))


def v3_list_invoices(month: Month) -> Request:
    """
    Create the request for the invoices around a month, from the month before to the month after.

    What the two dates filter and whether the ends are included is not documented, so the window is wider than the month
    and invoices are chosen by their own period.
    """
    params = {
        "billing_start_date": month.shifted(-1).first_day.isoformat(),
        "billing_end_date": (month.shifted(2).first_day - timedelta(days=1)).isoformat(),
        "limit": str(INVOICES_PER_PAGE),
    }
    return Request(V3_LIST, "/billing/v3/invoices", params)


def v3_invoice_by_id(invoice_id: str) -> Request:
    """Create the request for one invoice."""
    return Request(V3_INVOICE, f"/billing/v3/invoices/{segment(invoice_id, 'invoice_id')}")


def v3_month_to_date() -> Request:
    """Create the request for the estimate of the running month; there is no parameter for another month."""
    return Request(V3_ESTIMATE, "/billing/v3/invoices/month-to-date", accepted=(200, 202))


def v3_usage_metrics(month: Month, end: Month | None = None) -> Request:
    """
    Create the request for what was metered in a month, and in those after it up to ``end``.

    Whether ``end_month`` is included is not documented.
    """
    months = {"start_month": str(month), "end_month": str(end or month)}
    return Request(V3_USAGE, "/billing/v3/usage-metrics", months)


def v3_service_usage_metrics(month: Month, product_id: str = "", usage_type: str = "") -> Request:
    """
    Create the request for one product's usage by service.

    Without product and usage type the vendor returns each service's usage of all products together.
    """
    kind = {"product_id": product_id, "usage_type_name": usage_type} if product_id else {}
    months = {"start_month": str(month), "end_month": str(month)}
    params = {**kind, **months, "limit": str(SERVICES_PER_PAGE)}
    return Request(V3_SERVICE_USAGE, "/billing/v3/service-usage-metrics", params)


def _customer(customer_id: str) -> str:
    return f"/billing/v2/account_customers/{segment(customer_id, 'customer_id')}"
