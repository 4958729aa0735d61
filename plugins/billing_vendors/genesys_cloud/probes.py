"""Probes for Genesys Cloud. Class and field names are stored in the database while a task waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import ClassVar

from billing.month import Month
from billing.names import name_key
from billing_vendors.base.client.client import VendorClient
from billing_vendors.base.client.transport import Limits
from billing_vendors.base.polling import Probe, ProbeResult
from billing_vendors.genesys_cloud import endpoints
from billing_vendors.genesys_cloud.hooks import GenesysCloudBillingHook
from billing_vendors.genesys_cloud.intervals import usage_intervals
from billing_vendors.genesys_cloud.month_assignment import BillingCycle, ContractTerm, assign_month, requested_dates
from billing_vendors.genesys_cloud.paging import GenesysPaging, body_of, rows_of
from billing_vendors.genesys_cloud.parse import parse_header
from billing_vendors.genesys_cloud.parse_contracts import parse_contract
from billing_vendors.genesys_cloud.parse_usage import is_complete
from billing_vendors.genesys_cloud.vocabulary import UnknownFields

_ONE_ATTEMPT = Limits(attempts=1)  # the next attempt follows anyway


@dataclass(frozen=True)
class _GenesysProbe(Probe):
    """:param month: ``YYYY-MM``."""

    month: str

    def hook(self, conn_id: str) -> GenesysCloudBillingHook:
        """Create the hook of the probe."""
        return GenesysCloudBillingHook(conn_id, limits=_ONE_ATTEMPT)

    @property
    def calendar_month(self) -> Month:
        """The month."""
        return Month.parse(self.month)


@dataclass(frozen=True)
class BillableUsageProbe(_GenesysProbe):
    """
    Ready when all billable usage reports are complete: the response is 200 either way, its ``status`` differs.

    A request makes the vendor generate a report, so exactly those are requested that will be read. The contracts say
    which these are: an attempt lists them too, one request for ten contracts.
    """

    thing: ClassVar[str] = "the billable usage report"

    async def poke(self, client: VendorClient) -> ProbeResult:
        """Check each report's status; an unknown one is a ``PayloadError``."""
        terms = await _read_terms(client)
        return await _see_usage_reports(client, terms, self.calendar_month)


@dataclass(frozen=True)
class BillingPeriodClosedProbe(_GenesysProbe):
    """
    Ready when all billing periods whose last day falls in the month are closed, or there are none.

    One that has no status, or another than the documented ones, is taken as closed once its last day has passed.
    """

    thing: ClassVar[str] = "the end of the billing periods"

    async def poke(self, client: VendorClient) -> ProbeResult:
        """Check the status of each billing period of each contract."""
        return _see_periods(await _read_terms(client), self.calendar_month)


@dataclass(frozen=True)
class InvoicePostedProbe(_GenesysProbe):
    """
    Ready when at least one invoice of the month is listed; a credit memo does not count.

    :param first_month: of the account, ``YYYY-MM``.
    """

    first_month: str

    thing: ClassVar[str] = "the invoice"

    async def poke(self, client: VendorClient) -> ProbeResult:
        """Search for an invoice that belongs to the month by its header."""
        terms = await _read_terms(client)
        return await _see_invoices(client, terms, self.calendar_month, Month.parse(self.first_month))


@dataclass(frozen=True)
class MonthReadyProbe(_GenesysProbe):
    """
    Ready when billing periods, usage reports and invoice are, checked in this order up to the first that is not.

    A request makes the vendor generate a report, and one of a period that still runs could be cached and returned
    later. Of the three only the invoice may be absent for good.

    :param first_month: of the account, ``YYYY-MM``.
    """

    first_month: str

    thing: ClassVar[str] = "the month (closed billing periods, usage reports, invoice)"

    async def poke(self, client: VendorClient) -> ProbeResult:
        """Check up to the first that is not ready."""
        terms = await _read_terms(client)
        seen = _see_periods(terms, self.calendar_month)
        if not seen.ready:
            return replace(seen, may_be_absent=False)
        seen = await _see_usage_reports(client, terms, self.calendar_month)
        if not seen.ready:
            return replace(seen, may_be_absent=False)
        return await _see_invoices(client, terms, self.calendar_month, Month.parse(self.first_month))


async def _see_usage_reports(client: VendorClient, terms: Sequence[ContractTerm], month: Month) -> ProbeResult:
    states = []
    for interval in usage_intervals(month, terms):  # all of them: the vendor generates them in parallel
        response = await client.asend(endpoints.billable_usage(interval))
        states.append(is_complete(body_of(response)))
    seen = f"{states.count(False)} of {len(states)} usage reports InProgress (HTTP 200)"
    return ProbeResult(ready=all(states), seen=seen)


def _see_periods(terms: Sequence[ContractTerm], month: Month) -> ProbeResult:
    cycles = [cycle for term in terms for cycle in term.cycles if cycle.month == month]
    still = sum(map(_is_open, cycles))
    return ProbeResult(ready=not still, seen=f"{len(cycles) - still} of {len(cycles)} billing periods closed")


def _is_open(cycle: BillingCycle) -> bool:
    """
    Return whether a billing period may still be closed.

    No wait ends by a status that is missing or not documented: after the period's last day G12 judges it.
    """
    status = name_key(cycle.status)
    return status == "open" or (status != "closed" and datetime.now(UTC).date() < cycle.ends_on)


async def _see_invoices(
    client: VendorClient, terms: Sequence[ContractTerm], month: Month, first_month: Month
) -> ProbeResult:
    pages = client.alist_pages(GenesysPaging(endpoints.invoices(*requested_dates(month))))
    headers = [parse_header(row, UnknownFields()) async for page in pages for row in rows_of(page)]
    found = [
        header
        for header in headers
        if header.kind == "invoice"
        and assign_month(header.invoiced_on, header.purchase_order, (), terms, first_month).month == month
    ]
    return ProbeResult(ready=bool(found), seen=f"{len(found)} invoices of the month among {len(headers)} listed")


async def _read_terms(client: VendorClient) -> list[ContractTerm]:
    """Read the contracts' billing periods from the listing; a row that names none is requested by itself."""
    terms = []
    async for page in client.alist_pages(GenesysPaging(endpoints.contracts())):
        for row in rows_of(page):
            source = row
            if row.optional("billingPeriods") is None:
                source = body_of(await client.asend(endpoints.contract(row.identifier("id"))))
            terms.append(parse_contract(source, UnknownFields())[1])
    return terms
