"""Fastly v2 responses: JSON values and CSV. Source: contracts of the API, sections 3.1 to 3.6, checked 2026-11-22."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from vendor_simulator import exact, seeded_random
from vendor_simulator.fastly.accounts import FastlyAccount
from vendor_simulator.fastly.documents import instant, period_end
from vendor_simulator.fastly.month import Invoice, Line, invoice_number
from vendor_simulator.months import Month

_REGIONS = {"North America": "usa", "Europe": "europe", "Asia": "asia"}
_PAID_AFTER = timedelta(days=15)


def bill(account: FastlyAccount, invoice: Invoice, now: datetime, *, by_id: bool = False) -> dict[str, Any]:
    """
    Write a v2 invoice.

    ``Pending`` until it is posted, then ``Outstanding``, ``Paid`` 15 days later.
    """
    posted = now >= invoice.posted_at
    paid = now >= invoice.posted_at + _PAID_AFTER
    state = "Paid" if paid else "Outstanding" if posted else "Pending"
    document = _head(account, invoice.lines, invoice.total, invoice.start, period_end(account, invoice.end))
    document["invoice_id"] = invoice.invoice_id
    document["status"] = {"status": state, "sent_at": instant(invoice.posted_at) if posted else None}
    document["line_items"] = [_line(invoice, line, position) for position, line in enumerate(invoice.lines)]
    if by_id and invoice.by_id_description:
        document["line_items"][0]["description"] = invoice.by_id_description
    return document


def running_bill(account: FastlyAccount, lines: tuple[Line, ...], month: Month, now: datetime) -> dict[str, Any]:
    """Write the bill of the present month: lines like a posted bill's, and the status ``MTD``."""
    amount = exact.total(line.amount for line in lines)
    number = invoice_number(account, month, 0)
    running = Invoice(number, month.end, month.start, now, account.currency, lines, amount)
    return {**bill(account, running, now), "status": {"status": "MTD", "sent_at": None}}


def estimate(account: FastlyAccount, lines: tuple[Line, ...], month: Month, at: datetime) -> dict[str, Any]:
    """Write the v2 month-to-date estimate as of a moment; its ``invoice_id`` is a string."""
    amount = exact.total(line.amount for line in lines)
    document = _head(account, lines, amount, month.start, instant(at))
    document["invoice_id"] = seeded_random.text(22, "v2 estimate", account.customer_id, str(month))
    document["status"] = {"status": "MTD", "sent_at": None}
    document["line_items"] = [_estimate_line(account, line, place) for place, line in enumerate(lines)]
    return document


def as_csv(document: dict[str, Any]) -> str:
    """Write the lines of a v2 invoice as CSV (column names are ours: the vendor documents none)."""
    target = io.StringIO()
    columns = ["invoice_id", *document["line_items"][0]]
    writer = csv.DictWriter(target, columns, lineterminator="\r\n")
    writer.writeheader()
    for line in document["line_items"]:
        cells = {name: format(value, "f") if isinstance(value, Decimal) else value for name, value in line.items()}
        writer.writerow({"invoice_id": document["invoice_id"], **cells})
    return target.getvalue()


def _head(account: FastlyAccount, lines: tuple[Line, ...], cost: Decimal, start: datetime, end: str) -> dict[str, Any]:
    return {
        "customer_id": account.customer_id,
        "invoice_id": None,
        "start_time": instant(start),
        "end_time": end,
        "vendor_state": "up",
        "status": None,
        "total": _totals(account, lines, cost),
        "regions": _regions(lines),
        "line_items": None,
    }


def _totals(account: FastlyAccount, lines: tuple[Line, ...], cost: Decimal) -> dict[str, Any]:
    gigabytes, bandwidth_cost = _sums(lines, "bandwidth")
    units, requests_cost = _sums(lines, "requests")
    fees = [line for line in lines if line.kind == "fee"]
    incurred = bandwidth_cost + requests_cost
    extras_cost = exact.total(line.amount for line in fees)
    document = {
        "bandwidth": gigabytes,
        "bandwidth_cost": bandwidth_cost,
        "bandwidth_units": "GB",
        "requests": Decimal(exact.plain(units * 10_000)),
        "requests_cost": requests_cost,
        "incurred_cost": incurred,
        "extras": [{"name": line.meter.name, "recurring": line.amount} for line in fees],
        "extras_cost": extras_cost,
        "cost_before_discount": incurred + extras_cost,
        "discount": Decimal("0.0"),
        "cost": exact.vary_format(cost, account.number, str(cost)),
        "overage": max(Decimal(0), incurred - account.minimum),
        "plan_code": "payg",
        "plan_name": "Pay as you go",
        "plan_minimum": account.minimum,
        "terms": "Net15",
    }
    for line in lines:
        if line.kind == "shortfall":
            document["commit_shortfall"] = line.amount
    return document


def _sums(lines: Iterable[Line], usage_type: str, region: str | None = None) -> tuple[Decimal, Decimal]:
    found = [line for line in lines if line.meter.usage_type == usage_type and region in {None, line.meter.region}]
    return exact.total(line.units for line in found), exact.total(line.amount for line in found)


def _regions(lines: tuple[Line, ...]) -> dict[str, Any]:
    names = list(dict.fromkeys(line.meter.region for line in lines if line.kind == "usage"))
    return {_REGIONS[name]: _region(lines, name) for name in names}


def _region(lines: tuple[Line, ...], region: str) -> dict[str, Any]:
    document: dict[str, Any] = {
        "cost": _sums(lines, "bandwidth", region)[1] + _sums(lines, "requests", region)[1],
        "percentile": {"total": 0, "tiers": []},
    }
    for line in lines:
        if line.meter.region == region and line.kind == "usage":
            count = line.units * 10_000 if line.meter.usage_type == "requests" else line.units
            tier = {
                "name": "0 - 10000 GB" if line.meter.usage_type == "bandwidth" else "0 - 100000 (10k requests)",
                "units": line.units,
                "price": line.rate,
                "discounted_price": line.rate,
                "total": line.amount,
            }
            document[line.meter.usage_type] = {"total": Decimal(exact.plain(count)), "tiers": [tier]}
    return document


def _code(line: Line) -> str | None:
    if line.kind != "usage":
        return None
    short = {"North America": "NA", "Europe": "EU", "Asia": "ASIA"}[line.meter.region]
    return f"{short}_{line.meter.usage_type.upper()}"


def _line(invoice: Invoice, line: Line, position: int) -> dict[str, Any]:
    code = _code(line)
    created = instant(invoice.posted_at.replace(hour=6, minute=14, second=9))
    return {
        "id": seeded_random.text(22, "v2 line", invoice.invoice_id, position),
        "aria_invoice_id": str(invoice.invoice_id),
        "line_number": position + 1,
        "description": line.meter.description or line.meter.name,
        "service_no": 10341202 + position,
        "service_name": "CDN usage" if code else line.meter.group,
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
        "deleted_at": None,
    }


def _estimate_line(account: FastlyAccount, line: Line, position: int) -> dict[str, Any]:
    code = _code(line)
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
