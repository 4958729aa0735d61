"""Derive an ``AccountMonth`` from the stored responses of one account and month. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import chain

import msgspec

from billing.config.accounts import Account
from billing.content_hash import content_sha256
from billing.controls.checks.invoice_diff import surely_same
from billing.errors import PayloadError
from billing.models import AccountMonth, Invoice, Listing, MonthToDate, Reading, Recall, recall_nothing
from billing.month import Month
from billing.payloads.json_reader import JsonObject
from billing.payloads.response import Response
from billing.payloads.rows import split_rows
from billing_vendors.fastly import endpoints, parse, parse_legacy
from billing_vendors.fastly.paging import declared_total, next_cursor
from billing_vendors.fastly.settings import FastlySettings
from billing_vendors.fastly.usage import ServiceUsage, usage_report
from billing_vendors.fastly.vocabulary import V2_NOT_ISSUED, UnknownFields


def derive(
    account: Account[FastlySettings], month: Month, responses: Sequence[Response], recall: Recall = recall_nothing
) -> AccountMonth:
    """
    Turn the responses of one ``collect`` into values.

    Invoices are chosen by their own billing period; the list also contains those of the months next to it. A v2
    bill that is not issued yet (``MTD``, ``Pending``) is not an invoice. Without a response the month is empty.

    :param recall: returns what is stored of v3 invoices, by the hash of their text; only other texts are parsed.
    :raises PayloadError: a response does not have the documented format.
    """
    unknown_fields = UnknownFields()
    of = _by_operation(responses)
    usage, by_service = of.get(endpoints.V3_USAGE, []), of.get(endpoints.V3_SERVICE_USAGE, [])
    services = ServiceUsage(by_service, month, unknown_fields)
    listing, rows = _listing(of.get(endpoints.V3_LIST, []), unknown_fields)
    single = [_Text(each, each.request, each.sha256) for each in of.get(endpoints.V3_INVOICE, [])]
    readings = dict(recall({text.sha256 for text in (*rows, *single)}))
    listed, listings = _listed(rows, listing, month, readings)
    listed += _bills(of.get(endpoints.V2_MONTH, []), month, unknown_fields)
    invoices = _first_of_each_id(listed)
    by_id = chain(
        (_read(text, readings, invoices) for text in single),
        _bills(of.get(endpoints.V2_INVOICE, []), month, unknown_fields),
    )
    reports = ([usage_report(usage, month, unknown_fields)] if usage else []) + (
        [services.report()] if by_service else []
    )
    return AccountMonth(
        vendor=account.vendor,
        account=account.name,
        month=month,
        invoices=tuple(invoices.values()),
        by_id=_first_of_each_id(by_id),
        usage_reports=tuple(reports),
        listings=(*listings, *services.listings),
        unknown_fields=unknown_fields.unknown.union(*(each.unknown_fields for each in readings.values())),
        readings=readings,
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


@dataclass(frozen=True, slots=True)
class _Text:
    """
    The text of one v3 invoice: a row of the list, or a response of its own.

    :param response: it has the text.
    :param where: the place for error messages.
    :param listed: the row; None for a response of its own.
    """

    response: Response
    where: str
    sha256: bytes
    listed: msgspec.Raw | None = None

    def row(self) -> JsonObject:
        """Parse the text."""
        whole = self.response if self.listed is None else replace(self.response, body=bytes(self.listed))
        return JsonObject(whole.json(), self.where)


def _listing(pages: Sequence[Response], unknown_fields: UnknownFields) -> tuple[JsonObject | None, list[_Text]]:
    """Return the last page of the v3 list without its rows, and the rows of all pages."""
    rows: list[_Text] = []
    last: JsonObject | None = None
    for page in pages:
        whole, listed = split_rows(page, "data")
        last = JsonObject(whole, page.request)
        last.listed("data")
        for place, row in enumerate(listed, start=1):
            rows.append(_Text(page, f"{page.request}, data {place}", sha256(row).digest(), row))
        unknown_fields.attributes("invoice_list", last, "meta")
    return last, rows


def _listed(
    rows: Sequence[_Text], last: JsonObject | None, month: Month, readings: dict[bytes, Reading]
) -> tuple[list[Invoice], tuple[Listing, ...]]:
    """Read the rows of the v3 list: the invoices of the month, and what the listing says of its completeness."""
    invoices: list[Invoice] = []
    row_ids: list[str] = []
    for text in rows:
        if reading := readings.get(text.sha256):
            row_ids.append(reading.invoice.invoice_id)
            if reading.invoice.month == month:
                invoices.append(reading.invoice)
            continue
        row = text.row()
        row_ids.append(row.identifier("invoice_id"))
        if parse.month_of(row) == month:
            invoices.append(_parsed(text.sha256, row, readings))
    if last is None:
        return [], ()
    ended = not next_cursor(last)
    listing = Listing(
        endpoints.V3_LIST, tuple(row_ids), declared_total(last), ended=ended, contradicted=_contradicted(invoices)
    )
    return invoices, (listing,)


def _read(text: _Text, readings: dict[bytes, Reading], listed: Mapping[str, Invoice]) -> Invoice:
    """Read an invoice by id: the listed one itself if both are equal, so that a month's lines are in memory once."""
    known = readings.get(text.sha256)
    invoice = known.invoice if known else _parsed(text.sha256, text.row(), readings)
    other = listed.get(invoice.invoice_id)
    if other is None or not surely_same(other, invoice):
        return invoice
    readings[text.sha256] = replace(readings[text.sha256], invoice=other)
    return other


def _parsed(text_sha256: bytes, row: JsonObject, readings: dict[bytes, Reading]) -> Invoice:
    unknown_fields = UnknownFields()
    invoice = parse.parse_invoice(row, unknown_fields)
    readings[text_sha256] = Reading(invoice, unknown_fields.unknown)
    return invoice


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


def _first_of_each_id(invoices: Iterable[Invoice]) -> dict[str, Invoice]:
    """Return the first of each id; F10 reports that a list repeats one."""
    first: dict[str, Invoice] = {}
    for invoice in invoices:
        first.setdefault(invoice.invoice_id, invoice)
    return first
