"""Fastly v3 responses as JSON values. Source: contracts of the API, sections 4.1 to 4.5, checked 2026-11-22."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from vendor_simulator import exact
from vendor_simulator.fastly import quantities
from vendor_simulator.fastly.accounts import FastlyAccount
from vendor_simulator.fastly.forms import dressed
from vendor_simulator.fastly.model import Invoice, Line, UsageRow
from vendor_simulator.fastly.month import charge, total_of, usage_row
from vendor_simulator.fastly.readings import Values
from vendor_simulator.months import Month


def instant(moment: datetime) -> str:
    """Write a UTC datetime to the second, with ``Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def period_end(account: FastlyAccount, end: datetime, form: str) -> str:
    """Write the end of a period the way this account's documents do."""
    if form == "own":
        form = "included" if account.end_included else "excluded"
    match form:
        case "excluded":
            return instant(end)
        case "last_day":
            return instant(end - timedelta(days=1))
        case "milliseconds":
            return instant(end - timedelta(seconds=1)).replace("Z", ".999Z")
    return instant(end - timedelta(seconds=1))


def posting(moment: datetime, form: str) -> str:
    """Write the moment of a posting."""
    match form:
        case "midnight":
            return instant(moment.replace(hour=0, minute=0, second=0))
        case "milliseconds":
            return instant(moment).replace("Z", ".417Z")
    return instant(moment)


def invoice_document(
    account: FastlyAccount, invoice: Invoice, values: Values, *, by_id: bool = False
) -> dict[str, Any]:
    """Write a posted v3 invoice as the list shows it, or as the by-id document does."""
    invoice = (invoice.by_id if by_id else None) or invoice
    lines = enumerate(invoice.lines)
    document: dict[str, Any] = {
        "customer_id": invoice.customer_id or account.customer_id,
        "invoice_id": str(invoice.invoice_id),
        "invoice_posted_on": posting(invoice.posted_at, values["posted_time"]),
        "billing_start_date": instant(invoice.start),
        "billing_end_date": period_end(account, invoice.end, values["period_end"]),
        "statement_number": invoice.statement_number,
        "currency_code": invoice.currency,
        "monthly_transaction_amount": exact.vary_format(invoice.total, invoice.invoice_id),
        "transaction_line_items": [
            _line(line, invoice.invoice_id, position, values, credit=True) for position, line in lines
        ],
    }
    if by_id and values["line_order"] == "reversed":
        document["transaction_line_items"].reverse()
    return dressed(document, values)


def _line(line: Line, invoice_id: int, position: int, values: Values, *, credit: bool) -> dict[str, Any]:
    line, meter = quantities.shown_line(line, values), line.meter
    document: dict[str, Any] = {
        "description": meter.description or meter.name,
        "amount": exact.vary_format(line.amount, invoice_id, position, "amount"),
        "rate": exact.vary_format(line.rate, invoice_id, position, "rate"),
        "units": exact.vary_format(line.units, invoice_id, position, "units"),
        "product_name": meter.name,
        "product_group": meter.group,
        "product_line": meter.product_line,
        "region": meter.region,
        "usage_type": meter.usage_type,
    }
    if line.kind == "tax" and values["tax"] == "bare":
        del document["rate"], document["units"]
    if credit and (line.coupon or _says_no_coupon(invoice_id, values["v3_coupon"])):
        document["credit_coupon_code"] = line.coupon or (None if values["v3_coupon"] == "null" else "")
    return document


def _says_no_coupon(invoice_id: int, form: str) -> bool:
    """Return whether a line without a coupon has the member, empty or null; by default some invoices have it."""
    return form in {"empty", "null"} or (form == "own" and bool(invoice_id // 10 % 2))


def accrued(account: FastlyAccount, lines: Iterable[Line], month: Month, at: datetime) -> tuple[Line, ...]:
    """
    Scale a month's usage to the part that has passed; fees are charged in full from the first day.

    Units are cut, not rounded, so that neither they nor any amount ever decreases within the month.
    """
    passed, length = month.elapsed_at(at)
    result = []
    for line in lines:
        if line.kind == "usage":
            part = int(line.units.scaleb(line.meter.places)) * passed // length
            units = Decimal(part).scaleb(-line.meter.places)
            result.append(charge(line.meter, line.rate, units, account.currency))
        else:
            result.append(line)
    return tuple(result)


def estimate_document(
    account: FastlyAccount, lines: tuple[Line, ...], month: Month, at: datetime, values: Values
) -> dict[str, Any]:
    """Write the v3 month-to-date invoice as of a moment; its total is a string."""
    number, amount = month.index, total_of(account, lines, values)
    items = [_line(line, number, position, values, credit=False) for position, line in enumerate(lines)]
    document = {
        "customer_id": account.customer_id,
        "invoice_id": f"MTD{month.year}{month.number:02d}{account.customer_id[:10]}",
        "billing_start_date": instant(month.start),
        "billing_end_date": instant(at),
        "monthly_transaction_amount": amount if values["v3_estimate_total"] == "number" else format(amount, "f"),
        "transaction_line_items": items,
    }
    return dressed(document, values)


def metered(account: FastlyAccount, rows: Iterable[UsageRow], month: Month, at: datetime) -> list[UsageRow]:
    """Return the usage known at a moment: all of a closed month, the part so far of the present one."""
    if at >= month.end:
        return list(rows)
    whole = (charge(row.meter, row.meter.rate, row.quantity, account.currency) for row in rows)
    return [usage_row(line.meter, line.units) for line in accrued(account, whole, month, at)]
