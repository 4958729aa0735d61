"""Derive the values of one account and month from its stored responses. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from billing.config.accounts import Account
from billing.errors import PayloadError
from billing.models import (
    AccountMonth,
    Contract,
    ContractBillingPeriod,
    Invoice,
    InvoiceLine,
    Listing,
    Reading,
    Recall,
    UnknownField,
    UsageReport,
    recall_nothing,
)
from billing.month import Month
from billing.payloads.exact_json import json_value, sha256_of
from billing.payloads.response import Response
from billing_vendors.genesys_cloud.intervals import Interval
from billing_vendors.genesys_cloud.month_assignment import BillingCycle, ContractTerm, assign_month, possible_months
from billing_vendors.genesys_cloud.paging import body_of, in_order, note_page, rows_of
from billing_vendors.genesys_cloud.parse import (
    InvoiceHeader,
    parse_header,
    parse_line,
    services_of,
    with_half_open_ends,
)
from billing_vendors.genesys_cloud.parse_contracts import parse_billing_period, parse_contract
from billing_vendors.genesys_cloud.parse_usage import parse_billable_usage, parse_trustee_overview
from billing_vendors.genesys_cloud.vocabulary import UnknownFields

_IDS_IN_PATH = {
    "contract": re.compile(r"/contracts/([^/?]+)$"),
    "billing_period": re.compile(r"/contracts/([^/?]+)/billingperiods/([^/?]+)$"),
    "invoice_lines": re.compile(r"/contracts/invoices/([^/?]+)/lines(?:\?|$)"),
}


def derive(
    account: Account[Any],
    month: Month,
    responses: Sequence[Response],
    recall: Recall = recall_nothing,
) -> AccountMonth:
    """
    Turn the stored responses of one collection into the account's month.

    :param recall: returns what is stored of invoices, by the hash of all that decides on them: header, lines, contracts
        and month; only the lines of others are parsed.
    :raises PayloadError: a response has another format, or one that it refers to is missing: a contract without its
        detail, an invoice without its lines, lines without their invoice.
    """
    unknown_fields = UnknownFields()
    by_operation: dict[str, list[Response]] = defaultdict(list)
    for response in responses:
        by_operation[response.operation].append(response)
    contract_listing = read_listing("contracts", by_operation["contracts"], unknown_fields)
    contracts, terms = read_contracts(by_operation["contract"], unknown_fields)
    _same_ids("contract", set(contract_listing.row_ids), set(contracts))
    headers, invoice_listing = _headers(by_operation["invoices"], unknown_fields)
    agreed = [str(month), *sorted((each.request, each.sha256.hex()) for each in by_operation["contract"])]
    lines = _all_lines(by_operation["invoice_lines"], headers, agreed)
    readings = dict(recall({each.sha256 for each in lines.values()}))
    invoices = tuple(_invoices(headers, lines, readings, terms, account, month))
    line_listings = [each.listing(readings) for each in lines.values()]
    noted = [each.noted for each in lines.values()] + [each.unknown_fields for each in readings.values()]
    periods = _billing_periods(
        by_operation["billing_period"], terms, lambda cycle: cycle.month == month, unknown_fields
    )
    return AccountMonth(
        vendor=account.vendor,
        account=account.name,
        month=month,
        invoices=invoices,
        contracts=tuple(contracts.values()),
        billing_periods=tuple(periods),
        usage_reports=tuple(_usage_reports(by_operation, month, unknown_fields)),
        listings=(contract_listing, invoice_listing, *line_listings),
        unknown_fields=frozenset(unknown_fields.unknown).union(*noted),
        readings=readings,
    )


def derive_running_month(account: Account[Any], month: Month, responses: Sequence[Response]) -> AccountMonth:
    """
    Turn the stored responses of a month that is still running into its contracts and billing periods, open ones too.

    :raises PayloadError: as ``derive``.
    """
    unknown_fields = UnknownFields()
    of = {name: [each for each in responses if each.operation == name] for name in ("contract", "billing_period")}
    contracts, terms = read_contracts(of["contract"], unknown_fields)
    periods = _billing_periods(of["billing_period"], terms, lambda cycle: cycle.overlaps(month), unknown_fields)
    return AccountMonth(
        vendor=account.vendor,
        account=account.name,
        month=month,
        invoices=(),
        contracts=tuple(contracts.values()),
        billing_periods=tuple(periods),
        unknown_fields=frozenset(unknown_fields.unknown),
    )


def read_listing(operation: str, responses: Iterable[Response], unknown_fields: UnknownFields) -> Listing:
    """
    Return a listing's rows and whether it is complete.

    :raises PayloadError: its first page is missing, or a row has no id.
    """
    pages, ended = in_order(responses)
    if not pages:
        raise PayloadError(f"{operation}: the first page is not among the stored responses")
    for page in pages:
        note_page(page, unknown_fields)
    row_ids = tuple(row.identifier("id") for page in pages for row in rows_of(page))
    return Listing(operation=operation, row_ids=row_ids, declared_total=None, ended=ended)


def read_contracts(
    responses: Iterable[Response], unknown_fields: UnknownFields
) -> tuple[dict[str, Contract], list[ContractTerm]]:
    """
    Parse the contracts that were requested one by one.

    :raises PayloadError: a response is about another contract than the one requested.
    """
    contracts: dict[str, Contract] = {}
    terms: dict[str, ContractTerm] = {}
    for response in responses:
        (asked,) = ids_in_path(response)
        contract, term = parse_contract(body_of(response), unknown_fields)
        _is_the_asked(response, asked, contract.contract_id)
        contracts[asked], terms[asked] = contract, term
    return contracts, list(terms.values())


def candidates(
    headers: Iterable[InvoiceHeader], terms: Sequence[ContractTerm], month: Month
) -> Iterator[InvoiceHeader]:
    """Yield the invoices that may belong to a month by their header; their lines are needed to decide."""
    for header in headers:
        months = possible_months(header.invoiced_on, header.purchase_order, terms)
        if months is None or month in months:
            yield header


def invoice_of_month(
    header: InvoiceHeader,
    lines: Sequence[InvoiceLine],
    terms: Sequence[ContractTerm],
    account: Account[Any],
    month: Month,
) -> Invoice | None:
    """Return the whole invoice of a candidate; None if its lines show that it belongs to another month."""
    lines = with_half_open_ends(lines, terms)
    decision = assign_month(
        header.invoiced_on,
        header.purchase_order,
        services_of(lines),
        terms,
        account.first_month,
        is_credit=header.kind == "credit_memo",
    )
    return header.with_lines(lines, decision.month, decision.evidence) if decision.month == month else None


def read_lines(invoice_id: str, pages: Iterable[Response], unknown_fields: UnknownFields) -> list[InvoiceLine]:
    """Read the lines of one invoice from its pages in order; a row that is listed twice is one line."""
    rows = [row for page in pages for row in rows_of(page)]
    lines = [parse_line(row, 0, invoice_id, unknown_fields) for row in rows]
    seen: dict[str, InvoiceLine] = {}
    once = [
        line
        for line in lines
        if line.line_id is None or seen.setdefault(line.line_id, line) is line or seen[line.line_id] != line
    ]
    return [replace(line, position=position) for position, line in enumerate(once, start=1)]


def ids_in_path(response: Response) -> tuple[str, ...]:
    """
    Return the identifiers of the requests: the responses of these operations do not repeat them.

    :raises PayloadError: the stored request is not one of this operation.
    """
    match = _IDS_IN_PATH[response.operation].search(response.request)
    if match is None:
        raise PayloadError(f"{response.request}: not a request of the operation {response.operation}")
    return tuple(unquote(group) for group in match.groups())


def _headers(responses: Sequence[Response], unknown_fields: UnknownFields) -> tuple[dict[str, InvoiceHeader], Listing]:
    listing = read_listing("invoices", responses, unknown_fields)
    headers = [parse_header(row, unknown_fields) for page in in_order(responses)[0] for row in rows_of(page)]
    return {header.invoice_id: header for header in headers}, listing


class _Lines:
    """
    The pages of one invoice's lines, parsed only if they are needed.

    :ivar sha256: hash of all that decides on the invoice.
    """

    def __init__(self, invoice_id: str, pages: Sequence[Response], decisive: object) -> None:
        self._invoice_id = invoice_id
        self._stored = pages
        asked = [[page.request, page.sha256.hex()] for page in pages]
        self.sha256 = sha256_of(json_value(["genesys_cloud invoice", decisive, asked]))
        self._noted = UnknownFields()

    @cached_property
    def _parsed(self) -> tuple[list[InvoiceLine], Listing]:
        pages = list(map(replace, self._stored))  # copies: what is parsed of them is released with this invoice
        listing = read_listing(f"invoice_lines/{self._invoice_id}", pages, self._noted)
        return read_lines(self._invoice_id, in_order(pages)[0], self._noted), listing

    @property
    def lines(self) -> list[InvoiceLine]:
        """The lines as their pages have them."""
        return self._parsed[0]

    @property
    def noted(self) -> frozenset[UnknownField]:
        """The fields that were found in what was parsed."""
        return frozenset(self._noted.unknown)

    def listing(self, readings: Mapping[bytes, Reading]) -> Listing:
        """Return what the pages say about their completeness; of a recalled invoice each row is one of its lines."""
        known = readings.get(self.sha256)
        return self._parsed[1] if known is None or known.stored is None else self._whole(known.invoice)

    def reading(self, invoice: Invoice) -> Reading | None:
        """Return what was read, to be recalled; None if the listing cannot be told from the invoice's lines."""
        return Reading(invoice, self.noted) if self._parsed[1] == self._whole(invoice) else None

    def _whole(self, invoice: Invoice) -> Listing:
        row_ids = tuple(line.line_id or "" for line in invoice.lines)
        return Listing(f"invoice_lines/{self._invoice_id}", row_ids, declared_total=None, ended=True)


