"""What a line of a Fastly bill is beyond a charge, credit or shortfall: metered, flat, tax or voided. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

from billing.controls.checks.line_types import ChargeKey, is_charge
from billing.models import Invoice, InvoiceLine
from billing.names import name_key
from billing_vendors.fastly.parse_legacy import VOIDED

ItemKey = tuple[str, str, str]
"""Product, region and usage type as a person reads them."""

_TAX = re.compile(r"\b(tax|taxes|vat|gst|hst|pst|qst|mwst|ust|tva|iva|btw|moms)\b")


def item_key(charged: ChargeKey) -> ItemKey:
    """Return what is charged for, for comparing."""
    product, region, usage_type = charged
    return name_key(product), name_key(region), name_key(usage_type)


def is_tax(line: InvoiceLine) -> bool:
    """Return whether a line is tax: the API has no field for it, so its name says so."""
    return not line.usage_type and _names_tax(line.product, line.product_group, line.description)


@lru_cache(maxsize=4096)  # the same few products on thousands of lines
def _names_tax(*names: str | None) -> bool:
    return any(_TAX.search(name_key(name)) for name in names if name)


def is_discount(line: InvoiceLine) -> bool:
    """Return whether a line is a discount: it lowers the charges, and is no credit that a coupon would mark."""
    return line.amount <= 0 and "discount" in name_key(line.product or line.description)


def is_metered_by_more(line: InvoiceLine) -> bool:
    """Return whether a line is of usage whose unit is not documented: neither requests nor bandwidth."""
    named = " ".join(map(name_key, (line.usage_type, line.product, line.description)))
    return "request" not in named and "bandwidth" not in named


def is_voided(line: InvoiceLine) -> bool:
    """Return whether a line was deleted, so that it bills nothing."""
    return VOIDED in line.attributes


def is_flat(line: InvoiceLine) -> bool:
    """Return whether a line is an amount and not a price times a quantity: at most one unit, at the whole amount."""
    return line.quantity in {None, Decimal(1)} and (line.rate is None or abs(line.rate) == abs(line.amount))


def charges(invoices: Iterable[Invoice]) -> list[InvoiceLine]:
    """Return the lines that charge for usage or a fee; tax and what was voided charge for neither."""
    return [line for invoice in invoices for line in invoice.lines if counts_as_charge(line)]


def counts_as_charge(line: InvoiceLine) -> bool:
    """Return whether a line charges for usage or a fee."""
    return is_charge(line) and not is_tax(line) and not is_voided(line)
