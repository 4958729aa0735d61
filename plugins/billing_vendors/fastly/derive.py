"""Derive an ``AccountMonth`` from the stored responses of one account and month. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from billing.config.accounts import Account
from billing.content_hash import content_sha256
from billing.controls.checks.invoice_diff import surely_same
from billing.errors import PayloadError
from billing.models import AccountMonth, Invoice, Listing, MonthToDate
from billing.month import Month
from billing.payloads.json_reader import JsonObject
from billing.payloads.response import Response
from billing_vendors.fastly import endpoints, parse, parse_legacy
from billing_vendors.fastly.paging import declared_total, next_cursor
from billing_vendors.fastly.settings import FastlySettings
from billing_vendors.fastly.usage import ServiceUsage, usage_report
from billing_vendors.fastly.vocabulary import V2_NOT_ISSUED, UnknownFields


def derive(account: Account[FastlySettings], month: Month, responses: Sequence[Response]) -> AccountMonth:
    """
    Turn the responses of one ``collect`` into values.

    Invoices are chosen by their own billing period; the list also contains those of the months next to it. A v2
    bill that is not issued yet (``MTD``, ``Pending``) is not an invoice. Without a response the month is empty.

    :raises PayloadError: a response does not have the documented format.
    """
    unknown_fields = UnknownFields()
    of = _by_operation(responses)
    usage, by_service = of.get(endpoints.V3_USAGE, []), of.get(endpoints.V3_SERVICE_USAGE, [])
    services = ServiceUsage(by_service, month, unknown_fields)
    listed, listings = _listed(of.get(endpoints.V3_LIST, []), month, unknown_fields)
    listed += _bills(of.get(endpoints.V2_MONTH, []), month, unknown_fields)
    invoices = _first_of_each_id(listed)
    single = (parse.parse_invoice(_whole(response), unknown_fields) for response in of.get(endpoints.V3_INVOICE, []))
    by_id = chain(single, _bills(of.get(endpoints.V2_INVOICE, []), month, unknown_fields))
    reports = ([usage_report(usage, month, unknown_fields)] if usage else []) + (
        [services.report()] if by_service else []
    )
    return AccountMonth(
        vendor=account.vendor,
        account=account.name,
        month=month,
        invoices=tuple(invoices.values()),
        by_id=_first_of_each_id(_listed_or_own(each, invoices) for each in by_id),
        usage_reports=tuple(reports),
        listings=(*listings, *services.listings),
        unknown_fields=unknown_fields.unknown,
    )


def derive_month_to_date(account: Account[FastlySettings], response: Response) -> MonthToDate:  # noqa: ARG001 (every vendor's signature)
    """
    Turn a stored month-to-date response into a value.

    :raises PayloadError: it is not an estimate.
    """
    return estimate_of(response)


def estimate_of(response: Response) -> MonthToDate:
    """
    Read a month-to-date response of either generation.

    :raises PayloadError: it is not an estimate.
    """
    row = _whole(response)
    if response.operation == endpoints.V2_ESTIMATE:
        return parse_legacy.parse_month_to_date(row, UnknownFields())
    return parse.parse_month_to_date(row, UnknownFields())


def bill_of(response: Response, month: Month) -> Invoice | None:
    """Return the issued v2 bill of a month's response; None if it is an estimate or not yet issued."""
    return next(iter(_bills([response], month, UnknownFields())), None)


def _by_operation(responses: Sequence[Response]) -> dict[str, list[Response]]:
    grouped: dict[str, list[Response]] = {}
    for response in responses:
        grouped.setdefault(response.operation, []).append(response)
    return grouped


def _whole(response: Response) -> JsonObject:
    return JsonObject(response.json_object(), response.request)


def _listed(
    pages: Sequence[Response], month: Month, unknown_fields: UnknownFields
) -> tuple[list[Invoice], tuple[Listing, ...]]:
    """Read the pages of the v3 list: the invoices of the month, and what the listing says of its completeness."""
    invoices: list[Invoice] = []
    row_ids: list[str] = []
    last: JsonObject | None = None
    for page in pages:
        last = _whole(page)
        for row in parse.invoice_rows(last):
            row_ids.append(row.identifier("invoice_id"))
            if parse.month_of(row) == month:
                invoices.append(parse.parse_invoice(row, unknown_fields))
        unknown_fields.attributes("invoice_list", last, "meta")
    if last is None:
        return [], ()
    ended = not next_cursor(last)
    listing = Listing(
        endpoints.V3_LIST, tuple(row_ids), declared_total(last), ended=ended, contradicted=_contradicted(invoices)
    )
    return invoices, (listing,)


def _contradicted(invoices: Sequence[Invoice]) -> tuple[str, ...]:
    """Return the ids that several invoices of different content have."""
    contents: dict[str, set[bytes]] = {}
    for invoice_id, times in Counter(invoice.invoice_id for invoice in invoices).items():
        if times > 1:
            contents[invoice_id] = {content_sha256(each) for each in invoices if each.invoice_id == invoice_id}
    return tuple(invoice_id for invoice_id, different in contents.items() if len(different) > 1)


def _bills(responses: Sequence[Response], month: Month, unknown_fields: UnknownFields) -> list[Invoice]:
    issued = [row for row in map(_whole, responses) if parse_legacy.status_of(row) not in V2_NOT_ISSUED]
    return [_of_month(parse_legacy.parse_invoice(row, month, unknown_fields), month) for row in issued]


def _of_month(bill: Invoice, asked: Month) -> Invoice:
    """
    Return a bill as one of the month that was asked for; F4 reports a period that is not this month's.

    :raises PayloadError: it is another month's bill: it was not sent after the month asked for.
    """
    if bill.month == asked:
        return bill
    if bill.month < asked and bill.issued_at is not None and bill.issued_at >= asked.end:
        evidence = f"the month asked for, after which it was sent; its {bill.period_evidence}"
        return replace(bill, month=asked, period_evidence=evidence)
    raise PayloadError(f"invoice {bill.invoice_id}: asked for {asked}, but its start_time is in {bill.month}")


def _listed_or_own(invoice: Invoice, listed: Mapping[str, Invoice]) -> Invoice:
    """Return the listed invoice if it is equal: a month's lines are in memory once."""
    other = listed.get(invoice.invoice_id)
    return other if other is not None and surely_same(other, invoice) else invoice


def _first_of_each_id(invoices: Iterable[Invoice]) -> dict[str, Invoice]:
    """Return the first of each id; F10 reports that a list repeats one."""
    first: dict[str, Invoice] = {}
    for invoice in invoices:
        first.setdefault(invoice.invoice_id, invoice)
    return first
