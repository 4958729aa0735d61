"""Wait for Genesys Cloud: for the usage reports, for the end of the billing periods, for the invoice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from billing.accounts import Account
from billing.period import BillingPeriod
from billing_vendors.base.limits import Limits
from billing_vendors.base.question import Conversation, all_pages
from billing_vendors.base.sensors import InvoicePostedSensor, VendorSensor
from billing_vendors.base.waiting import Look, Observation
from billing_vendors.genesys_cloud import questions
from billing_vendors.genesys_cloud.derive import body_of
from billing_vendors.genesys_cloud.hooks import GenesysCloudBillingHook
from billing_vendors.genesys_cloud.intervals import usage_intervals
from billing_vendors.genesys_cloud.pages import pages_of, rows_of
from billing_vendors.genesys_cloud.parse import parse_head
from billing_vendors.genesys_cloud.parse_contracts import parse_contract
from billing_vendors.genesys_cloud.parse_usage import is_complete
from billing_vendors.genesys_cloud.periods import Term, decide, search_window
from billing_vendors.genesys_cloud.settings import VENDOR, GenesysSettings
from billing_vendors.genesys_cloud.words import Noted

_ONE_LOOK = Limits(attempts=1)  # the next look comes anyway


@dataclass(frozen=True)
class _GenesysLook(Look):
    """:param month: ``YYYY-MM``."""

    month: str

    def hook(self, conn_id: str) -> GenesysCloudBillingHook:
        """Make the hook to ask with."""
        return GenesysCloudBillingHook(conn_id, limits=_ONE_LOOK)

    @property
    def period(self) -> BillingPeriod:
        """The month."""
        return BillingPeriod.parse(self.month)


@dataclass(frozen=True)
class BillableUsageLook(_GenesysLook):
    """
    The vendor answers 200 either way; its ``status`` tells.

    To ask is what makes the vendor make a report, so exactly those are asked for that will be read. Which these are,
    the contracts say: a look costs their listing too, one request for ten contracts.
    """

    thing: ClassVar[str] = "the billable usage report"

    def take(self) -> Conversation[Observation]:
        """Look at each report's status; an unknown one is a ``PayloadError``."""
        terms = yield from _read_terms()
        states = []
        for interval in usage_intervals(self.period, terms):  # all of them: the vendor makes them side by side
            answer = yield questions.billable_usage(interval)
            states.append(is_complete(body_of(answer)))
        return Observation(ready=all(states), seen=f"200, {states.count(False)} of {len(states)} reports InProgress")


@dataclass(frozen=True)
class BillingPeriodClosedLook(_GenesysLook):
    """All billing periods whose last day falls in the month are closed; so are none."""

    thing: ClassVar[str] = "the end of the billing periods"

    def take(self) -> Conversation[Observation]:
        """Look at the state of each billing period of each contract."""
        terms = yield from _read_terms()
        states = [cycle.status for term in terms for cycle in term.cycles if cycle.month == self.period]
        still = sum(state != "Closed" for state in states)
        return Observation(ready=not still, seen=f"{len(states) - still} of {len(states)} billing periods closed")


@dataclass(frozen=True)
class InvoicePostedLook(_GenesysLook):
    """
    At least one invoice of the month is listed; a credit memo alone is none.

    :param first_month: of the account, ``YYYY-MM``.
    """

    first_month: str

    thing: ClassVar[str] = "the invoice"

    def take(self) -> Conversation[Observation]:
        """Look for an invoice that belongs to the month as far as its head tells."""
        terms = yield from _read_terms()
        pages = yield from all_pages(pages_of(questions.invoices(*search_window(self.period))))
        heads = [parse_head(row, Noted()) for page in pages for row in rows_of(page)]
        first_month = BillingPeriod.parse(self.first_month)
        found = [
            head
            for head in heads
            if head.kind == "invoice"
            and decide(head.invoiced_on, head.purchase_order, (), terms, first_month).month == self.period
        ]
        return Observation(ready=bool(found), seen=f"{len(found)} invoices of the month among {len(heads)} listed")


def _read_terms() -> Conversation[list[Term]]:
    """Read the contracts' billing periods from the listing; a row that names none is asked for by itself."""
    terms = []
    for page in (yield from all_pages(pages_of(questions.contracts()))):
        for row in rows_of(page):
            source = row
            if row.optional("billingPeriods") is None:
                source = body_of((yield questions.contract(row.identifier("id"))))
            terms.append(parse_contract(source, Noted())[1])
    return terms


class _GenesysSensor(VendorSensor):
    vendor = VENDOR
    settings_type = GenesysSettings


class GenesysBillableUsageSensor(_GenesysSensor):
    """Wait until the billable usage reports of the month are complete: one for each distinct billing period."""

    def look(self, account: Account[Any], period: BillingPeriod) -> Look:  # noqa: ARG002 (the interface)
        """Look at the contracts and the reports."""
        return BillableUsageLook(str(period))


class GenesysBillingPeriodClosedSensor(_GenesysSensor):
    """Wait until every billing period whose last day falls in the month is closed; ready at once if there is none."""

    def look(self, account: Account[Any], period: BillingPeriod) -> Look:  # noqa: ARG002 (the interface)
        """Look at the contracts."""
        return BillingPeriodClosedLook(str(period))


class GenesysInvoicePostedSensor(InvoicePostedSensor):
    """Wait until an invoice of the month is posted; its absence is an answer after the days of grace."""

    vendor: ClassVar[str] = VENDOR
    settings_type: ClassVar[type[Any]] = GenesysSettings

    def look(self, account: Account[Any], period: BillingPeriod) -> Look:
        """Look at contracts and invoices."""
        return InvoicePostedLook(str(period), str(account.first_month))
