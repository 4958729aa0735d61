"""Genesys Cloud responses as JSON values. Source: contracts of the API, section 4, checked 2026-11-22."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from vendor_simulator import exact, seeded_random
from vendor_simulator.genesys_cloud.accounts import (
    CONTRACT_END,
    HISTORY_START,
    TOKEN_CONVERSION_RATE,
    Contract,
    Customer,
    Organisation,
    Plan,
    Product,
)
from vendor_simulator.genesys_cloud.month import Charge, GenesysMonth, Invoice, Line, Period, Wallet, period_of

PAID_AFTER = timedelta(days=27)


def closed_at(period: Period) -> datetime:
    """Return when a period is closed: six hours after its last day, UTC."""
    return datetime(period.end.year, period.end.month, period.end.day, tzinfo=UTC) + timedelta(days=1, hours=6)


def shown_from(invoice: Invoice) -> datetime:
    """Return from when an invoice is listed: 08:00 UTC of its date."""
    on = invoice.invoiced_on
    return datetime(on.year, on.month, on.day, 8, tzinfo=UTC)


def contract_document(
    owner: Organisation, contract: Contract, periods: Iterable[Period], now: datetime
) -> dict[str, Any]:
    """Write a contract with its periods, newest first, and the plans with every price window."""
    customers = {"billToCustomer": owner.bill_to, "soldToCustomer": owner.sold_to, "endCustomer": owner.sold_to}
    listed = sorted(periods, key=lambda period: period.start, reverse=True)
    return {
        "id": contract.id,
        "externalNumber": contract.external_number,
        "status": "Active",
        "commercialModel": "Prepay" if any(plan.kind == "prepay" for plan in contract.plans) else "PayAsYouGo",
        "purchaseOrderNumbers": list(contract.purchase_orders),
        **{role: _customer(customer) for role, customer in customers.items()},
        "dateStart": period_of(contract, HISTORY_START).start.isoformat(),
        "dateEnd": CONTRACT_END.isoformat(),
        "billingPeriods": [_period(period, now) for period in listed],
        "plans": [_plan(owner, contract, number, listed, now) for number in range(len(contract.plans))],
    }


def period_document(owner: Organisation, content: GenesysMonth, now: datetime) -> dict[str, Any]:
    """Write a billing period with its charges and wallets."""
    return {
        **_period(content.period, now),
        "charges": [_charge(owner, content.period, charge) for charge in content.charges],
        "wallets": [_wallet(owner, content.period, wallet) for wallet in content.wallets],
    }


def invoice_document(owner: Organisation, invoice: Invoice, now: datetime) -> dict[str, Any]:
    """Write the head of an invoice; unpaid for 27 days."""
    paid = now >= shown_from(invoice) + PAID_AFTER
    bill_to, sold_to = _customer(owner.bill_to), _customer(owner.sold_to)
    return {
        "id": invoice.invoice_id,
        "billToCustomer": bill_to,
        "shipToCustomer": sold_to,
        "soldToCustomer": sold_to,
        "dateInvoiced": invoice.invoiced_on.isoformat(),
        "billToAddress": _address(owner, "BillTo"),
        "shipToAddress": _address(owner, "ShipTo"),
        "currencyIsoCode": invoice.currency,
        "paymentStatus": "Paid" if paid else "Unpaid",
        "paymentTerms": "Net 30",
        "paymentLink": f"https://pay.example.com/i/{invoice.invoice_id}",
        "customerPoNumber": invoice.purchase_order,
        "customerInvoiceType": invoice.type,
        "amount": exact.vary_format(invoice.amount, invoice.invoice_id),
    }


def line_document(owner: Organisation, invoice: Invoice, line: Line, position: int) -> dict[str, Any]:
    """Write one line; ``position`` counts from 1."""
    return {
        "id": f"{invoice.invoice_id}-{position:03d}",
        "product": _product(line.product),
        "description": line.description,
        "dateTransacted": invoice.invoiced_on.isoformat(),
        "dateStart": line.start.isoformat(),
        "dateEnd": line.end.isoformat(),
        "organization": _organization(owner),
        "quantity": line.quantity,
        "unitOfMeasure": "Each" if line.kind == "credit" else line.product.unit,
        "amount": exact.vary_format(line.amount, invoice.invoice_id, position),
    }


def usages(owner: Organisation, contents: Iterable[GenesysMonth], since: datetime) -> list[dict[str, Any]]:
    """Sum up usage by product name, as the usage report does; totals are strings."""
    sums: dict[str, Decimal] = {}
    seats: set[str] = set()
    for content in contents:
        for charge in content.charges:
            name = charge.plan.product.name
            used = content.reported.get(name, charge.actual)
            sums[name] = exact.total((sums.get(name, Decimal(0)), used))
            if charge.plan.product.unit == "User":
                seats.add(name)
    return [
        {"name": name, "totalUsage": exact.plain(used), "resources": _resources(owner, name, since, name in seats)}
        for name, used in sums.items()
    ]


def overview_document(
    owner: Organisation, period: Period, contents: Iterable[GenesysMonth], self_uri: str
) -> dict[str, Any]:
    """Write the trustee's overview of the periods of all contracts of an organisation."""
    listed = list(contents)
    least = exact.total(
        exact.times(plan.price_on(period.start).price, plan.quantity)
        for content in listed
        for plan in content.contract.plans
        if plan.kind == "prepay"
    )
    return {
        "organization": _organization(owner),
        "currency": owner.currency,
        "enabledProducts": [charge.plan.product.sku for content in listed for charge in content.charges],
        "subscriptionType": "PREPAY_MONTHLY_COMMITMENT" if least else "MONTH_TO_MONTH",
        "billingPeriodStartDate": f"{period.start}T00:00:00Z",
        "billingPeriodEndDate": f"{period.end}T23:59:59.999Z",
        "usages": [row for content in listed for charge in content.charges for row in _overview(content, charge)],
        "contractEffectiveDate": f"{period_of(period.contract, HISTORY_START).start}T00:00:00Z",
        "contractEndDate": f"{CONTRACT_END}T23:59:59Z",
        "minimumMonthlyAmount": format(exact.money(least, owner.currency), "f"),
        "inRampPeriod": False,
        "selfUri": self_uri,
    }


