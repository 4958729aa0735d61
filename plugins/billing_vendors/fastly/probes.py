"""Probes for Fastly. Class and field names are stored in the database while a task waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from billing.errors import ConfigurationError, VendorRejected
from billing.models import MonthToDate
from billing.month import Month
from billing.payloads.json_reader import JsonObject
from billing.payloads.response import Response
from billing_vendors.base.client.client import VendorClient
from billing_vendors.base.client.transport import Limits
from billing_vendors.base.polling import Probe, ProbeResult
from billing_vendors.fastly import endpoints, parse_legacy
from billing_vendors.fastly.derive import estimate_of
from billing_vendors.fastly.errors import NoBill
from billing_vendors.fastly.hooks import FastlyBillingHook
from billing_vendors.fastly.paging import InvoicePaging, listed_ids
from billing_vendors.fastly.vocabulary import V2_NOT_ISSUED

_ONE_ATTEMPT = Limits(attempts=1, total_seconds=60.0)
_NO_ESTIMATE = frozenset({403, 404, 422})


@dataclass(frozen=True)
class FastlyProbe(Probe):
    """
    A probe of one customer's month.

    :param api: ``v2`` or ``v3``.
    """

    customer_id: str
    api: str
    month: str

    def hook(self, conn_id: str) -> FastlyBillingHook:
        """Create the hook; the next attempt is the retry."""
        return FastlyBillingHook(conn_id, limits=_ONE_ATTEMPT)


@dataclass(frozen=True)
class EstimateProbe(FastlyProbe):
    """Ready when Fastly has generated the month-to-date estimate: 202 before; a 200 counts only with an estimate."""

    thing: ClassVar[str] = "the month-to-date estimate"

    async def poke(self, client: VendorClient) -> ProbeResult:
        """Request the estimate once."""
        month = Month.parse(self.month)
        by_v2 = self.api == "v2"
        request = endpoints.v2_month_to_date(self.customer_id, month) if by_v2 else endpoints.v3_month_to_date()
        try:
            response = await client.asend(request)
        except VendorRejected as error:
            raise self._explained(error) from error
        if response.status == 202 or _is_receipt(response):
            return ProbeResult(False, f"estimate not ready (HTTP {response.status})")
        return self._seen(estimate_of(response), month)

    def _seen(self, estimate: MonthToDate, month: Month) -> ProbeResult:
        if estimate.month > month:
            raise ConfigurationError(
                f"the month-to-date estimate of {month} is no longer available: Fastly returns that of {estimate.month}"
            )
        return ProbeResult(estimate.month == month, f"estimate of {estimate.month} (HTTP 200)")

    def _explained(self, error: VendorRejected) -> VendorRejected:
        if error.status not in _NO_ESTIMATE:
            return error
        return type(error)(
            f"{error}. Fastly provides no estimate for a customer whose parent account pays: if {self.customer_id} is "
            f"one, set `parent_pay: true` for it in accounts.yaml; if not, ask Fastly",
            status=error.status,
        )


@dataclass(frozen=True)
class PostedProbe(FastlyProbe):
    """Ready when Fastly has posted an invoice of the month."""

    thing: ClassVar[str] = "the posted invoice"

    async def poke(self, client: VendorClient) -> ProbeResult:
        """Request the bill of the month (v2), or read the list's pages until one is found (v3)."""
        month = Month.parse(self.month)
        return await (self._bill(client, month) if self.api == "v2" else self._listed(client, month))

    async def _bill(self, client: VendorClient, month: Month) -> ProbeResult:
        try:
            response = await client.asend(endpoints.v2_invoice_by_month(month))
        except NoBill:
            return ProbeResult(False, "no bill (HTTP 404)")
        row = JsonObject(response.json_object(), response.request)
        status, state = parse_legacy.status_of(row), row.text_or_none("vendor_state")
        issued = status is not None and status not in V2_NOT_ISSUED and state != "down"
        seen = f"bill with status {str(status)[:40]!a}, vendor_state {str(state)[:40]!a} (HTTP 200)"
        return ProbeResult(issued, seen)

    async def _listed(self, client: VendorClient, month: Month) -> ProbeResult:
        async for page in client.alist_pages(InvoicePaging(month)):
            if listed_ids(page, month):
                return ProbeResult(True, "an invoice of the month (HTTP 200)")
        return ProbeResult(False, "no invoice of the month (HTTP 200)")


def _is_receipt(response: Response) -> bool:
    """Return whether a 200 carries the body of a 202: a string ``status`` and no id."""
    document = response.json_object()
    return isinstance(document.get("status"), str) and "invoice_id" not in document
