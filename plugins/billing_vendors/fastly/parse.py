"""
Parse v3 documents into values. Pure.

Amounts are in the document's ``currency_code``; a month-to-date document has none. Intervals are returned half-open.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from billing.errors import PayloadError
from billing.models import Invoice, InvoiceLine, MonthToDate, UsageLine
from billing.money import currency_code
from billing.month import Month
from billing.payloads.json_reader import JsonObject
from billing_vendors.fastly.periods import month_begun, month_of_period, period_of
from billing_vendors.fastly.vocabulary import (
    UnknownFields,
    amount,
    amount_or_none,
    end_of,
    identifier_or_none,
    interval_text,
    start_of,
    text_or_none,
)


def month_of(row: JsonObject) -> Month:
    """
    Return the UTC month that holds most of an invoice's billing period.

    :raises PayloadError: it has no start.
    """
    start, end = period_of(row, "billing_start_date", "billing_end_date")
    if start is None:
        raise PayloadError(f"{row.where}: billing_start_date is missing; its month cannot be determined without it")
    return month_of_period(start, end)


def parse_invoice(row: JsonObject, unknown_fields: UnknownFields) -> Invoice:
    """
    Read one posted invoice, from the list or by id.

    :raises PayloadError: id, start, currency or an amount is missing or of another type; names invoice and field.
    """
    invoice_id = row.identifier("invoice_id")
    row.where = f"invoice {invoice_id}"
    start, end = period_of(row, "billing_start_date", "billing_end_date")
    return Invoice(
        invoice_id=invoice_id,
        month=month_of(row),
        period_evidence=f"billing period {interval_text(start, end)}",
        total=amount(row, "monthly_transaction_amount"),
        currency=currency_code(row.text("currency_code")),
        lines=_lines(row, unknown_fields),
        issued_at=start_of(row, "invoice_posted_on"),
        service_start=start,
        service_end=end,
        statement_number=identifier_or_none(row, "statement_number"),
        attributes=unknown_fields.attributes("invoice", row, "customer_id"),
    )


def parse_month_to_date(row: JsonObject, unknown_fields: UnknownFields) -> MonthToDate:
    """
    Read the estimate of the running month; its total is a string, its line amounts are numbers.

    :raises PayloadError: it is not an estimate: id, start or total is missing.
    """
    row.where = "month to date"
    start, currency = start_of(row, "billing_start_date"), text_or_none(row, "currency_code")
    if start is None:
        raise PayloadError(f"{row.where}: billing_start_date is missing; its month cannot be determined without it")
    return MonthToDate(
        invoice_id=row.identifier("invoice_id"),
        month=month_begun(start),
        total=amount(row, "monthly_transaction_amount"),
        currency=currency and currency_code(currency),
        lines=_lines(row, unknown_fields),
        starts_at=start,
        as_of=end_of(row, "billing_end_date"),
        attributes=unknown_fields.attributes("month_to_date", row, "customer_id"),
    )


def parse_usage(row: JsonObject, position: int, unknown_fields: UnknownFields) -> UsageLine:
    """
    Read one row of the usage metrics.

    :raises PayloadError: name or quantity is missing.
    """
    return UsageLine(
        position=position,
        name=row.text("name"),
        quantity=amount(row, "quantity"),
        product=text_or_none(row, "product_id"),
        region=text_or_none(row, "region"),
        usage_type=text_or_none(row, "usage_type"),
        unit=text_or_none(row, "unit"),
        raw_quantity=amount_or_none(row, "raw_quantity"),
        attributes=unknown_fields.attributes("usage", row, "month", "last_updated_at"),
    )


def _lines(row: JsonObject, unknown_fields: UnknownFields) -> tuple[InvoiceLine, ...]:
    lines = enumerate(row.objects("transaction_line_items"), start=1)
    return tuple(_line(line, position, unknown_fields) for position, line in lines)


def _line(row: JsonObject, position: int, unknown_fields: UnknownFields) -> InvoiceLine:
    product = text_or_none(row, "product_name", "ProductName")
    product_line = text_or_none(row, "product_line", "ProductLine")
    return InvoiceLine(
        position=position,
        description=text_or_none(row, "description") or product or "",
        amount=amount(row, "amount"),
        product=product,
        product_group=text_or_none(row, "product_group", "ProductGroup"),
        region=text_or_none(row, "region", "Region"),
        usage_type=text_or_none(row, "usage_type", "UsageType"),
        quantity=amount_or_none(row, "units"),
        rate=amount_or_none(row, "rate"),
        credit_coupon=identifier_or_none(row, "credit_coupon_code"),
        attributes=_attributes(product_line, unknown_fields.attributes("invoice_line", row)),
    )


def _attributes(product_line: str | None, unknown: dict[str, Any]) -> Mapping[str, Any]:
    """Return a line's attributes: one value for all lines that have the same, and no unknown ones."""
    return _known_attributes(product_line) | unknown if unknown else _known_attributes(product_line)


@lru_cache(maxsize=4096)
def _known_attributes(product_line: str | None) -> dict[str, Any]:
    return {"product_line": product_line} if product_line else {}
