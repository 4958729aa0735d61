"""Acme's billing operations as requests. Source: name the vendor's page and the day on which it was read."""

from __future__ import annotations

from billing.month import Month
from billing_vendors.base.client.request import Request

INVOICES_PER_PAGE = 100  # the API's maximum

LIST_INVOICES = "list_invoices"


def list_invoices(month: Month) -> Request:
    """Ask for the first page of a month's invoices."""
    return Request(LIST_INVOICES, "/v1/invoices", {"month": str(month), "limit": str(INVOICES_PER_PAGE)})
