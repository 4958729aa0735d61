"""The Fastly side of the server: its routes, and what the pipeline needs from a vendor."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from vendor_simulator.fastly import errors
from vendor_simulator.fastly.bills import Bills
from vendor_simulator.fastly.invoices import Invoices
from vendor_simulator.fastly.request_context import FastlyContext
from vendor_simulator.fastly.usage import Usage
from vendor_simulator.web.answers import Answer
from vendor_simulator.web.pipeline import Handler
from vendor_simulator.web.state import State


class FastlyApp:
    """The Fastly app, with every billing operation of the contract."""

    def __init__(self, state: State) -> None:
        self._context = FastlyContext(state)

    def routes(self) -> list[tuple[str, str, str, Handler]]:
        """List operation, method, path and handler; a literal segment comes before a parameter."""
        v2, v3 = "/billing/v2", "/billing/v3"
        customer = v2 + "/account_customers/{customer_id}"
        bills, invoices, usage = Bills(self._context), Invoices(self._context), Usage(self._context)
        return [
            ("fastly.v2.month", "GET", v2 + "/year/{year}/month/{month}", bills.of_month),
            ("fastly.v2.invoice", "GET", customer + "/invoices/{invoice_id}", bills.by_id),
            ("fastly.v2.month_to_date", "GET", customer + "/mtd_invoice", bills.to_date),
            ("fastly.v3.invoices", "GET", v3 + "/invoices", invoices.listing),
            ("fastly.v3.month_to_date", "GET", v3 + "/invoices/month-to-date", invoices.month_to_date),
            ("fastly.v3.invoice", "GET", v3 + "/invoices/{invoice_id}", invoices.by_id),
            ("fastly.v3.usage_metrics", "GET", v3 + "/usage-metrics", usage.metrics),
            ("fastly.v3.service_usage_metrics", "GET", v3 + "/service-usage-metrics", usage.by_service),
        ]

    def account_of(self, request: web.Request) -> str:
        """Return the account of the request's token."""
        account = self._context.owner(request)
        return account.name if account else ""

    def error(self, operation: str, status: int, retry_after: str | None) -> Answer:
        """Return an error in the format of this API generation."""
        return errors.error(operation, status, retry_after)

    def waiting(self, operation: str, request: web.Request) -> Answer:
        """Return the 202 of a month-to-date estimate that is not ready."""
        account = self._context.owner(request)
        return errors.waiting(operation, self._context.values(account)["accepted"] if account else "own")

    def dress(self, _request: web.Request, answer: Answer) -> None:
        """Add the headers of Fastly's own edge; a GET carries no rate-limit header."""
        answer.headers |= {
            "Status": f"{answer.status} {HTTPStatus(answer.status).phrase}",
            "Cache-Control": "no-store",
            "Via": "1.1 varnish, 1.1 varnish",
            "X-Served-By": "cache-control-simulator-FRA",
            "X-Cache": "MISS, MISS",
        }
