"""Acme's own keys of an account in ``accounts.yaml``."""

from __future__ import annotations

from dataclasses import dataclass

from billing.errors import ConfigurationError


@dataclass(frozen=True)
class AcmeSettings:
    """
    What must be known of an Acme customer.

    :param customer_id: the vendor's id of the customer: every invoice must carry it.
    """

    customer_id: str

    def __post_init__(self) -> None:
        if not isinstance(self.customer_id, str) or not self.customer_id:
            raise ConfigurationError(f"customer_id {self.customer_id!r} should be a text; quote it in YAML")
