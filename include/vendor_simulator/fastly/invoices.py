"""The v3 operations on invoices. Source: contracts of the API, sections 4.1 to 4.3, checked 2026-11-22."""

from __future__ import annotations

from datetime import date, timedelta

from aiohttp import web

from vendor_simulator.fastly import documents, parameters
from vendor_simulator.fastly.errors import refuse_v3, waiting
from vendor_simulator.fastly.model import FastlyMonth, Invoice
from vendor_simulator.fastly.month import discounted
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
        values = self._context.values(account)
        limit = parameters.limit(request, "100", 200, self._context.state.settings.limit_of("fastly.v3.invoices"))
        first = parameters.day(request, "billing_start_date")
        last = parameters.day(request, "billing_end_date")
        found = [
            (month, invoice)
            for month, invoice in self._context.posted(account)
            if _is_listed(values["v3_list_filter"], invoice, first, last)
        ]
        found.sort(key=lambda each: (each[1].start, each[1].invoice_id), reverse=True)
        rows = [row for month, invoice in found for row in _rows(month, invoice)]
        total = len(found) if values["v3_list_total"] == "distinct" else len(rows)
        total += sum(month.unlisted for month in {month.month: month for month, _ in found}.values())
        offset = parameters.offset(request)
        page = [documents.invoice_document(account, row, values) for row in rows[offset : offset + limit]]
        return Answer(
            {
                "data": None if not page and values["empty_list"] == "null" else page,
                "meta": parameters.meta(request, limit, offset + limit, len(rows), values, total),
            }
        )

    def by_id(self, request: web.Request) -> Answer:
        """Return one posted invoice by its id."""
        account = self._context.account(request, "v3")
        invoice = self._context.find(account, request.match_info["invoice_id"])
        if invoice is None:
            refuse_v3(404)
        return Answer(documents.invoice_document(account, invoice, self._context.values(account), by_id=True))

    def month_to_date(self, request: web.Request) -> Answer:
        """Return the month-to-date invoice: 202 first, then 200 and the same for four hours."""
        account = self._context.account(request, "v3")
        month, values = Month.of(self._context.state.now()), self._context.values(account)
        made_at = self._context.made_at(account, "v3", month)
        if made_at is None:
            return waiting("fastly.v3.month_to_date", values["accepted"])
        lines = documents.accrued(account, self._context.world.charges(account, month), month, made_at)
        lines = discounted(account, lines, values)
        return Answer(documents.estimate_document(account, lines, month, made_at, values))


def _rows(month: FastlyMonth, invoice: Invoice) -> list[Invoice]:
    return [invoice] * (2 if month.listed_twice and invoice.invoice_id == month.invoices[0].invoice_id else 1)


def _is_listed(rule: str, invoice: Invoice, first: date | None, last: date | None) -> bool:
    start, end = invoice.start.date(), (invoice.end - timedelta(seconds=1)).date()
    after_first = {"overlap": end, "within": start, "start": start}
    before_last = {"overlap": start, "within": end, "start": start}
    if rule == "none":
        return True
    return (first is None or after_first[rule] >= first) and (last is None or before_last[rule] <= last)
