"""Fastly's own keys of an account in ``accounts.yaml``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from billing.errors import ConfigurationError

_CUSTOMER_ID = re.compile(r"[A-Za-z0-9]{1,64}")


@dataclass(frozen=True)
class FastlySettings:
    """
    What Tieout must know about a Fastly customer.

    :param customer_id: the vendor's id of the customer; v2 paths contain it, and every invoice must have it.
    :param api: ``v3``, or ``v2`` for a customer still billed by the legacy API.
    :param parent_pay: another account pays for this one, so that Fastly provides no month-to-date estimate for it.
    """

    customer_id: str
    api: str = "v3"
    parent_pay: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.customer_id, str) or not _CUSTOMER_ID.fullmatch(self.customer_id):
            raise ConfigurationError(f"customer_id {self.customer_id!r} should be letters and digits; quote it in YAML")
        if self.api not in {"v2", "v3"}:
            raise ConfigurationError(f"api {self.api!r} should be 'v2' or 'v3'")
        if not isinstance(self.parent_pay, bool):
            raise ConfigurationError(f"parent_pay {self.parent_pay!r} should be true or false")