def _overview(content: GenesysMonth, charge: Charge) -> list[dict[str, Any]]:
    product = charge.plan.product
    price = charge.plan.price_on(content.period.start)
    used = content.overview.get(product.name, charge.actual)
    row = {
        "name": product.name,
        "partNumber": product.sku,
        "grouping": product.grouping,
        "unitOfMeasureType": product.measure,
        "usageQuantity": exact.plain(used),
        "overagePrice": format(price.overage, "f"),
        "prepayQuantity": str(charge.prepaid),
        "prepayPrice": format(price.price, "f"),
        "usageNotes": "",
        "isCancellable": charge.plan.kind != "prepay",
        "bundleQuantity": "1",
        "isThirdParty": False,
    }
    if not charge.fair_use:
        return [row]
    allowance = {**row, "grouping": "fair-use", "usageQuantity": "0", "prepayQuantity": str(charge.fair_use)}
    return [row, allowance]


def _period(period: Period, now: datetime) -> dict[str, Any]:
    return {
        "id": period.id,
        "dateStart": period.start.isoformat(),
        "dateEnd": period.end.isoformat(),
        "status": "Closed" if now >= closed_at(period) else "Open",
    }


def _plan(owner: Organisation, contract: Contract, number: int, periods: list[Period], now: datetime) -> dict[str, Any]:
    plan = contract.plans[number]
    return {
        "id": plan.id,
        "name": plan.name,
        "organizations": [_organization(owner)],
        "product": _product(plan.product),
        "items": [
            {
                "itemNumber": f"C-{contract.organisation_number}{contract.number:02d}{number:02d}{position + 1:02d}",
                **_item(contract, plan, position, periods, now),
            }
            for position in range(len(plan.prices))
        ],
    }


