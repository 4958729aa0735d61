"""
Parse v2 documents into values. Pure.

v2 states no currency: prices are in US dollars by the vendor's guide, but no response says so, hence ``currency`` is
None. ``total.cost`` is what is to be paid; the other totals and the regions stay in ``attributes``.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from billing.errors import PayloadError
from billing.models import Invoice, InvoiceLine, MonthToDate
from billing.money import difference, exact_sum, product
from billing.month import Month
from billing.payloads.json_reader import JsonObject
from billing_vendors.fastly.periods import month_begun, month_of_period, period_of
from billing_vendors.fastly.vocabulary import (
    V2_STATUS,
    VENDOR_STATE,
    UnknownFields,
    amount,
    amount_or_none,
    end_of,
    identifier_or_none,
    interval_text,
    start_of,
    text_or_none,
)

# Source: official client 7.0.0, model BillingTotal; the last four were seen by a third party. Checked 2026-11-22.
_TOTALS = (
    "bandwidth", "bandwidth_units", "bandwidth_cost", "requests", "requests_cost", "incurred_cost", "extras",
    "extras_cost", "cost_before_discount", "discount", "overage", "plan_code", "plan_name", "plan_minimum", "terms",
    "percentile", "percentile_cost", "commit_shortfall", "discount_amount",
)  # fmt: skip
_LINE = (
    "aria_invoice_id", "line_number", "rate_schedule_no", "rate_schedule_tier_no", "plan_no", "plan_name",
    "service_no", "client_service_id", "usage_type_no", "created_at", "updated_at", "deleted_at",
)  # fmt: skip
VOIDED = "voided"
"""The attribute of a line that was deleted: what it billed before."""

_HALF_CENT = Decimal("0.005")  # prices are in US dollars by the vendor's guide; a bill states no currency
_ESTIMATE_LINE = ("plan_no", "service_no", "client_service_id", "client_plan_id")


def status_of(row: JsonObject) -> str | None:
    """Return ``status.status``: ``Pending``, ``Outstanding``, ``Paid``, ``MTD``, or another one."""
    status = row.object_or_none("status")
    return None if status is None else status.text_or_none("status")


def parse_invoice(row: JsonObject, asked: Month, unknown_fields: UnknownFields) -> Invoice:
    """
    Read one bill.

    :param asked: the month that was requested; a bill without a start belongs to it.
    :raises PayloadError: id or total is missing, or a field has another type; names bill and field.
    """
    invoice_id = row.identifier("invoice_id")
    row.where = f"invoice {invoice_id}"
    start, end = period_of(row, "start_time", "end_time")
    status, sent_at = _status(row, unknown_fields)
    total, totals = _total(row, unknown_fields)
    items = enumerate(row.objects("line_items"), start=1)
    lines = tuple(_line(item, position, unknown_fields) for position, item in items)
    return Invoice(
        invoice_id=invoice_id,
        month=asked if start is None else month_of_period(start, end),
        period_evidence=(
            f"start_time and end_time {interval_text(start, end)}"
            if start
            else "the month asked for; the bill has no start_time"
        ),
        total=total,
        currency=None,
        lines=lines if _deleted_lines_count(lines, total) else tuple(map(_without_deleted, lines)),
        issued_at=sent_at,
        service_start=start,
        service_end=end,
        payment_status=status,
        attributes=_rest(row, totals, unknown_fields),
    )


def parse_month_to_date(row: JsonObject, unknown_fields: UnknownFields) -> MonthToDate:
    """
    Read the estimate of a month.

    :raises PayloadError: it is not an estimate: id, start or total is missing.
    """
    row.where = "month to date"
    invoice_id = row.identifier("invoice_id")
    start = start_of(row, "start_time")
    if start is None:
        raise PayloadError(f"{row.where}: start_time is missing; its month cannot be determined without it")
    status, _ = _status(row, unknown_fields)
    total, totals = _total(row, unknown_fields)
    lines = enumerate(row.objects("line_items"), start=1)
    return MonthToDate(
        invoice_id=invoice_id,
        month=month_begun(start),
        total=total,
        currency=None,
        lines=tuple(_estimate_line(line, position, unknown_fields) for position, line in lines),
        starts_at=start,
        as_of=end_of(row, "end_time"),
        attributes={"status": status} | _rest(row, totals, unknown_fields),
    )


def _status(row: JsonObject, unknown_fields: UnknownFields) -> tuple[str | None, Any]:
    status = row.object_or_none("status")
    if status is None:
        return None, None
    enum, sent_at = unknown_fields.enum("invoice_status", status, "status", V2_STATUS), start_of(status, "sent_at")
    unknown_fields.attributes("invoice_status", status)
    return enum, sent_at


def _total(row: JsonObject, unknown_fields: UnknownFields) -> tuple[Decimal, dict[str, Any]]:
    total = row.object_or_none("total")
    if total is None:
        raise PayloadError(f"{row.where}: total is missing")
    return amount(total, "cost"), unknown_fields.attributes("invoice_total", total, *_TOTALS)


def _rest(row: JsonObject, totals: dict[str, Any], unknown_fields: UnknownFields) -> dict[str, Any]:
    state = unknown_fields.enum("invoice", row, "vendor_state", VENDOR_STATE)
    attributes = unknown_fields.attributes("invoice", row, "customer_id", "regions")
    return {"total": totals, "vendor_state": state} | attributes


def _line(row: JsonObject, position: int, unknown_fields: UnknownFields) -> InvoiceLine:
    line_id = row.identifier("id")
    billed = amount_or_none(row, "amount")  # null is allowed: such a line has no amount
    return InvoiceLine(
        position=position,
        description=text_or_none(row, "description") or "",
        amount=Decimal(0) if billed is None else billed,
        line_id=line_id,
        product=text_or_none(row, "service_name"),
        usage_type=text_or_none(row, "usage_type_cd"),
        quantity=amount_or_none(row, "units"),
        rate=amount_or_none(row, "rate_per_unit"),
        credit_coupon=identifier_or_none(row, "credit_coupon_code"),
        attributes=({"amount": "null"} if billed is None else {})
        | unknown_fields.attributes("invoice_line", row, *_LINE),
    )


def _deleted_lines_count(lines: tuple[InvoiceLine, ...], total: Decimal) -> bool:
    """
    Return whether a bill charges for lines with ``deleted_at``; presumably it does not, but no page says so.

        lines 8.00 and, deleted, 5.00; total 8.00  -> no
        the same, total 13.00                      -> yes
    """
    if not any(_is_deleted(line) for line in lines):
        return True
    bound = product(_HALF_CENT, Decimal(len(lines)))
    rest = exact_sum(line.amount for line in lines if not _is_deleted(line))
    every = exact_sum(line.amount for line in lines)
    return abs(difference(total, every)) <= bound < abs(difference(total, rest))


def _is_deleted(line: InvoiceLine) -> bool:
    return line.attributes.get("deleted_at") is not None


def _without_deleted(line: InvoiceLine) -> InvoiceLine:
    """Return a line as it counts: a deleted one bills nothing, and what it billed is an attribute."""
    if not _is_deleted(line):
        return line
    billed = {"amount": line.amount, "units": line.quantity, "rate_per_unit": line.rate}
    voided = {name: value for name, value in billed.items() if value is not None}
    return replace(line, amount=Decimal(0), quantity=None, rate=None, attributes={**line.attributes, VOIDED: voided})


def _estimate_line(row: JsonObject, position: int, unknown_fields: UnknownFields) -> InvoiceLine:
    return InvoiceLine(
        position=position,
        description=text_or_none(row, "description") or "",
        amount=amount(row, "amount"),
        product=text_or_none(row, "service_type"),
        quantity=amount_or_none(row, "units"),
        rate=amount_or_none(row, "per_unit_cost"),
        attributes=unknown_fields.attributes("month_to_date_line", row, *_ESTIMATE_LINE),
    )
