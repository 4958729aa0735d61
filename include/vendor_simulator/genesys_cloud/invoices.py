"""Invoices and their lines. Source: contracts of the API, sections 4.4 and 4.5, checked 2026-11-22."""

from __future__ import annotations

from datetime import date, datetime

from aiohttp import web

from vendor_simulator.genesys_cloud import documents, parameters
from vendor_simulator.genesys_cloud.accounts import Organisation
from vendor_simulator.genesys_cloud.errors import refuse
from vendor_simulator.genesys_cloud.month import Invoice
from vendor_simulator.genesys_cloud.request_context import GenesysContext
from vendor_simulator.web.answers import Answer

_DEFAULT_PAGE = 100


class Invoices:
    """Invoices of one organisation."""

    def __init__(self, context: GenesysContext) -> None:
        self._context = context

    def listing(self, request: web.Request, owner: Organisation) -> Answer:
        """Return one page of the invoices, newest first; both dates are included."""
        size = parameters.page_size(
            request, _DEFAULT_PAGE, 200, self._context.state.settings.limit_of("genesys.invoices")
        )
        window = parameters.dates(request)
        payment = request.query.get("paymentStatus")
        if payment not in {None, "Paid", "UnPaid"}:
            refuse("invalid.value", "paymentStatus must be Paid or UnPaid")
        now = self._context.state.now()
        found = [
            invoice
            for invoice in self._context.shown(owner)
            if _is_within(invoice, window, owner.read["invoice_filter"]) and _has_payment(invoice, payment, now)
        ]
        found.sort(key=lambda invoice: (invoice.invoiced_on, invoice.invoice_id), reverse=True)
        rows = parameters.with_double(found, "invoice", owner.read)
        return parameters.page(
            request, rows, size, owner.read, lambda each: documents.invoice_document(owner, each, now)
        )

    def lines(self, request: web.Request, owner: Organisation) -> Answer:
        """Return one page of the lines of an invoice."""
        size = parameters.page_size(
            request, _DEFAULT_PAGE, 200, self._context.state.settings.limit_of("genesys.invoice_lines")
        )
        invoice = self._context.invoice(request, owner)
        numbered = parameters.with_double(list(enumerate(invoice.lines[: invoice.listed], start=1)), "line", owner.read)
        return parameters.page(
            request,
            numbered,
            size,
            owner.read,
            lambda row: documents.line_document(owner, invoice, row[1], row[0]),
        )


def _is_within(invoice: Invoice, window: tuple[date, date], rule: str) -> bool:
    first, last = window
    match rule:
        case "invoiced":
            return first <= invoice.invoiced_on <= last
        case "invoiced_before_end":
            return first <= invoice.invoiced_on < last
        case _:
            service = min(line.start for line in invoice.lines), max(line.end for line in invoice.lines)
            return parameters.fits(rule, window, service)


def _has_payment(invoice: Invoice, wanted: str | None, now: datetime) -> bool:
    paid = now >= documents.shown_from(invoice) + documents.PAID_AFTER
    return wanted is None or paid == (wanted == "Paid")
