"""The keys of ``accounts.yaml`` that only Genesys Cloud accounts have."""

from __future__ import annotations

import re
from dataclasses import dataclass

from billing.errors import ConfigurationError

_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")

VENDOR = "genesys_cloud"


@dataclass(frozen=True, slots=True)
class GenesysSettings:
    """
    One organization.

    :param organization_id: the organization of the connection's credential.
    :param bill_to: number of the customer that the vendor bills, e.g. ``A-00000077``: an invoice to another one
        is not ours.
    :param trustor_organization_id: the client organization whose usage overview a trustee (partner) may read.
    :param trustee_conn_id: the connection that reads this overview, if it is not the account's own: a partner's.
    """

    organization_id: str
    bill_to: str
    trustor_organization_id: str | None = None
    trustee_conn_id: str | None = None

    def __post_init__(self) -> None:
        for name in ("organization_id", "trustor_organization_id", "trustee_conn_id"):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, str) and _ID.fullmatch(value)):
                raise ConfigurationError(f"{name} {value!a} should be letters, digits, dots, dashes; quote it in YAML")
        if self.trustee_conn_id and not self.trustor_organization_id:
            raise ConfigurationError("trustee_conn_id needs trustor_organization_id: whose overview it is to read")