def _all_lines(
    responses: Iterable[Response], headers: Mapping[str, InvoiceHeader], agreed: object
) -> dict[str, _Lines]:
    """
    Group the pages of lines by invoice.

    :param agreed: what besides header and lines decides on an invoice.
    :raises PayloadError: no header has the invoice.
    """
    by_invoice: dict[str, list[Response]] = defaultdict(list)
    for response in responses:
        by_invoice[ids_in_path(response)[0]].append(response)
    if unknown := sorted(set(by_invoice) - set(headers)):
        raise PayloadError(f"lines of invoice {unknown[0]!r}, which no page of the invoice listing contains")
    return {
        invoice_id: _Lines(invoice_id, pages, [agreed, headers[invoice_id]]) for invoice_id, pages in by_invoice.items()
    }


def _invoices(
    headers: Mapping[str, InvoiceHeader],
    lines: Mapping[str, _Lines],
    readings: dict[bytes, Reading],
    terms: Sequence[ContractTerm],
    account: Account[Any],
    month: Month,
) -> Iterable[Invoice]:
    """Yield the invoices of the month, and add those that were parsed to the readings."""
    for header in candidates(headers.values(), terms, month):
        if header.invoice_id not in lines:
            raise PayloadError(
                f"invoice {header.invoice_id} is listed, but its lines are not among the stored responses"
            )
        of_invoice = lines[header.invoice_id]
        if known := readings.get(of_invoice.sha256):
            yield known.invoice
        elif invoice := invoice_of_month(header, of_invoice.lines, terms, account, month):
            if reading := of_invoice.reading(invoice):
                readings[of_invoice.sha256] = reading
            yield invoice


