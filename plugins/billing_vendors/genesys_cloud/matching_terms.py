"""How Genesys Cloud's rows say by what they are matched: purchase order, wording of a line, organizations. Pure."""

from __future__ import annotations

import re

from billing.matching.price_book import ChargeType
from billing.models import Charge, Invoice, InvoiceLine, Wallet

_TAX = re.compile(r"\b(tax|vat|gst|hst|mwst|ust|iva|tva|btw|moms|mehrwertsteuer|umsatzsteuer)\b|消費税", re.IGNORECASE)


class GenesysTerms:
    """See :class:`billing.matching.receipts.MatchingTerms`."""

    def purchase_order(self, invoice: Invoice) -> str:
        """Return the customer's purchase order as the vendor copied it, without spaces around it."""
        return str(invoice.attributes.get("customerPoNumber") or "").strip()

    def charge_type(self, line: InvoiceLine) -> ChargeType | None:
        """
        Return how what a line bills is paid, by its description: no member says it.

            "Genesys Cloud CX 3 - Prepay"   -> prepaid
            "Genesys Cloud CX 3 - overage"  -> overage
            "Genesys Cloud CX 3"            -> None

        Source: Genesys Cloud help, "Understand your invoice" ("User" and "User - Prepay"), checked 2026-11-22.
        """
        words = line.description.casefold()
        if "prepay" in words or "prepaid" in words:
            return ChargeType.PREPAID
        return ChargeType.OVERAGE if "overage" in words else None

    def is_tax(self, line: InvoiceLine) -> bool:
        """Return whether a line is a tax on the others, by its description: it is of no product."""
        return not line.product and _TAX.search(line.description) is not None

    def organizations(self, row: InvoiceLine | Charge | Wallet) -> frozenset[str]:
        """Return the identifiers of the organizations that a row is for: a line names one, a charge several."""
        named = [row.attributes.get("organization") or {}, *row.attributes.get("organizations", ())]
        return frozenset(str(each["id"]) for each in named if each.get("id"))


TERMS = GenesysTerms()
