"""
Fetch everything Genesys Cloud has on one account and month.

Only what decides the next request is read here: contracts name billing periods, the invoice listing names invoices,
and `derive.py` decides which of those belong to the month.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

from billing.config.accounts import Account
from billing.errors import PayloadError, VendorRejected
from billing.month import Month
from billing.payloads.response import Response
from billing_vendors.base.client.pdf_download import DOCUMENT_LIMITS
from billing_vendors.base.client.transport import Limits
from billing_vendors.base.documents import document_or_reason
from billing_vendors.base.vendor import Document, MissingDocument
from billing_vendors.genesys_cloud.derive import candidates, invoice_of_month, read_contracts, read_lines
from billing_vendors.genesys_cloud.hooks import GenesysCloudBillingHook
from billing_vendors.genesys_cloud.intervals import usage_intervals
from billing_vendors.genesys_cloud.month_assignment import BillingCycle, ContractTerm
from billing_vendors.genesys_cloud.paging import body_of, rows_of
from billing_vendors.genesys_cloud.parse import InvoiceHeader, parse_header
from billing_vendors.genesys_cloud.parse_usage import overview_interval
from billing_vendors.genesys_cloud.settings import GenesysSettings
from billing_vendors.genesys_cloud.vocabulary import UnknownFields

_MAX_OVERVIEWS = 4

_LOG = logging.getLogger(__name__)


def collect(
    account: Account[GenesysSettings], month: Month, *, limits: Limits | None = None
) -> Iterator[Response | Document | MissingDocument]:
    """
    Yield each response as it arrives, and each document, or why there is none, after its invoice's lines.

    :param limits: other limits of each request, and of each document, than the usual ones.
    :raises VendorUnavailable: a usage report is not finished, or the vendor is busy or down.
    :raises BillingError: by the kind of failure, see :mod:`billing.errors`.
    """
    settings = account.settings
    trustee = GenesysCloudBillingHook(settings.trustee_conn_id, limits=limits) if settings.trustee_conn_id else None
    if trustee is not None:
        trustee.connection_settings()  # a wrong connection is told before the first request
    with GenesysCloudBillingHook(account.conn_id, limits=limits, document_limits=limits or DOCUMENT_LIMITS) as hook:
        terms = yield from _contracts(hook)
        yield from _billing_periods(hook, [cycle for term in terms for cycle in term.cycles if cycle.month == month])
        yield from _invoices(hook, terms, account, month)
        for interval in usage_intervals(month, terms):
            yield hook.get_billable_usage(interval)
        if settings.trustor_organization_id:
            yield from _overview(trustee or hook, settings.trustor_organization_id, month)


def collect_running_month(
    account: Account[GenesysSettings], month: Month, *, limits: Limits | None = None
) -> Iterator[Response]:
    """
    Yield contracts, and the detail of every billing period that has days in a month which is still running.

    :param limits: other limits of each request than the usual ones.
    :raises BillingError: by the kind of failure, see :mod:`billing.errors`.
    """
    with GenesysCloudBillingHook(account.conn_id, limits=limits) as hook:
        terms = yield from _contracts(hook)
        cycles = [cycle for term in terms for cycle in term.cycles if cycle.overlaps(month)]
        yield from _billing_periods(hook, cycles)


def _contracts(hook: GenesysCloudBillingHook) -> Generator[Response, None, list[ContractTerm]]:
    contract_ids: dict[str, None] = {}
    for page in hook.list_contracts():
        yield page
        contract_ids |= dict.fromkeys(row.identifier("id") for row in rows_of(page))
    if not contract_ids:
        raise PayloadError("No contracts returned. Check that the OAuth client belongs to the billed organization.")
    responses = []
    for contract_id in contract_ids:
        responses.append(hook.get_contract(contract_id))
        yield responses[-1]
    return read_contracts(responses, UnknownFields())[1]


def _billing_periods(hook: GenesysCloudBillingHook, cycles: Iterable[BillingCycle]) -> Iterator[Response]:
    for contract_id, period_id in dict.fromkeys((cycle.contract_id, cycle.period_id) for cycle in cycles):
        yield hook.get_billing_period(contract_id, period_id)


def _invoices(
    hook: GenesysCloudBillingHook, terms: list[ContractTerm], account: Account[GenesysSettings], month: Month
) -> Iterator[Response | Document | MissingDocument]:
    headers: dict[str, InvoiceHeader] = {}
    for page in hook.list_invoices(month):
        yield page
        headers |= {
            header.invoice_id: header for header in (parse_header(row, UnknownFields()) for row in rows_of(page))
        }
    for header in candidates(headers.values(), terms, month):
        pages = []
        for page in hook.list_invoice_lines(header.invoice_id):
            pages.append(page)
            yield page
        lines = read_lines(header.invoice_id, pages, UnknownFields())
        if invoice_of_month(header, lines, terms, account, month):
            yield document_or_reason(header.invoice_id, "pdf", partial(hook.get_document, header.invoice_id))


def _overview(hook: GenesysCloudBillingHook, organization_id: str, month: Month) -> Iterator[Response]:
    """
    Yield the trustee's overview of the billing period whose last day falls in the month, if the vendor still has it.

    It is requested by its distance from today, not by its date: guess, read its dates, and correct the guess. A refusal
    blocks the control that needs the overview, not the month.
    """
    index = max(0, _months(Month.of(datetime.now(UTC))) - _months(month))
    tried: set[int] = set()
    while index >= 0 and index not in tried and len(tried) < _MAX_OVERVIEWS:
        tried.add(index)
        try:
            response = hook.get_trustee_overview(organization_id, index)
        except VendorRejected as error:
            _LOG.warning("the vendor refused the trustee overview: %s", error)
            return
        _, ends_at = overview_interval(body_of(response))
        if ends_at is None:
            break
        found = Month.of(ends_at - timedelta(microseconds=1))
        if found == month:
            yield response
            return
        index += _months(found) - _months(month)
    _LOG.warning("the vendor returned no trustee overview for %s", month)


def _months(month: Month) -> int:
    return month.year * 12 + month.month
