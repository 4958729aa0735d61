"""The keys of ``accounts.yaml`` that only Genesys Cloud accounts have."""

from __future__ import annotations

from dataclasses import dataclass

VENDOR = "genesys_cloud"


@dataclass(frozen=True, slots=True)
class GenesysSettings:
    """
    One organization.

    :param organization_id: the organization of the connection's credential.
    :param bill_to: number of the customer that the vendor bills, e.g. ``A-00000077``: an invoice to another one
        is not ours.
    :param trustor_organization_id: the client organization whose usage overview a trustee (partner) may read.
    """

    organization_id: str
    bill_to: str
    trustor_organization_id: str | None = None
