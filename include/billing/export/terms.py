"""What only a vendor knows of its lines in terms of FOCUS: service, kind of charge, unit, contract."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from billing.models import Invoice, InvoiceLine


@dataclass(frozen=True, slots=True)
class Service:
    """
    The service that a line charges for.

    :param category: one of FOCUS's service categories; it is closed, unlike the name.
    """

    name: str
    category: str = "Other"
    subcategory: str = "Other (Other)"


@dataclass(frozen=True, slots=True)
class ChargeTerms:
    """
    What a line is in terms of FOCUS.

    :param category: ``Usage``, ``Credit``, ``Tax``, ``Adjustment`` or ``Purchase``.
    :param frequency: ``Usage-Based``, ``Recurring`` or ``One-Time``.
    :param unit: of the quantity; None where the line has none.
    :param price_variant: what makes several prices of one SKU: the region, prepaid or overage.
    """

    service: Service
    category: str
    frequency: str
    unit: str | None = None
    meter: str | None = None
    price_variant: str | None = None
    region: str | None = None
    sub_account_id: str | None = None
    sub_account_name: str | None = None


@dataclass(frozen=True, slots=True)
class BillTerms:
    """
    What a whole invoice says.

    :param account_id: the vendor's own number of the customer; None if the invoice has none.
    :param payment_terms: as the vendor writes them.
    :param due_on: when it is to be paid; None if neither date nor terms say it.
    """

    account_id: str | None = None
    account_name: str | None = None
    payment_terms: str | None = None
    due_on: date | None = None
    purchase_order: str | None = None


class ExportTerms:
    """
    What is said of a vendor's bills where nothing better is known; a vendor's folder overrides what it knows.

    :param footing_control: the control that compares an invoice's lines with its total. Only a difference that it
        accepts, or that a person has accepted, is exported; with none, no difference is.
    """

    footing_control: str | None = None

    def bill(self, invoice: Invoice) -> BillTerms:  # noqa: ARG002 (for those that override it)
        """Return what the invoice says as a whole."""
        return BillTerms()

    def charge(self, line: InvoiceLine) -> ChargeTerms:
        """Return what a line is: a negative one is a credit, any other one usage."""
        service = Service(line.product_group or line.product or "Service")
        if line.amount < 0 or line.credit_coupon:
            return ChargeTerms(service, "Credit", "One-Time")
        return ChargeTerms(service, "Usage", "Usage-Based", line.unit or "Units", line.usage_type, line.region)

    def residual_category(self, invoice: Invoice) -> str:  # noqa: ARG002 (as above)
        """Return what an accepted difference between total and lines is."""
        return "Adjustment"
