"""The stored answers of one account and month -> its values. Reads nothing else, asks nobody."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from billing.config.accounts import Account
from billing.errors import PayloadError
from billing.models import AccountMonth, Contract, ContractBillingPeriod, Invoice, InvoiceLine, Listing, UsageReport
from billing.month import Month
from billing.payloads.json_reader import Fields
from billing.payloads.response import Answer
from billing_vendors.genesys_cloud.intervals import Interval
from billing_vendors.genesys_cloud.month_assignment import Cycle, Term, decide, month_by_date
from billing_vendors.genesys_cloud.paging import in_order, note_page, rows_of
from billing_vendors.genesys_cloud.parse import Head, parse_head, parse_line, services_of
from billing_vendors.genesys_cloud.parse_contracts import parse_billing_period, parse_contract
from billing_vendors.genesys_cloud.parse_usage import parse_billable_usage, parse_trustee_overview
from billing_vendors.genesys_cloud.vocabulary import Noted, with_todays_names

_IDS_IN_PATH = {
    "contract": re.compile(r"/contracts/([^/?]+)$"),
    "billing_period": re.compile(r"/contracts/([^/?]+)/billingperiods/([^/?]+)$"),
    "invoice_lines": re.compile(r"/contracts/invoices/([^/?]+)/lines(?:\?|$)"),
}


def derive(account: Account[Any], month: Month, answers: Sequence[Answer]) -> AccountMonth:
    """
    Turn the stored answers of one collection into the account's month.

    :raises PayloadError: an answer has another shape, or what one answer names is not among the others: a contract
        without its detail, an invoice without its lines, lines without their invoice.
    """
    noted = Noted()
    by_operation: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_operation[answer.operation].append(answer)
    contract_listing = read_listing("contracts", by_operation["contracts"], noted)
    contracts, terms = read_contracts(by_operation["contract"], noted)
    _same_ids("contract", set(contract_listing.row_ids), set(contracts))
    heads, invoice_listing = _heads(by_operation["invoices"], noted)
    lines, line_listings = _all_lines(by_operation["invoice_lines"], noted)
    if unknown := sorted(set(lines) - set(heads)):
        raise PayloadError(f"lines of invoice {unknown[0]!r}, which no page of the invoice listing holds")
    cycles = [cycle for term in terms for cycle in term.cycles if cycle.month == month]
    return AccountMonth(
        vendor=account.vendor,
        account=account.name,
        month=month,
        invoices=tuple(_invoices(heads, lines, terms, account, month)),
        contracts=tuple(contracts.values()),
        billing_periods=tuple(_billing_periods(by_operation["billing_period"], cycles, noted)),
        usage_reports=tuple(_usage_reports(by_operation, month, noted)),
        listings=(contract_listing, invoice_listing, *line_listings),
        unknown_fields=frozenset(noted.unknown),
    )


def derive_running_month(account: Account[Any], month: Month, answers: Sequence[Answer]) -> AccountMonth:
    """
    Turn the stored answers of a month that is still running into its contracts and billing periods, open ones too.

    :raises PayloadError: as ``derive``.
    """
    noted = Noted()
    of = {name: [each for each in answers if each.operation == name] for name in ("contract", "billing_period")}
    contracts, terms = read_contracts(of["contract"], noted)
    cycles = [cycle for term in terms for cycle in term.cycles if cycle.overlaps(month)]
    return AccountMonth(
        vendor=account.vendor,
        account=account.name,
        month=month,
        invoices=(),
        contracts=tuple(contracts.values()),
        billing_periods=tuple(_billing_periods(of["billing_period"], cycles, noted)),
        unknown_fields=frozenset(noted.unknown),
    )


def read_listing(operation: str, answers: Iterable[Answer], noted: Noted) -> Listing:
    """
    Say how complete a paged read is.

    :raises PayloadError: its first page is missing, or a row has no id.
    """
    pages, ended = in_order(answers)
    if not pages:
        raise PayloadError(f"{operation}: the first page is not among the stored answers")
    for page in pages:
        note_page(page, noted)
    row_ids = tuple(row.identifier("id") for page in pages for row in rows_of(page))
    return Listing(operation=operation, row_ids=row_ids, declared_total=None, ended=ended)


def read_contracts(answers: Iterable[Answer], noted: Noted) -> tuple[dict[str, Contract], list[Term]]:
    """
    Read the contracts that were asked for one by one.

    :raises PayloadError: an answer is about another contract than the one asked for.
    """
    contracts: dict[str, Contract] = {}
    terms: dict[str, Term] = {}
    for answer in answers:
        (asked,) = ids_in_path(answer)
        contract, term = parse_contract(body_of(answer), noted)
        _is_the_asked(answer, asked, contract.contract_id)
        contracts[asked], terms[asked] = contract, term
    return contracts, list(terms.values())


def may_belong(head: Head, terms: Sequence[Term], month: Month) -> bool:
    """Tell whether an invoice may be of this month as far as its head says; its lines may still decide otherwise."""
    by_date = month_by_date(head.invoiced_on, head.purchase_order, terms)
    return by_date is None or by_date[0] == month


def with_month(head: Head, lines: Sequence[InvoiceLine], terms: Sequence[Term], account: Account[Any]) -> Invoice:
    """Give the whole invoice with the month it belongs to."""
    decision = decide(head.invoiced_on, head.purchase_order, services_of(lines), terms, account.first_month)
    return head.with_lines(lines, decision.month, decision.evidence)


def read_lines(invoice_id: str, pages: Iterable[Answer], noted: Noted) -> list[InvoiceLine]:
    """Read the lines of one invoice from its pages in order."""
    rows = [row for page in pages for row in rows_of(page)]
    return [parse_line(row, position, invoice_id, noted) for position, row in enumerate(rows, start=1)]


def ids_in_path(answer: Answer) -> tuple[str, ...]:
    """
    Give the identifiers that were asked for: the answers of these operations do not repeat them.

    :raises PayloadError: the stored request is not one of this operation.
    """
    match = _IDS_IN_PATH[answer.operation].search(answer.request)
    if match is None:
        raise PayloadError(f"{answer.request}: not a request of the operation {answer.operation}")
    return tuple(unquote(group) for group in match.groups())


def body_of(answer: Answer) -> Fields:
    """Give the JSON object of an answer, with the member names of today."""
    return Fields(with_todays_names(answer.json_object()), answer.request)


def _heads(answers: Sequence[Answer], noted: Noted) -> tuple[dict[str, Head], Listing]:
    listing = read_listing("invoices", answers, noted)
    heads = [parse_head(row, noted) for page in in_order(answers)[0] for row in rows_of(page)]
    return {head.invoice_id: head for head in heads}, listing


def _all_lines(answers: Iterable[Answer], noted: Noted) -> tuple[dict[str, list[InvoiceLine]], list[Listing]]:
    by_invoice: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_invoice[ids_in_path(answer)[0]].append(answer)
    lines, listings = {}, []
    for invoice_id, pages in by_invoice.items():
        listings.append(read_listing(f"invoice_lines/{invoice_id}", pages, noted))
        lines[invoice_id] = read_lines(invoice_id, in_order(pages)[0], noted)
    return lines, listings


def _invoices(
    heads: Mapping[str, Head],
    lines: Mapping[str, list[InvoiceLine]],
    terms: Sequence[Term],
    account: Account[Any],
    month: Month,
) -> Iterable[Invoice]:
    for invoice_id, head in heads.items():
        if not may_belong(head, terms, month):
            continue
        if invoice_id not in lines:
            raise PayloadError(f"invoice {invoice_id} is listed, but its lines are not among the stored answers")
        invoice = with_month(head, lines[invoice_id], terms, account)
        if invoice.month == month:
            yield invoice


def _billing_periods(
    answers: Iterable[Answer], cycles: Iterable[Cycle], noted: Noted
) -> Iterable[ContractBillingPeriod]:
    found: dict[tuple[str, str], ContractBillingPeriod] = {}
    for answer in answers:
        contract_id, period_id = ids_in_path(answer)
        detail = parse_billing_period(body_of(answer), contract_id, noted)
        _is_the_asked(answer, period_id, detail.billing_period_id)
        found[contract_id, period_id] = detail
    _same_ids("billing period", {(cycle.contract_id, cycle.period_id) for cycle in cycles}, set(found))
    return found.values()


def _usage_reports(by_operation: Mapping[str, Sequence[Answer]], month: Month, noted: Noted) -> Iterable[UsageReport]:
    by_dates = {_asked_interval(answer): answer for answer in by_operation.get("billable_usage", [])}
    for interval, answer in sorted(by_dates.items(), key=lambda pair: pair[0]):
        yield parse_billable_usage(body_of(answer), interval, month, noted)
    for answer in by_operation.get("trustee_overview", [])[-1:]:
        yield parse_trustee_overview(body_of(answer), month, noted)


def _asked_interval(answer: Answer) -> Interval:
    """Give the days that a usage report was asked for: what it says of them itself is checked against this."""
    asked = dict(parse_qsl(urlsplit(answer.request.partition(" ")[2]).query))
    try:
        return Interval(*(date.fromisoformat(asked[name].partition("T")[0]) for name in ("startDate", "endDate")))
    except (KeyError, ValueError):
        raise PayloadError(f"{answer.request}: the request does not say which days it asks for") from None


def _is_the_asked(answer: Answer, asked: str, found: str) -> None:
    if found != asked:
        raise PayloadError(f"{answer.request}: the answer is about {ascii(found)[:80]}")


def _same_ids(noun: str, listed: set[Any], found: set[Any]) -> None:
    if missing := sorted(listed - found):
        raise PayloadError(f"{noun} {missing[0]!r} is listed, but its detail is not among the stored answers")
    if unknown := sorted(found - listed):
        raise PayloadError(f"{noun} {unknown[0]!r} was read, but no listing names it")
