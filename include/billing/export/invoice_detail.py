"""FOCUS Invoice Detail 1.4: one row for each charge of an issued invoice."""

from __future__ import annotations

import json

from billing.export.charges import Charge, midnight
from billing.export.columns import Column, Kind


def _grain(charge: Charge) -> str:
    grain = {
        "ServiceName": charge.terms.service.name,
        "SkuId": charge.sku,
        "RegionId": charge.region_id,
        "SubAccountId": charge.terms.sub_account_id,
    }
    return json.dumps({name: value for name, value in grain.items() if value})


INVOICE_DETAIL_1_4: tuple[Column[Charge], ...] = (
    Column("BilledCost", Kind.MONEY, lambda charge: charge.amount),
    Column("BillingAccountId", Kind.RAW_TEXT, lambda charge: charge.account_id),
    Column("BillingCurrency", Kind.TEXT, lambda charge: charge.stored.currency),
    Column("BillingPeriodEnd", Kind.MOMENT, lambda charge: charge.billing_period[1]),
    Column("BillingPeriodStart", Kind.MOMENT, lambda charge: charge.billing_period[0]),
    Column("ChargeCategory", Kind.TEXT, lambda charge: charge.terms.category),
    Column("InvoiceDetailCreated", Kind.MOMENT, lambda charge: charge.stored.created_at),
    Column("InvoiceDetailDescription", Kind.TEXT, lambda charge: charge.description),
    Column("InvoiceDetailGrain", Kind.TEXT, _grain),
    Column("InvoiceDetailId", Kind.RAW_TEXT, lambda charge: charge.detail_id),
    Column("InvoiceDetailLastUpdated", Kind.MOMENT, lambda charge: charge.stored.updated_at),
    Column("InvoiceId", Kind.RAW_TEXT, lambda charge: charge.stored.invoice.invoice_id),
    Column("InvoiceIssueDate", Kind.MOMENT, lambda charge: charge.stored.invoice.issued_at),
    Column("InvoiceIssueStatus", Kind.TEXT, lambda charge: "Issued"),  # noqa: ARG005 (no other is exported)
    Column("InvoiceIssuerName", Kind.TEXT, lambda charge: charge.issuer.title),
    Column("PaymentDueDate", Kind.MOMENT, lambda charge: charge.bill.due_on and midnight(charge.bill.due_on)),
    Column("PaymentTerms", Kind.TEXT, lambda charge: charge.bill.payment_terms or "Not stated"),
    Column("PurchaseOrderNumber", Kind.TEXT, lambda charge: charge.bill.purchase_order),
    Column("ReferenceInvoiceId", Kind.RAW_TEXT, lambda charge: charge.stored.invoice.invoice_id),
    Column("x_Account", Kind.RAW_TEXT, lambda charge: charge.stored.account),
)
