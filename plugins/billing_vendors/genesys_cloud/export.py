"""Genesys Cloud's lines in terms of FOCUS. Pure."""

from __future__ import annotations

import re
from datetime import timedelta

from billing.export.terms import BillTerms, ChargeTerms, ExportTerms, Service
from billing.matching.price_book import ChargeType
from billing.models import Invoice, InvoiceLine
from billing_vendors.genesys_cloud.matching_terms import TERMS as MATCHING

_NET = re.compile(r"net\s*(\d{1,3})\b", re.IGNORECASE)


class GenesysExportTerms(ExportTerms):
    """See :class:`billing.export.terms.ExportTerms`."""

    footing_control = "G1"

    def bill(self, invoice: Invoice) -> BillTerms:
        """Return customer, purchase order and terms; the due date follows from the terms if they are ``Net 30``."""
        customer = invoice.attributes.get("billToCustomer") or {}
        terms = invoice.attributes.get("paymentTerms")
        net = _NET.search(terms or "")
        due = invoice.issued_at.date() + timedelta(days=int(net[1])) if net and invoice.issued_at else None
        return BillTerms(
            account_id=customer.get("number") or customer.get("id"),
            account_name=customer.get("name"),
            payment_terms=terms,
            due_on=due,
            purchase_order=MATCHING.purchase_order(invoice) or None,
        )

    def charge(self, line: InvoiceLine) -> ChargeTerms:
        """Return what a line is, by its sign and its words: no member of a line says how it is paid."""
        product, organization = line.attributes.get("product") or {}, line.attributes.get("organization") or {}
        service = Service(
            product.get("name") or line.product or "Genesys Cloud",
            "Business Applications",
            "Productivity and Collaboration",
        )
        owner = {"sub_account_id": organization.get("id"), "sub_account_name": organization.get("name")}
        if MATCHING.is_tax(line):
            return ChargeTerms(service, "Tax", "One-Time", **owner)
        if line.amount < 0:
            return ChargeTerms(service, "Credit", "One-Time", **owner)
        kind = MATCHING.charge_type(line)
        unit = line.unit or product.get("unitOfMeasure") or "Units"
        frequency = "Recurring" if kind is ChargeType.PREPAID else "Usage-Based"
        return ChargeTerms(service, "Usage", frequency, unit, unit, kind.value if kind else None, **owner)

    def residual_category(self, invoice: Invoice) -> str:
        """Return tax for a total above the lines: the control accepts it only as one rate of all invoices."""
        return "Tax" if invoice.total > invoice.lines_total else "Adjustment"


TERMS = GenesysExportTerms()
