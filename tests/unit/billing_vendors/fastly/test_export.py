"""What Fastly's lines are in FOCUS."""

from decimal import Decimal

import pytest

from billing.models import InvoiceLine
from billing_vendors.fastly.export import TERMS

CREDIT = {"product_group": "Credits", "credit_coupon": "SVC-1"}
BANDWIDTH = {"product": "Europe Bandwidth", "product_group": "Full-Site Delivery", "usage_type": "bandwidth"}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (BANDWIDTH, ("Usage", "Usage-Based", "GB", "Networking")),
        ({**BANDWIDTH, "usage_type": "requests"}, ("Usage", "Usage-Based", "10000 Requests", "Networking")),
        ({**BANDWIDTH, "unit": "TB"}, ("Usage", "Usage-Based", "TB", "Networking")),
        ({"product": "Next-Gen WAF"}, ("Usage", "Recurring", "Units", "Security")),
        (
            {"product": "Enterprise Support", "product_group": "Support"},
            ("Usage", "Recurring", "Units", "Management and Governance"),
        ),
        ({"product": "Commit shortfall"}, ("Usage", "Recurring", "Units", "Networking")),
        ({"product": "VAT 19%"}, ("Tax", "One-Time", None, "Networking")),
        (CREDIT, ("Credit", "One-Time", None, "Networking")),
        ({**BANDWIDTH, "amount": Decimal("-1.00")}, ("Credit", "One-Time", None, "Networking")),
    ],
)
def test_a_line(line, expected):
    found = TERMS.charge(InvoiceLine(**{"position": 1, "description": "", "amount": Decimal("1.00")} | line))
    told = found.category, found.frequency, found.unit, found.service.category
    assert told == expected
