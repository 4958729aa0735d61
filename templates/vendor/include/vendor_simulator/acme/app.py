"""The Acme side of the server: its routes, and what the pipeline needs from a vendor."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from vendor_simulator.acme.world import ACCOUNT, CURRENCY, CUSTOMER_ID, AcmeWorld, Invoice
from vendor_simulator.months import Month
from vendor_simulator.web.answers import Answer, Refused
from vendor_simulator.web.pipeline import Handler
from vendor_simulator.web.state import State


class AcmeApp:
    """Answers Acme's billing operations, below ``/acme`` of the simulator's address."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._world = state.world.of(AcmeWorld)

    def routes(self) -> list[tuple[str, str, str, Handler]]:
        """List operation, method, path and handler."""
        return [("acme.invoices", "GET", "/acme/v1/invoices", self._invoices)]

    def account_of(self, request: web.Request) -> str:
        """Return the account of the request's token."""
        return ACCOUNT if request.headers.get("Authorization") == f"Bearer {self._world.token}" else ""

    def error(self, operation: str, status: int, retry_after: str | None) -> Answer:  # noqa: ARG002 (every vendor's signature)
        """Write an error the way Acme does."""
        headers = {"Retry-After": retry_after} if retry_after is not None else {}
        return Answer({"error": HTTPStatus(status).phrase}, status, headers=headers)

    def waiting(self, operation: str, _request: web.Request) -> Answer:
        """Write "not ready yet"."""
        return self.error(operation, 202, None)

    def dress(self, _request: web.Request, answer: Answer) -> None:
        """Add the headers that every answer of Acme has."""
        answer.headers |= {"Cache-Control": "no-store"}

    def _invoices(self, request: web.Request) -> Answer:
        if not self.account_of(request):
            raise Refused(self.error("acme.invoices", 401, None))
        try:
            month = Month.parse(request.query.get("month", ""))
        except ValueError:
            raise Refused(self.error("acme.invoices", 400, None)) from None
        today = self._state.now().date()
        posted = [invoice for invoice in self._world.invoices(month) if invoice.posted_on <= today]
        return Answer({"invoices": list(map(_document, posted)), "total_count": len(posted), "next_cursor": None})


def _document(invoice: Invoice) -> dict[str, object]:
    lines = [
        {
            "sku": line.sku,
            "description": line.description,
            "quantity": line.quantity,
            "unit": line.unit,
            "unit_price": line.unit_price,
            "amount": line.amount,
        }
        for line in invoice.lines
    ]
    return {
        "id": invoice.invoice_id,
        "customer_id": CUSTOMER_ID,
        "month_start": str(invoice.month.start.date()),
        "issued_on": str(invoice.posted_on),
        "currency": CURRENCY,
        "total": invoice.total,
        "lines": lines,
    }
