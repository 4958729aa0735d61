"""Products, organizations, customers and addresses as they stand in several documents."""

from __future__ import annotations

from typing import Any

from vendor_simulator.genesys_cloud.accounts import Customer, Organisation, Plan, Product


def product_member(product: Product) -> dict[str, str]:
    """Write a product."""
    return {"id": product.id, "sku": product.sku, "name": product.name, "unitOfMeasure": product.unit}


def organization_member(owner: Organisation, plan: Plan | None = None) -> dict[str, str]:
    """Write the organization that uses a plan; the first one if none does."""
    if plan is None or not plan.place:
        return {"id": owner.organization_id, "name": owner.title}
    number, title = owner.branches[plan.place - 1]
    return {"id": number, "name": title}


def customer_member(customer: Customer) -> dict[str, str]:
    """Write a party."""
    return {"id": customer.id, "number": customer.number, "name": customer.name}


def address_member(owner: Organisation, kind: str) -> dict[str, Any]:
    """Write an address of an invoice."""
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
