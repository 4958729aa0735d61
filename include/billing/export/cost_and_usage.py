"""FOCUS Cost and Usage, as the FinOps Foundation's specification 1.2 and 1.4 have it."""

from __future__ import annotations

from billing.export.charges import Charge
from billing.export.columns import Column, Kind


def _price_id(charge: Charge) -> str | None:
    """Return what names the price; FOCUS has none without a unit price."""
    named = charge.sku and charge.unit_price is not None
    return "/".join(filter(None, (charge.sku, charge.terms.price_variant))) if named else None


_MEASURED: tuple[Column[Charge], ...] = (
    Column("BilledCost", Kind.MONEY, lambda charge: charge.amount),
    Column("BillingAccountId", Kind.RAW_TEXT, lambda charge: charge.account_id),
    Column("BillingAccountName", Kind.TEXT, lambda charge: charge.bill.account_name or charge.stored.account),
    Column("BillingCurrency", Kind.TEXT, lambda charge: charge.stored.currency),
    Column("BillingPeriodStart", Kind.MOMENT, lambda charge: charge.billing_period[0]),
    Column("BillingPeriodEnd", Kind.MOMENT, lambda charge: charge.billing_period[1]),
    Column("ChargeCategory", Kind.TEXT, lambda charge: charge.terms.category),
    Column("ChargeClass", Kind.TEXT, lambda charge: "Correction" if charge.correction else None),
    Column("ChargeDescription", Kind.TEXT, lambda charge: charge.description),
    Column("ChargeFrequency", Kind.TEXT, lambda charge: charge.terms.frequency),
    Column("ChargePeriodStart", Kind.MOMENT, lambda charge: charge.charge_period[0]),
    Column("ChargePeriodEnd", Kind.MOMENT, lambda charge: charge.charge_period[1]),
    Column("ConsumedQuantity", Kind.NUMBER, lambda charge: charge.quantity),
    Column("ConsumedUnit", Kind.TEXT, lambda charge: charge.terms.unit if charge.is_usage else None),
    Column("ContractedCost", Kind.MONEY, lambda charge: charge.amount),
    Column("ContractedUnitPrice", Kind.NUMBER, lambda charge: charge.unit_price),
    Column("EffectiveCost", Kind.MONEY, lambda charge: charge.amount),
    Column("InvoiceId", Kind.RAW_TEXT, lambda charge: charge.stored.invoice.invoice_id),
    Column("InvoiceIssuerName", Kind.TEXT, lambda charge: charge.issuer.title),
    Column("ListCost", Kind.MONEY, lambda charge: charge.amount),
    Column("ListUnitPrice", Kind.NUMBER, lambda charge: charge.unit_price),
    Column("PricingCategory", Kind.TEXT, lambda charge: "Standard" if charge.is_usage else None),
    Column("PricingQuantity", Kind.NUMBER, lambda charge: charge.quantity),
    Column("PricingUnit", Kind.TEXT, lambda charge: charge.terms.unit if charge.is_usage else None),
)
_PROVIDER_1_2: tuple[Column[Charge], ...] = (
    # always null; 1.2's rules on ConsumedQuantity read it and cannot be evaluated without
    Column("CommitmentDiscountStatus", Kind.TEXT, lambda charge: None),  # noqa: ARG005
    Column("ProviderName", Kind.TEXT, lambda charge: charge.issuer.title),
    Column("PublisherName", Kind.TEXT, lambda charge: charge.issuer.title),
)
_PROVIDED: tuple[Column[Charge], ...] = (
    Column("RegionId", Kind.TEXT, lambda charge: charge.region_id),
    Column("RegionName", Kind.TEXT, lambda charge: charge.terms.region),
    Column("ServiceCategory", Kind.TEXT, lambda charge: charge.terms.service.category),
    Column("ServiceName", Kind.TEXT, lambda charge: charge.terms.service.name),
    Column("ServiceSubcategory", Kind.TEXT, lambda charge: charge.terms.service.subcategory),
    Column("SkuId", Kind.TEXT, lambda charge: charge.sku),
    Column("SkuMeter", Kind.TEXT, lambda charge: charge.terms.meter if charge.sku else None),
    Column("SkuPriceId", Kind.TEXT, _price_id),
    Column("SkuPriceDetails", Kind.TEXT, lambda charge: None),  # noqa: ARG005
    Column("SubAccountId", Kind.TEXT, lambda charge: charge.terms.sub_account_id),
    Column("SubAccountName", Kind.TEXT, lambda charge: charge.terms.sub_account_name),
)
_OWN: tuple[Column[Charge], ...] = (
    Column("x_Account", Kind.RAW_TEXT, lambda charge: charge.stored.account),
    Column("x_ChargeDescription", Kind.RAW_TEXT, lambda charge: charge.description),
    Column("x_Rate", Kind.NUMBER, lambda charge: charge.line and charge.line.rate),
    Column("x_ServiceName", Kind.RAW_TEXT, lambda charge: charge.terms.service.name),
    Column("x_StatementNumber", Kind.RAW_TEXT, lambda charge: charge.stored.invoice.statement_number),
    Column("x_Version", Kind.COUNT, lambda charge: charge.stored.version),
    Column("x_ContentHash", Kind.TEXT, lambda charge: charge.stored.sha256.hex()),
)

_PROVIDER_1_4: tuple[Column[Charge], ...] = (
    Column("HostProviderName", Kind.TEXT, lambda charge: charge.issuer.title),
    Column("InvoiceDetailId", Kind.RAW_TEXT, lambda charge: charge.detail_id),
    Column("ServiceProviderName", Kind.TEXT, lambda charge: charge.issuer.title),
)

COST_AND_USAGE_1_2 = (*_MEASURED, *_PROVIDER_1_2, *_PROVIDED, *_OWN)
COST_AND_USAGE_1_4 = (*_MEASURED, *_PROVIDER_1_4, *_PROVIDED, *_OWN)
