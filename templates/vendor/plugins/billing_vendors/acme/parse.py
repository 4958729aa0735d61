"""
One row of the invoice listing -> an ``Invoice``. Pure: nothing is asked, nothing is stored.

Amounts are in the invoice's ``currency``, in major units. The vendor's days have no zone and are read as UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime, time

from billing.models import Attributes, Invoice, InvoiceLine, UnknownField
from billing.month import Month
from billing.payloads.json_reader import JsonObject


def parse_invoice(row: JsonObject, unknown: set[UnknownField]) -> Invoice:
    """
    Read one invoice with its lines.

    :param unknown: is given what the vendor sends and this code does not know.
    :raises PayloadError: a member is missing or of another type; names the invoice and the member.
    """
    invoice_id = row.identifier("id")
    row.where = f"invoice {invoice_id}"
    return Invoice(
        invoice_id=invoice_id,
        month=Month.of(row.day("month_start")),
        period_evidence="month_start of the invoice",
        total=row.number("total"),
        currency=row.text("currency"),
        lines=tuple(_line(line, position, unknown) for position, line in enumerate(row.objects("lines"), start=1)),
        issued_at=datetime.combine(row.day("issued_on"), time(), UTC),
        attributes={"customer_id": row.text("customer_id"), **_unknown(row, "invoice", unknown)},
    )


def _line(row: JsonObject, position: int, unknown: set[UnknownField]) -> InvoiceLine:
    return InvoiceLine(
        position=position,
        description=row.text("description"),
        amount=row.number("amount"),
        product=row.text_or_none("sku"),
        quantity=row.number_or_none("quantity"),
        unit=row.text_or_none("unit"),
        rate=row.number_or_none("unit_price"),
        attributes=_unknown(row, "invoice_line", unknown),
    )


def _unknown(row: JsonObject, record_type: str, unknown: set[UnknownField]) -> Attributes:
    """Return the fields that were not read, and collect their names: they are stored, and reported once."""
    rest = row.rest()
    unknown.update(UnknownField(record_type, name) for name in rest)
    return rest
