"""How invoice lines are described; nothing says how the vendor does it."""

from __future__ import annotations

from vendor_simulator.genesys_cloud.accounts import Contract, Plan

_PATTERNS = {
    "words": {"prepay": "{product} - Prepay", "overage": "{product} - overage", "one_time": "{product} - One-time"},
    "item": {"prepay": "{product} Prepay", "overage": "{product} Usage", "one_time": "{product} Bundle"},
    "product": {"prepay": "{product}", "overage": "{product}", "one_time": "{product}"},
    "code": {"prepay": "{sku}", "overage": "{sku}", "one_time": "{sku}"},
    "generic": {"prepay": "Subscription fee", "overage": "Usage charges", "one_time": "One-time fee"},
    "german": {
        "prepay": "{product}, Grundgebühr",
        "overage": "{product}, Mehrverbrauch",
        "one_time": "{product}, einmalig",
    },
}
WORDINGS = tuple(_PATTERNS)


def describe(contract: Contract, kind: str, plan: Plan) -> str:
    """Return a line's description."""
    return _PATTERNS[contract.wording][kind].format(product=plan.product.name, sku=plan.product.sku)