def _item(contract: Contract, plan: Plan, position: int, periods: list[Period], now: datetime) -> dict[str, Any]:
    """Write one price window of a plan; it ends the day before the next begins."""
    step = plan.prices[position]
    later = plan.prices[position + 1 :]
    until = later[0].start - timedelta(days=1) if later else CONTRACT_END
    start = max(step.start, period_of(contract, HISTORY_START).start)
    prepaid = plan.kind == "prepay"
    item: dict[str, Any] = {
        "name": f"{plan.product.name} {'Prepay' if prepaid else 'Usage'}",
        "type": "Recurring" if prepaid else "Usage",
        "function": "Prepay" if prepaid else "Overage",
        "description": plan.name,
        "currencyIsoCode": contract.currency,
        "discountAmount": Decimal("0.0"),
        "dateEffectiveStart": start.isoformat(),
        "dateEffectiveEnd": until.isoformat(),
        "overagePrice": step.overage,
        "price": step.price,
        "quantity": plan.quantity,
        "unitOfMeasure": plan.product.unit,
    }
    through = _charged_through(contract, periods, now)
    if through is not None and through >= start:
        item["dateChargedThrough"] = min(through, until).isoformat()
    return item


def _charged_through(contract: Contract, periods: list[Period], now: datetime) -> date | None:
    closed = [period for period in periods if now >= closed_at(period)]
    if not closed:
        return None
    newest = closed[0]
    return period_of(contract, newest.month.shift(1)).end if contract.advance else newest.end


def _charge(owner: Organisation, period: Period, charge: Charge) -> dict[str, Any]:
    key = (period.id, charge.plan.id)
    document: dict[str, Any] = {
        "id": seeded_random.identifier("charge", *key),
        "name": charge.plan.name,
        "product": _product(charge.plan.product),
        "organizations": [_organization(owner)],
        "prepaidQuantity": exact.vary_format(Decimal(charge.prepaid), *key, "prepaid"),
        "fairuseQuantity": exact.vary_format(Decimal(charge.fair_use), *key, "fair"),
        "actualQuantity": exact.vary_format(charge.actual, *key, "actual"),
        "overageQuantity": exact.vary_format(charge.overage, *key, "overage"),
        "overageRate": charge.rate,
        "overageCharge": exact.vary_format(charge.amount, *key, "charge"),
        "overageCurrency": charge.currency,
    }
    if charge.tokens is not None:
        document["convertedTokenCount"] = exact.vary_format(charge.tokens, *key, "tokens")
        document["tokenConversionRate"] = TOKEN_CONVERSION_RATE
    return document


def _wallet(owner: Organisation, period: Period, wallet: Wallet) -> dict[str, Any]:
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
    return {
        "id": seeded_random.identifier("wallet", period.contract.id, wallet.plan.id),
        "name": wallet.plan.product.name,
        "organizations": [_organization(owner)],
        "product": _product(wallet.plan.product),
        **{name: exact.vary_format(number, period.id, name) for name, number in numbers.items()},
        "balanceOverageCurrency": wallet.currency,
        "unitOfMeasure": wallet.plan.product.unit,
    }


def _resources(owner: Organisation, name: str, since: datetime, people: bool) -> list[dict[str, str]]:
    if not people:
        return []
    return [
        {
            "name": f"agent.{number}@{owner.name}.example.com",
            "date": f"{since.date()}T{7 + number:02d}:{seeded_random.between(0, 59, name, number):02d}:12.345Z",
        }
        for number in range(1, 4)
    ]


def _product(product: Product) -> dict[str, str]:
    return {"id": product.id, "sku": product.sku, "name": product.name, "unitOfMeasure": product.unit}


def _organization(owner: Organisation) -> dict[str, str]:
    return {"id": owner.organization_id, "name": owner.title}


def _customer(customer: Customer) -> dict[str, str]:
    return {"id": customer.id, "number": customer.number, "name": customer.name}


def _address(owner: Organisation, kind: str) -> dict[str, str]:
    code, country, city, postal_code = owner.country
    return {
        "dateEffective": "2022-12-01",
        "addressType": kind,
        "currencyIsoCode": owner.currency,
        "line1": "1 Example Street",
        "cityName": city,
        "postalCode": postal_code,
        "countryCode": code,
        "country": country,
    }
