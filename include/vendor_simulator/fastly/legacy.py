"""Fastly v2 responses: JSON values and CSV. Source: contracts of the API, sections 3.1 to 3.6, checked 2026-11-22."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from vendor_simulator import exact, seeded_random
from vendor_simulator.fastly import legacy_totals
from vendor_simulator.fastly.accounts import FastlyAccount
from vendor_simulator.fastly.documents import instant, period_end, posting
from vendor_simulator.fastly.legacy_forms import dressed
from vendor_simulator.fastly.model import Invoice, Line, invoice_number, statement_number
from vendor_simulator.fastly.month import total_of
from vendor_simulator.fastly.quantities import shown_line
from vendor_simulator.fastly.rate_card import V2_PRODUCT
from vendor_simulator.fastly.readings import Values
from vendor_simulator.fastly.regions import v2_code
from vendor_simulator.months import Month

_PAID_AFTER = timedelta(days=15)


def bill(
    account: FastlyAccount, invoice: Invoice, now: datetime, values: Values, *, by_id: bool = False
) -> dict[str, Any]:
    """
    Write a v2 invoice.

    ``Pending`` until it is posted, then ``Outstanding``, ``Paid`` 15 days later.
    """
    invoice = (invoice.by_id if by_id else None) or invoice
    posted = now >= invoice.posted_at
    paid = now >= invoice.posted_at + _PAID_AFTER
    state = "Paid" if paid else "Outstanding" if posted else "Pending"
    end = period_end(account, invoice.end, values["period_end"])
    counted = (*(line for line in invoice.lines if line.kind != "voided"), *invoice.apart)
    total = legacy_totals.totals(account, invoice.month, counted, invoice.total, values)
    total["incurred_cost"] += invoice.subtotal_off
    document = _head(account, invoice.start, end, total, legacy_totals.regions(counted, values))
    document["customer_id"] = invoice.customer_id or account.customer_id
    document["invoice_id"] = invoice.invoice_id
    sent_at = posting(invoice.posted_at, values["posted_time"])
    document["status"] = {"status": state, "sent_at": sent_at if posted else None}
    document["line_items"] = [_line(invoice, line, place, values) for place, line in enumerate(invoice.lines)]
    if by_id and values["line_order"] == "reversed":
        document["line_items"].reverse()
    return dressed(document, values)


def running_bill(
    account: FastlyAccount, lines: tuple[Line, ...], month: Month, now: datetime, values: Values
) -> dict[str, Any]:
    """Write the bill of the present month: lines like a posted bill's, and the status ``MTD``."""
    amount = total_of(account, lines, values)
    number = invoice_number(account, month, 0)
    running = Invoice(number, month.end, month.start, now, account.currency, lines, amount, statement_number(number))
    return {**bill(account, running, now, values), "status": {"status": "MTD", "sent_at": None}}


def estimate(
    account: FastlyAccount, lines: tuple[Line, ...], month: Month, at: datetime, values: Values
) -> dict[str, Any]:
    """Write the v2 month-to-date estimate as of a moment; its ``invoice_id`` is a string."""
    amount = total_of(account, lines, values)
    total = legacy_totals.totals(account, month, lines, amount, values)
    document = _head(account, month.start, instant(at), total, legacy_totals.regions(lines, values))
    document["invoice_id"] = seeded_random.text(22, "v2 estimate", account.customer_id, str(month))
    document["status"] = {"status": "MTD", "sent_at": None}
    document["line_items"] = [_estimate_line(account, line, place, values) for place, line in enumerate(lines)]
    return dressed(document, values)


def empty_bill(account: FastlyAccount, month: Month, values: Values) -> dict[str, Any]:
    """Write the bill of a month in which nothing was charged."""
    nothing = Invoice(0, month.end, month.start, month.end, account.currency, (), Decimal(0), "")
    return {**bill(account, nothing, month.end, values), "invoice_id": None}


def as_csv(document: dict[str, Any]) -> str:
    """Write the lines of a v2 invoice as CSV (column names are ours: the vendor documents none)."""
    target, lines = io.StringIO(), document["line_items"] or []
    columns = ["invoice_id", *dict.fromkeys(name for line in lines for name in line)]
    writer = csv.DictWriter(target, columns, lineterminator="\r\n")
    writer.writeheader()
    for line in lines:
        cells = {name: cell(value) for name, value in line.items()}
        writer.writerow({"invoice_id": document["invoice_id"], **cells})
    return target.getvalue()


def cell(value: object) -> object:
    """Write a value for CSV and PDF: a decimal with all its digits."""
    return format(value, "f") if isinstance(value, Decimal) else value


def _head(
    account: FastlyAccount, start: datetime, end: str, total: dict[str, Any], regions: dict[str, Any]
) -> dict[str, Any]:
    return {
        "customer_id": account.customer_id,
        "invoice_id": None,
        "start_time": instant(start),
        "end_time": end,
        "vendor_state": "up",
        "status": None,
        "total": total,
        "regions": regions,
        "line_items": None,
    }


def _line(invoice: Invoice, line: Line, position: int, values: Values) -> dict[str, Any]:
    line, code = shown_line(line, values), v2_code(line.meter.region, line.meter.usage_type)
    created = instant(invoice.posted_at.replace(hour=6, minute=14, second=9))
    document = {
        "id": seeded_random.text(22, "v2 line", invoice.invoice_id, position),
        "aria_invoice_id": str(invoice.invoice_id),
        "line_number": position + 1,
        "description": line.meter.description or line.meter.name,
        "service_no": 10341202 + position,
        "service_name": V2_PRODUCT if code else line.meter.group,
        "units": exact.vary_format(line.units, invoice.invoice_id, position, "units"),
        "rate_per_unit": None if line.kind == "credit" else line.rate,
        "amount": exact.vary_format(line.amount, invoice.invoice_id, position, "amount"),
        "rate_schedule_no": 4471 if code else None,
        "rate_schedule_tier_no": 1 if code else None,
        "usage_type_no": 20301 + position if code else None,
        "usage_type_cd": code,
        "plan_no": 10021765,
        "plan_name": "Pay as you go",
        "client_service_id": f"svc_{code.lower()}" if code else None,
        "credit_coupon_code": line.coupon or None,
        "created_at": created,
        "updated_at": created,
        "deleted_at": created if line.kind == "voided" else None,
    }
    if line.kind == "tax" and values["tax"] == "bare":
        document |= {"rate_per_unit": None, "units": None}
    if line.kind == "voided" and values["v2_voided"] == "nulled":
        document["amount"] = None
    return document


def _estimate_line(account: FastlyAccount, line: Line, position: int, values: Values) -> dict[str, Any]:
    line, code = shown_line(line, values), v2_code(line.meter.region, line.meter.usage_type)
    return {
        "plan_no": 10021765,
        "description": line.meter.description or line.meter.name,
        "units": exact.vary_format(line.units, account.number, position, "units"),
        "per_unit_cost": line.rate,
        "service_no": 10341202 + position,
        "service_type": "Usage-Based" if code else "Recurring",
        "amount": exact.vary_format(line.amount, account.number, position, "amount"),
        "client_service_id": f"svc_{code.lower()}" if code else "svc_recurring",
        "client_plan_id": "payg",
    }
