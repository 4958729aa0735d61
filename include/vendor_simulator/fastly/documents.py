"""Fastly v3 responses as JSON values. Source: contracts of the API, sections 4.1 to 4.5, checked 2026-11-22."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from vendor_simulator import exact, seeded_random
from vendor_simulator.fastly.accounts import FastlyAccount
from vendor_simulator.fastly.month import Invoice, Line, UsageRow, charge, usage_row
from vendor_simulator.months import Month


def instant(moment: datetime) -> str:
    """Write a UTC datetime to the second, with ``Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def period_end(account: FastlyAccount, end: datetime) -> str:
    """Write the end of a period the way this account's documents do."""
    return instant(end - timedelta(seconds=1) if account.end_included else end)


def invoice_document(account: FastlyAccount, invoice: Invoice, *, by_id: bool = False) -> dict[str, Any]:
    """Write a posted v3 invoice as the list shows it, or as the by-id document does."""
    lines = [_line(line, invoice.invoice_id, position, credit=True) for position, line in enumerate(invoice.lines)]
    if by_id and invoice.by_id_description:
        lines[0]["description"] = invoice.by_id_description
    return {
        "customer_id": account.customer_id,
        "invoice_id": str(invoice.invoice_id),
        "invoice_posted_on": instant(invoice.posted_at),
        "billing_start_date": instant(invoice.start),
        "billing_end_date": period_end(account, invoice.end),
        "statement_number": invoice.statement_number,
        "currency_code": invoice.currency,
        "monthly_transaction_amount": exact.vary_format(invoice.total, invoice.invoice_id),
        "transaction_line_items": lines,
    }


def _line(line: Line, invoice_id: int, position: int, *, credit: bool) -> dict[str, Any]:
    meter = line.meter
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
    if credit and (line.coupon or invoice_id // 10 % 2):  # without a credit: an empty string, or no such field
        document["credit_coupon_code"] = line.coupon
    return document


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


def estimate_document(account: FastlyAccount, lines: tuple[Line, ...], month: Month, at: datetime) -> dict[str, Any]:
    """Write the v3 month-to-date invoice as of a moment; its total is a string."""
    number = month.index
    return {
        "customer_id": account.customer_id,
        "invoice_id": f"MTD{month.year}{month.number:02d}{account.customer_id[:10]}",
        "billing_start_date": instant(month.start),
        "billing_end_date": instant(at),
        "monthly_transaction_amount": format(exact.total(line.amount for line in lines), "f"),
        "transaction_line_items": [_line(line, number, position, credit=False) for position, line in enumerate(lines)],
    }


def usage_rows(account: FastlyAccount, rows: Iterable[UsageRow], month: Month, at: datetime) -> list[dict[str, Any]]:
    """Write one month of usage metrics as of a moment."""
    updated = min(at, month.end + timedelta(hours=3, minutes=12))
    return [
        {
            "month": str(month),
            "usage_type": row.meter.name,
            "name": row.meter.name,
            "region": row.meter.region,
            "unit": row.meter.unit,
            "quantity": exact.vary_format(row.quantity, account.number, month.index, position),
            "raw_quantity": Decimal(exact.plain(row.raw_quantity)),
            "product_id": row.meter.product_id,
            "last_updated_at": instant(updated),
        }
        for position, row in enumerate(rows)
    ]


def metered(account: FastlyAccount, rows: Iterable[UsageRow], month: Month, at: datetime) -> list[UsageRow]:
    """Return the usage known at a moment: all of a closed month, the part so far of the present one."""
    if at >= month.end:
        return list(rows)
    whole = (charge(row.meter, row.meter.rate, row.quantity, account.currency) for row in rows)
    return [usage_row(line) for line in accrued(account, whole, month, at)]


def services_of(seed: int, account: FastlyAccount) -> list[tuple[str, str]]:
    """Return the ids and names of a customer's services, largest first."""
    names = (f"www.{account.name}.example.com", f"api.{account.name}.example.com", f"img.{account.name}.example.com")
    return [(seeded_random.text(22, seed, "service", name), name) for name in names]


def split(quantity: Decimal, parts: int, places: int) -> list[Decimal]:
    """Split a quantity into decreasing parts whose sum is exactly the whole."""
    rest = int(quantity.scaleb(places))
    shares = []
    for left in range(parts, 0, -1):
        share = rest if left == 1 else rest * 3 // 5
        rest -= share
        shares.append(Decimal(share).scaleb(-places))
    return shares
