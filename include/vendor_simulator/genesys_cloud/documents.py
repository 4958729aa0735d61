"""Periods, invoices and lines as JSON values. Source: contract of the API, sections 4.3 to 4.5, checked 2026-11-22."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from vendor_simulator import exact, seeded_random
from vendor_simulator.genesys_cloud.accounts import Organisation
from vendor_simulator.genesys_cloud.contract_documents import period_head
from vendor_simulator.genesys_cloud.month import Charge, GenesysMonth, Invoice, Line, Wallet
from vendor_simulator.genesys_cloud.parties import (
    address_member,
    customer_member,
    organization_member,
    product_member,
)
from vendor_simulator.genesys_cloud.periods import Period
from vendor_simulator.genesys_cloud.rewriting import last_day, moved, rewrite, spelled, written
from vendor_simulator.genesys_cloud.units import counted, priced, scale_of, whole

PAID_AFTER = timedelta(days=27)
_OLD_NAMES = ("prepaidQuantity", "fairuseQuantity", "actualQuantity", "overageQuantity")
_FREE_TEXT = {"Invoice": "Standard billing", "Credit Memo": "Adjustment"}


def shown_from(invoice: Invoice) -> datetime:
    """Return from when an invoice is listed: 08:00 UTC of its date."""
    on = invoice.invoiced_on
    return datetime(on.year, on.month, on.day, 8, tzinfo=UTC)


def period_document(owner: Organisation, content: GenesysMonth, now: datetime) -> dict[str, Any]:
    """Write a billing period with its charges and wallets."""
    document = {
        **period_head(content.period, now),
        "charges": [_charge(owner, content.period, charge) for charge in content.charges],
        "wallets": [_wallet(owner, content.period, wallet) for wallet in content.wallets],
    }
    if owner.read["row_order"] == "reversed":
        document["charges"].reverse()
    return written(document, owner.read)


def invoice_document(owner: Organisation, invoice: Invoice, now: datetime) -> dict[str, Any]:
    """Write the head of an invoice; unpaid for 27 days."""
    paid, read = now >= shown_from(invoice) + PAID_AFTER, owner.read
    bill_to, sold_to = customer_member(owner.bill_to), customer_member(owner.sold_to)
    if invoice.bill_to:
        bill_to["number"] = invoice.bill_to
    document: dict[str, Any] = {
        "id": invoice.invoice_id,
        "billToCustomer": bill_to,
        "shipToCustomer": sold_to,
        "soldToCustomer": sold_to,
        "dateInvoiced": invoice.invoiced_on.isoformat(),
        "billToAddress": address_member(owner, "BillTo"),
        "shipToAddress": address_member(owner, "ShipTo"),
        "currencyIsoCode": invoice.currency,
        "paymentStatus": "Paid" if paid else "Unpaid",
        "paymentTerms": "Net 30",
        "paymentLink": f"https://pay.example.com/i/{invoice.invoice_id}",
        "customerPoNumber": invoice.purchase_order,
        "customerInvoiceType": invoice.type,
        "amount": exact.vary_format(invoice.amount, invoice.invoice_id),
    }
    for name, word in (
        ("paymentStatus", "payment_status"),
        ("paymentTerms", "payment_terms"),
        ("customerPoNumber", "purchase_order"),
        ("customerInvoiceType", "invoice_type"),
    ):
        rewrite(document, name, read[word])
    for name in ("shipToCustomer", "soldToCustomer", "billToAddress", "shipToAddress", "paymentLink"):
        rewrite(document, name, read["parties"])
    if read["payment_status"] == "UnPaid" and not paid:
        document["paymentStatus"] = "UnPaid"
    if read["payment_terms"] == "sentence":
        document["paymentTerms"] = "Payable within 30 days of the date of the invoice"
    if read["invoice_type"] == "free_text":
        document["customerInvoiceType"] = _FREE_TEXT[invoice.type]
    return written(document, read)


def line_document(owner: Organisation, invoice: Invoice, line: Line, position: int) -> dict[str, Any]:
    """Write one line; ``position`` counts from 1."""
    read = owner.read
    document: dict[str, Any] = {
        "id": f"{invoice.invoice_id}-{position:03d}",
        "product": line.product and _named(product_member(line.product), read["names"]),
        "description": line.description,
        "dateTransacted": invoice.invoiced_on.isoformat(),
        "dateStart": moved(line.start, read["line_dates"]).isoformat(),
        "dateEnd": last_day(moved(line.end, read["line_dates"]), read["line_end"]),
        "organization": organization_member(owner, line.plan),
        "quantity": shown_quantity(line, read),
        "unitOfMeasure": line.product.unit if line.product and line.kind != "credit" else "Each",
        "amount": exact.vary_format(line.amount, invoice.invoice_id, position),
    }
    if read["line_unit"] == "each":
        document["unitOfMeasure"] = "Each"
    for name, word in (
        ("product", "line_product"),
        ("description", "line_description"),
        ("organization", "organizations"),
        ("unitOfMeasure", "line_unit"),
    ):
        rewrite(document, name, read[word])
    if line.kind in {"credit", "tax"}:
        for name in ("dateStart", "dateEnd"):
            rewrite(document, name, read["credit_dates"])
    return written(document, read)


def shown_quantity(line: Line, read: Mapping[str, str]) -> int | Decimal:
    """Return the quantity that a line shows, in the units its product is counted in."""
    billed = line.plan is not None and line.kind in {"prepay", "overage"}
    units = scale_of(line.plan, read).units if billed and line.plan else 1
    return whole(counted(line.quantity, units), read["whole_quantity"])


def _named(product: dict[str, str], how: str) -> dict[str, str]:
    return {**product, "name": spelled(product["name"], how)}


def _charge(owner: Organisation, period: Period, charge: Charge) -> dict[str, Any]:
    key, read = (period.id, charge.plan.id), owner.read
    scale = scale_of(charge.plan, read)
    units = scale.units if scale.charges else 1
    quantities = {
        "prepaid": Decimal(charge.prepaid),
        "fair": Decimal(charge.fair_use),
        "actual": charge.actual,
        "overage": charge.overage,
    }
    shown = {name: exact.vary_format(counted(each, units), *key, name) for name, each in quantities.items()}
    document: dict[str, Any] = {
        "id": seeded_random.identifier("charge", *key),
        "name": charge.plan.name,
        "product": product_member(charge.plan.product),
        "organizations": [organization_member(owner, charge.plan)],
        "prepaidQuantity": shown["prepaid"],
        "fairuseQuantity": shown["fair"],
        "actualQuantity": shown["actual"],
        "overageQuantity": shown["overage"],
        "overageRate": priced(charge.rate, scale),
        "overageCharge": exact.vary_format(charge.amount, *key, "charge"),
        "overageCurrency": charge.currency,
    }
    if charge.tokens is not None:
        document["convertedTokenCount"] = exact.vary_format(charge.tokens, *key, "tokens")
        document["tokenConversionRate"] = charge.plan.conversion
    return _rewritten_charge(document, charge, read)


def _rewritten_charge(document: dict[str, Any], charge: Charge, read: Mapping[str, str]) -> dict[str, Any]:
    if charge.amount:
        rewrite(document, "overageRate", read["overage_rate"])
    if not charge.prepaid:
        rewrite(document, "prepaidQuantity", read["unused_quantity"])
    if not charge.fair_use:
        rewrite(document, "fairuseQuantity", read["unused_quantity"])
    rewrite(document, "organizations", read["organizations"])
    _rewrite_zeros(document, ("overageQuantity", "overageRate", "overageCharge"), read["zeros"])
    if read["charge_names"] == "plain":
        return document
    return {f"get{name}" if name in _OLD_NAMES else name: value for name, value in document.items()}


def _wallet(owner: Organisation, period: Period, wallet: Wallet) -> dict[str, Any]:
    read = owner.read
    numbers = {
        "startingBalance": wallet.start,
        "endingBalance": wallet.end,
        "balanceIncrease": wallet.increase,
        "balanceDecrease": wallet.decrease,
        "balanceConsumption": wallet.consumption,
        "balanceOverage": wallet.overage,
        "balanceOverageRate": wallet.rate,
        "balanceOverageCharge": wallet.amount,
    }
    document: dict[str, Any] = {
        "id": seeded_random.identifier("wallet", period.contract.id, wallet.plan.id),
        "name": wallet.plan.product.name,
        "organizations": [organization_member(owner, wallet.plan)],
        "product": product_member(wallet.plan.product),
        **{name: exact.vary_format(number, period.id, name) for name, number in numbers.items()},
        "balanceOverageCurrency": wallet.currency,
        "unitOfMeasure": wallet.plan.product.unit,
    }
    rewrite(document, "organizations", read["organizations"])
    _rewrite_zeros(document, tuple(numbers)[2:], read["zeros"])
    return document


def _rewrite_zeros(document: dict[str, Any], names: tuple[str, ...], how: str) -> None:
    for name in names:
        if not document.get(name, 1):
            rewrite(document, name, how)
