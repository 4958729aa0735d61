"""The Genesys Cloud side of the server: its routes, and what the pipeline needs from a vendor."""

from __future__ import annotations

import uuid

from aiohttp import web

from vendor_simulator.genesys_cloud import errors, usage
from vendor_simulator.genesys_cloud.contracts import Contracts
from vendor_simulator.genesys_cloud.downloads import Downloads
from vendor_simulator.genesys_cloud.invoices import Invoices
from vendor_simulator.genesys_cloud.login import Login
from vendor_simulator.genesys_cloud.request_context import GenesysContext
from vendor_simulator.web.answers import Answer
from vendor_simulator.web.pipeline import Handler
from vendor_simulator.web.state import State


class GenesysApp:
    """Answers the token request, every billing operation of the contract, and document downloads."""

    def __init__(self, state: State) -> None:
        self._context = GenesysContext(state)
        self._login = Login(state)

    def routes(self) -> list[tuple[str, str, str, Handler]]:
        """List operation, method, path and handler; a literal segment comes before a parameter."""
        base = "/api/v2/billing"
        contract, invoice = base + "/contracts/{contract_id}", base + "/contracts/invoices/{invoice_id}"
        period = contract + "/billingperiods/{period_id}"
        overview = base + "/trusteebillingoverview/{organisation_id}"
        contracts, invoices = Contracts(self._context), Invoices(self._context)
        downloads, reports = Downloads(self._context), usage.Usage(self._context)
        guarded = [
            ("genesys.contracts", base + "/contracts", contracts.listing),
            ("genesys.invoices", base + "/contracts/invoices", invoices.listing),
            ("genesys.invoice_lines", invoice + "/lines", invoices.lines),
            ("genesys.invoice_document", invoice + "/document", downloads.link),
            ("genesys.contract", contract, contracts.by_id),
            ("genesys.billing_period", period, contracts.billing_period),
            ("genesys.usage_report", base + "/reports/billableusage", reports.report),
            ("genesys.trustee_overview", overview, reports.overview),
        ]
        return [
            ("genesys.token", "POST", "/oauth/token", self._login.token),
            ("genesys.download", "GET", "/documents/{invoice_id}.pdf", downloads.download),
            *((name, "GET", path, self._login.limited(handler)) for name, path, handler in guarded),
        ]

    def account_of(self, request: web.Request) -> str:
        """Return the organisation of the request's token or client."""
        return self._login.name_of(request)

    def error(self, operation: str, status: int, retry_after: str | None) -> Answer:
        """Write the platform's error body, or the login's."""
        return errors.error(operation, status, retry_after)

    def waiting(self, _operation: str, request: web.Request) -> Answer:
        """Return a usage report that is not complete."""
        return usage.waiting(request, self.account_of(request))

    def dress(self, request: web.Request, answer: Answer) -> None:
        """Add the correlation id, also to the error body, and the state of the token's window."""
        correlation = str(uuid.uuid4())
        answer.headers |= {"ININ-Correlation-Id": correlation, **self._login.headers(request)}
        if isinstance(answer.payload, dict) and "contextId" in answer.payload:
            answer.payload["contextId"] = correlation