def _billing_periods(
    responses: Iterable[Response],
    terms: Sequence[ContractTerm],
    wanted: Callable[[BillingCycle], bool],
    unknown_fields: UnknownFields,
) -> Iterable[ContractBillingPeriod]:
    exclusive = {term.contract_id: term.exclusive_ends for term in terms}
    cycles = {(cycle.contract_id, cycle.period_id) for term in terms for cycle in term.cycles if wanted(cycle)}
    found: dict[tuple[str, str], ContractBillingPeriod] = {}
    for response in responses:
        contract_id, period_id = ids_in_path(response)
        detail = parse_billing_period(
            body_of(response), contract_id, unknown_fields, exclusive_ends=exclusive.get(contract_id, False)
        )
        _is_the_asked(response, period_id, detail.billing_period_id)
        found[contract_id, period_id] = detail
    _same_ids("billing period", cycles, set(found))
    return found.values()


def _usage_reports(
    by_operation: Mapping[str, Sequence[Response]], month: Month, unknown_fields: UnknownFields
) -> Iterable[UsageReport]:
    by_dates = {_asked_interval(response): response for response in by_operation.get("billable_usage", [])}
    for interval, response in sorted(by_dates.items(), key=lambda pair: pair[0]):
        yield parse_billable_usage(body_of(response), interval, month, unknown_fields)
    for response in by_operation.get("trustee_overview", [])[-1:]:
        yield parse_trustee_overview(body_of(response), month, unknown_fields)


def _asked_interval(response: Response) -> Interval:
    """Return the days that a usage report was requested for: its own dates are checked against them."""
    asked = dict(parse_qsl(urlsplit(response.request.partition(" ")[2]).query))
    try:
        return Interval(*(date.fromisoformat(asked[name].partition("T")[0]) for name in ("startDate", "endDate")))
    except (KeyError, ValueError):
        raise PayloadError(f"{response.request}: the request does not state the days it is for") from None


def _is_the_asked(response: Response, asked: str, found: str) -> None:
    if found != asked:
        raise PayloadError(f"{response.request}: the response is about {ascii(found)[:80]}")


def _same_ids(record_type: str, listed: set[Any], found: set[Any]) -> None:
    if missing := sorted(listed - found):
        raise PayloadError(f"{record_type} {missing[0]!r} is listed, but its detail is not among the stored responses")
    if unknown := sorted(found - listed):
        raise PayloadError(f"{record_type} {unknown[0]!r} was read, but no listing names it")
