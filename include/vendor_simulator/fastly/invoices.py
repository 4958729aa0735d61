"""The v3 operations on invoices. Source: contracts of the API, sections 4.1 to 4.3, checked 2026-11-22."""

from __future__ import annotations

from datetime import date, timedelta

from aiohttp import web

from vendor_simulator.fastly import documents, parameters
from vendor_simulator.fastly.errors import refuse_v3, waiting
from vendor_simulator.fastly.month import Invoice
from vendor_simulator.fastly.request_context import FastlyContext
from vendor_simulator.months import Month
from vendor_simulator.web.answers import Answer


class Invoices:
    """Posted and running invoices of accounts on v3."""

    def __init__(self, context: FastlyContext) -> None:
        self._context = context

    def listing(self, request: web.Request) -> Answer:
        """Return one page of the posted invoices, newest billing start first."""
        account = self._context.account(request, "v3")
        limit = parameters.limit(request, "100", 200, self._context.state.settings.page_limit)
        first = parameters.day(request, "billing_start_date")
        last = parameters.day(request, "billing_end_date")
        rule = self._context.reading(account, "list_filter")
        found = [invoice for invoice in self._context.posted(account) if _is_listed(rule, invoice, first, last)]
        found.sort(key=lambda invoice: (invoice.start, invoice.invoice_id), reverse=True)
        offset = parameters.offset(request)
        page = found[offset : offset + limit]
        return Answer(
            {
                "data": [documents.invoice_document(account, invoice) for invoice in page],
                "meta": parameters.meta(request, limit, offset + limit, len(found)),
            }
        )

    def by_id(self, request: web.Request) -> Answer:
        """Return one posted invoice by its id."""
        account = self._context.account(request, "v3")
        invoice = self._context.find(account, request.match_info["invoice_id"])
        if invoice is None:
            refuse_v3(404)
        return Answer(documents.invoice_document(account, invoice, by_id=True))

    def month_to_date(self, request: web.Request) -> Answer:
        """Return the month-to-date invoice: 202 first, then 200 and the same for four hours."""
        account = self._context.account(request, "v3")
        month = Month.of(self._context.state.now())
        made_at = self._context.made_at(account, "v3", month)
        if made_at is None:
            return waiting("fastly.v3.month_to_date")
        lines = documents.accrued(account, self._context.world.charges(account, month), month, made_at)
        return Answer(documents.estimate_document(account, lines, month, made_at))


def _is_listed(rule: str, invoice: Invoice, first: date | None, last: date | None) -> bool:
    start, end = invoice.start.date(), (invoice.end - timedelta(seconds=1)).date()
    after_first = {"overlap": end, "within": start, "start": start}
    before_last = {"overlap": start, "within": end, "start": start}
    if rule == "none":
        return True
    return (first is None or after_first[rule] >= first) and (last is None or before_last[rule] <= last)
