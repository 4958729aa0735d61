"""What one check at Acme is. Class and field names are stored in the database while a task waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from billing.month import Month
from billing_vendors.acme import endpoints
from billing_vendors.acme.hooks import AcmeBillingHook
from billing_vendors.acme.paging import invoice_rows
from billing_vendors.base.client.client import VendorClient
from billing_vendors.base.client.transport import Limits
from billing_vendors.base.polling import Probe, ProbeResult

_ONE_ATTEMPT = Limits(attempts=1, total_seconds=60.0)


@dataclass(frozen=True)
class PostedProbe(Probe):
    """Has Acme posted an invoice of the month?"""

    thing: ClassVar[str] = "the posted invoice"

    month: str

    def hook(self, conn_id: str) -> AcmeBillingHook:
        """Create the hook; the next check is the retry."""
        return AcmeBillingHook(conn_id, limits=_ONE_ATTEMPT)

    async def poke(self, client: VendorClient) -> ProbeResult:
        """Ask for the first page of the month's invoices."""
        response = await client.asend(endpoints.list_invoices(Month.parse(self.month)))
        count = len(invoice_rows(response))
        return ProbeResult(count > 0, f"200, {count} invoices of the month")
