"""Fastly's lines in terms of FOCUS. Pure."""

from __future__ import annotations

from billing.controls.checks.line_types import is_shortfall
from billing.export.terms import BillTerms, ChargeTerms, ExportTerms, Service
from billing.models import Invoice, InvoiceLine
from billing.names import name_key
from billing_vendors.fastly.lines import is_discount, is_tax

_DELIVERY = ("Networking", "Content Delivery")
_SERVICES = {  # what a product or its group names; the first that fits
    "waf": ("Security", "Threat Detection and Response"),
    "security": ("Security", "Other (Security)"),
    "ddos": ("Security", "Threat Detection and Response"),
    "bot": ("Security", "Threat Detection and Response"),
    "tls": ("Security", "Other (Security)"),
    "compute": ("Compute", "Serverless Compute"),
    "support": ("Management and Governance", "Support"),
}


class FastlyExportTerms(ExportTerms):
    """See :class:`billing.export.terms.ExportTerms`."""

    footing_control = "F1"

    def bill(self, invoice: Invoice) -> BillTerms:
        """Return the customer's id: an invoice of the API has neither terms of payment nor a due date."""
        return BillTerms(account_id=invoice.attributes.get("customer_id"))

    def charge(self, line: InvoiceLine) -> ChargeTerms:
        """Return what a line is, by its coupon, its sign and its names."""
        service = _service(line)
        if is_tax(line):
            return ChargeTerms(service, "Tax", "One-Time")
        if line.credit_coupon or line.amount < 0 or is_discount(line):
            return ChargeTerms(service, "Credit", "One-Time")
        if is_shortfall(line):
            return ChargeTerms(service, "Usage", "Recurring", "Units", "commitment")
        if line.usage_type is None:
            return ChargeTerms(service, "Usage", "Recurring", line.unit or "Units", "subscription", region=line.region)
        return ChargeTerms(
            service, "Usage", "Usage-Based", _unit(line), line.usage_type, line.region, region=line.region
        )


def _service(line: InvoiceLine) -> Service:
    """Return the product's group, and its category by its name: FOCUS has one category for one name."""
    name = line.product_group or line.product or "Full-Site Delivery"
    words = name_key(name)
    category, subcategory = next((found for word, found in _SERVICES.items() if word in words), _DELIVERY)
    return Service(name, category, subcategory)


def _unit(line: InvoiceLine) -> str:
    """
    Return the unit of what was metered: the vendor's, if the line has one, else that of its price list.

    Source: "About the charges on your bill" (prices a gigabyte and for 10,000 requests), checked 2026-11-22.
    """
    words = name_key(line.usage_type)
    known = "GB" if "bandwidth" in words else "10000 Requests" if "request" in words else "Units"
    return line.unit or known


TERMS = FastlyExportTerms()
