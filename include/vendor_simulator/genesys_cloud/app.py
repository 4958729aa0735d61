"""The Genesys Cloud side of the server: login, routes, parameters, paging, errors, rate limits."""

from __future__ import annotations

import hashlib
import hmac
import re
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NoReturn
from urllib.parse import parse_qs, urlencode

from aiohttp import web

from vendor_simulator import draw
from vendor_simulator.genesys_cloud import documents
from vendor_simulator.genesys_cloud.accounts import HISTORY_START, Contract, Organisation
from vendor_simulator.genesys_cloud.credentials import Credentials
from vendor_simulator.genesys_cloud.month import GenesysMonth, Invoice, Period, period_of
from vendor_simulator.months import Month
from vendor_simulator.pdf import invoice_pdf
from vendor_simulator.web import cursors
from vendor_simulator.web.answers import Answer, Refused
from vendor_simulator.web.pipeline import Handler
from vendor_simulator.web.state import State

_CODES = {
    400: ("bad.request", "The request could not be understood by the server due to malformed syntax."),
    401: ("bad.credentials", "Invalid login credentials."),
    403: (
        "missing.any.permissions",
        "Unable to perform the requested action. You must have at least one of the "
        "following permissions assigned: [billing:subscription:view]",
    ),
    404: ("not.found", "The requested resource was not found."),
    408: ("request.timeout", "The request timed out."),
    409: ("conflict", "The request conflicts with the current state."),
    413: ("request.entity.too.large", "The request is over the size limit."),
    415: ("unsupported.media.type", "Unsupported Media Type."),
    429: ("too.many.requests.retry.after", "Rate limit exceeded the maximum. Retry the request in [{}] seconds"),
    500: ("internal.server.error", "The server encountered an unexpected condition."),
    503: ("service.unavailable", "Service Unavailable."),
    504: ("request.timeout", "The request timed out."),
}
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z")
_RATE_LIMIT_KEY = "client.credentials.token.rate.per.minute"
_DEFAULT_PAGE = 100


class GenesysApp:
    """Answers the token request, every billing operation of the contract, and document downloads."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._world = state.world.genesys_cloud
        self.credentials = Credentials(self._world.organisations, state.tokens)
        self._link_key = draw.text(32, state.world.seed, "document links").encode()

    def routes(self) -> list[tuple[str, str, str, Handler]]:
        """List operation, method, path and handler; a literal segment stands before a parameter."""
        base = "/api/v2/billing"
        contract, invoice = base + "/contracts/{contract_id}", base + "/contracts/invoices/{invoice_id}"
        period = contract + "/billingperiods/{period_id}"
        overview = base + "/trusteebillingoverview/{organisation_id}"
        return [
            ("genesys.token", "POST", "/oauth/token", self.token),
            ("genesys.contracts", "GET", base + "/contracts", self._limited(self.contracts)),
            ("genesys.invoices", "GET", base + "/contracts/invoices", self._limited(self.invoices)),
            ("genesys.invoice_lines", "GET", invoice + "/lines", self._limited(self.invoice_lines)),
            ("genesys.invoice_document", "GET", invoice + "/document", self._limited(self.invoice_document)),
            ("genesys.contract", "GET", contract, self._limited(self.contract)),
            ("genesys.billing_period", "GET", period, self._limited(self.billing_period)),
            ("genesys.usage_report", "GET", base + "/reports/billableusage", self._limited(self.usage_report)),
            ("genesys.trustee_overview", "GET", overview, self._limited(self.trustee_overview)),
            ("genesys.download", "GET", "/documents/{invoice_id}.pdf", self.download),
        ]

    # --- what the pipeline asks of a vendor

    def account_of(self, request: web.Request) -> str:
        """Name the organisation of the request's token, client or document."""
        authorization = request.headers.get("Authorization", "")
        owner = self.credentials.owner_of(authorization) or self.credentials.client_of(authorization)
        return owner.name if owner else ""

    def error(self, operation: str, status: int, retry_after: str | None) -> Answer:
        """Write the platform's error body; the login has one of its own."""
        headers = {"Retry-After": retry_after} if retry_after is not None else {}
        if operation == "genesys.token" and status < 500 and status != 429:
            text = "client not found or invalid client secret"
            body = {"error": "invalid_client", "description": text, "error_description": text}
            return Answer(body, status, headers=headers)
        code, message = _CODES.get(status, ("internal.server.error", "Unexpected."))
        return Answer(_error_body(status, code, message.format(retry_after or "60")), status, headers=headers)

    def waiting(self, _operation: str, request: web.Request) -> Answer:
        """Write a usage report in the making."""
        return Answer(self._report(request, "InProgress", []))

    def dress(self, request: web.Request, answer: Answer) -> None:
        """Add the correlation id, also to the error body, and the state of the token's window."""
        correlation = str(uuid.uuid4())
        answer.headers["ININ-Correlation-Id"] = correlation
        if isinstance(answer.payload, dict) and "contextId" in answer.payload:
            answer.payload["contextId"] = correlation
        authorization = request.headers.get("Authorization", "")
        if self.credentials.owner_of(authorization):
            window = self.credentials.window_of(self.credentials.token_in(authorization))
            answer.headers |= {
                "inin-ratelimit-count": str(window.count),
                "inin-ratelimit-allowed": str(self._state.settings.rate_limit),
                "inin-ratelimit-reset": str(window.reset_seconds),
            }

    # --- login

    def token(self, request: web.Request) -> Answer:
        """Log in with client credentials."""
        form = parse_qs(self._body(request))
        if form.get("grant_type") != ["client_credentials"]:
            body = {"error": "unsupported_grant_type", "description": "grant_type must be client_credentials"}
            return Answer(body, 400)
        owner = self.credentials.client_of(request.headers.get("Authorization", ""))
        if owner is None:
            return self.error("genesys.token", 401, None)
        seconds = self._state.settings.token_seconds
        self._state.stats.tokens_issued += 1
        token = self.credentials.issue(owner, seconds)
        return Answer({"access_token": token, "token_type": "bearer", "expires_in": seconds})

    def _body(self, request: web.Request) -> str:
        # The pipeline has read the body already; aiohttp keeps it.
        return (request._read_bytes or b"").decode("utf-8", "replace")

    def _limited(self, handler: Callable[[web.Request, Organisation], Answer]) -> Handler:
        """Ask for a living token and count the request in its window."""

        def answer(request: web.Request) -> Answer:
            authorization = request.headers.get("Authorization", "")
            owner = self.credentials.owner_of(authorization)
            if owner is None:
                code = "bad.credentials" if authorization else "authentication.required"
                raise Refused(Answer(_error_body(401, code, "Invalid login credentials."), 401))
            window = self.credentials.window_of(self.credentials.token_in(authorization))
            window.add()
            allowed = self._state.settings.rate_limit
            if window.count > allowed:
                self._state.stats.rate_limited += 1
                refusal = self.error("", 429, str(window.reset_seconds))
                refusal.payload["limit"] = {"key": _RATE_LIMIT_KEY, "namespace": "platform.api", "value": allowed}
                raise Refused(refusal)
            return handler(request, owner)

        return answer

    # --- contracts and periods

    def contracts(self, request: web.Request, owner: Organisation) -> Answer:
        """Answer one page of the contracts."""
        size = self._page_size(request, 10, self._state.settings.contract_page_limit)
        status, external = request.query.get("status", "Active"), request.query.get("externalNumber")
        if status not in {"Active", "Inactive"}:
            self._refuse("invalid.value", "status must be Active or Inactive")
        self._dates(request)
        found = [
            contract
            for contract in owner.contracts
            if status == "Active" and external in {None, contract.external_number}
        ]
        return self._page(request, found, size, lambda contract, _: self._contract(owner, contract))

    def contract(self, request: web.Request, owner: Organisation) -> Answer:
        """Answer one contract."""
        return Answer(self._contract(owner, self._find_contract(request, owner)))

    def billing_period(self, request: web.Request, owner: Organisation) -> Answer:
        """Answer one period of a contract, the open one with what was used so far."""
        contract = self._find_contract(request, owner)
        wanted = request.match_info["period_id"]
        period = next((period for period in self._periods(contract) if period.id == wanted), None)
        if period is None:
            raise Refused(self.error("", 404, None))
        now = self._state.now()
        return Answer(documents.period_document(owner, self._content(period, now), now))

    def _contract(self, owner: Organisation, contract: Contract) -> dict[str, Any]:
        return documents.contract_document(owner, contract, self._periods(contract), self._state.now())

    def _find_contract(self, request: web.Request, owner: Organisation) -> Contract:
        wanted = request.match_info["contract_id"]
        contract = next((contract for contract in owner.contracts if contract.id == wanted), None)
        if contract is None:
            raise Refused(self.error("", 404, None))
        return contract

    def _periods(self, contract: Contract) -> list[Period]:
        """List the contract's periods that have begun."""
        today = self._state.now().date()
        months = HISTORY_START.until(Month.of(today).shift(1))
        return [period for period in (period_of(contract, month) for month in months) if period.start <= today]

    def _content(self, period: Period, now: datetime) -> GenesysMonth:
        if now >= documents.closed_at(period):
            return self._world.month(period.contract, period.month)
        days = min((now.date() - period.start).days, period.days)
        return self._world.running(period.contract, period.month, days)

    # --- invoices

    def invoices(self, request: web.Request, owner: Organisation) -> Answer:
        """Answer one page of the invoices, newest first; both dates are included."""
        size = self._page_size(request, _DEFAULT_PAGE, 200)
        first, last = self._dates(request)
        payment = request.query.get("paymentStatus")
        if payment not in {None, "Paid", "UnPaid"}:
            self._refuse("invalid.value", "paymentStatus must be Paid or UnPaid")
        now = self._state.now()
        found = [
            invoice
            for invoice in self._shown(owner)
            if first <= invoice.invoiced_on <= last and _has_payment(invoice, payment, now)
        ]
        found.sort(key=lambda invoice: (invoice.invoiced_on, invoice.invoice_id), reverse=True)
        return self._page(request, found, size, lambda each, _: documents.invoice_document(owner, each, now))

    def invoice_lines(self, request: web.Request, owner: Organisation) -> Answer:
        """Answer one page of the lines of an invoice."""
        size = self._page_size(request, _DEFAULT_PAGE, 200)
        invoice = self._find_invoice(request, owner)
        return self._page(
            request,
            invoice.lines,
            size,
            lambda line, position: documents.line_document(owner, invoice, line, position + 1),
        )

    def invoice_document(self, request: web.Request, owner: Organisation) -> Answer:
        """Answer a signed link to the PDF of an invoice; it needs no token and ends soon."""
        invoice = self._find_invoice(request, owner)
        ends_at = int(self._state.now().timestamp()) + self._state.settings.link_seconds
        query = urlencode({"signature": self._signature(invoice.invoice_id, ends_at), "expires": ends_at})
        return Answer({"url": f"{request.scheme}://{request.host}/documents/{invoice.invoice_id}.pdf?{query}"})

    def download(self, request: web.Request) -> Answer:
        """Answer the PDF behind a link: 403 where the signature is wrong or old, 400 where a token is sent along."""
        if "Authorization" in request.headers:
            self._state.stats.tokens_leaked += 1
            return Answer(b"Only one auth mechanism allowed", 400, "text/plain")
        number, ends_at = request.match_info["invoice_id"], request.query.get("expires", "")
        fits = ends_at.isdecimal() and hmac.compare_digest(
            self._signature(number, int(ends_at)), request.query.get("signature", "")
        )
        if not fits or int(ends_at) < self._state.now().timestamp():
            return Answer(b"Request has expired", 403, "text/plain")
        for owner in self._world.organisations:
            invoice = self._known(owner, number)
            if invoice is not None:
                return Answer(_printed(owner, invoice), media_type="application/pdf")
        return Answer(b"Not found", 404, "text/plain")

    def _signature(self, number: str, ends_at: int) -> str:
        return hmac.new(self._link_key, f"{number}\n{ends_at}".encode(), hashlib.sha256).hexdigest()

    def _shown(self, owner: Organisation) -> list[Invoice]:
        now = self._state.now()
        months = [(c, m) for c in owner.contracts for m in HISTORY_START.until(Month.of(now).shift(1))]
        return [
            invoice
            for contract, month in months
            if period_of(contract, month).end < now.date()
            for invoice in self._world.month(contract, month).invoices
            if documents.shown_from(invoice) <= now
        ]

    def _find_invoice(self, request: web.Request, owner: Organisation) -> Invoice:
        invoice = self._known(owner, request.match_info["invoice_id"])
        if invoice is None:
            raise Refused(self.error("", 404, None))
        return invoice

    def _known(self, owner: Organisation, number: str) -> Invoice | None:
        """Give an organisation's invoice if it is listed by now."""
        invoice = self._world.invoice(owner, number)
        return invoice if invoice is not None and documents.shown_from(invoice) <= self._state.now() else None

    # --- usage

    def usage_report(self, request: web.Request, owner: Organisation) -> Answer:
        """Answer the usage of the periods that lie within the dates; ``InProgress`` first, 200 either way."""
        start, end = (self._moment(request, name) for name in ("startDate", "endDate"))
        if end <= start:
            self._refuse("invalid.date", "endDate must be after startDate")
        now, settings = self._state.now(), self._state.settings
        key = (owner.name, request.query["startDate"], request.query["endDate"])
        made_at = self._state.reports.ready_at(key, now, settings.report_asks, settings.report_seconds)
        if made_at is None:
            return self.waiting("genesys.usage_report", request)
        contents = [
            self._content(period, made_at)
            for contract in owner.contracts
            for period in self._periods(contract)
            if _lies_within(period, start, end)
        ]
        return Answer(self._report(request, "Complete", documents.usages(owner, contents, start)))

    def trustee_overview(self, request: web.Request, owner: Organisation) -> Answer:
        """Answer the overview of one's own organisation: index 0 is the open period, 1 the last closed one."""
        if request.match_info["organisation_id"] != owner.organization_id:
            raise Refused(self.error("", 404, None))
        text = request.query.get("billingPeriodIndex", "0")
        if not text.isdecimal():
            self._refuse("invalid.value", "billingPeriodIndex must be a whole number, 0 or more")
        now = self._state.now()
        chosen = [self._periods(contract)[::-1][int(text) : int(text) + 1] for contract in owner.contracts]
        if not all(chosen):
            raise Refused(self.error("", 404, None))
        contents = [self._content(period, now) for (period,) in chosen]
        return Answer(documents.overview_document(owner, chosen[0][0], contents, request.path_qs))

    def _report(self, request: web.Request, status: str, usages: list[dict[str, Any]]) -> dict[str, Any]:
        start, end = request.query.get("startDate", ""), request.query.get("endDate", "")
        return {
            "id": draw.identifier("usage report", start, end, self.account_of(request)),
            "startDate": start,
            "endDate": end,
            "status": status,
            "usages": usages,
            "selfUri": request.path_qs,
        }

    # --- parameters and pages

    def _page_size(self, request: web.Request, default: int, most: int) -> int:
        text = request.query.get("pageSize", str(default))
        if not text.isdecimal() or not 1 <= int(text) <= most:
            self._refuse("invalid.value", f"pageSize must be a whole number from 1 to {most}")
        return int(text)

    def _dates(self, request: web.Request) -> tuple[date, date]:
        try:
            texts = [request.query.get("dateStart", "0001-01-01"), request.query.get("dateEnd", "9999-12-31")]
            if not all(re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) for text in texts):
                raise ValueError(texts)
            return date.fromisoformat(texts[0]), date.fromisoformat(texts[1])
        except ValueError:
            self._refuse("invalid.date", "dateStart and dateEnd have the form yyyy-MM-dd")

    def _moment(self, request: web.Request, name: str) -> datetime:
        text = request.query.get(name, "")
        try:
            if not _MOMENT.fullmatch(text):
                raise ValueError(text)
            return datetime.fromisoformat(text).astimezone(UTC)
        except ValueError:
            self._refuse("invalid.date", f"{name} is required and has the form yyyy-MM-ddTHH:mm:ss[.mmm]Z")

    def _page(
        self, request: web.Request, rows: Sequence[Any], size: int, write: Callable[[Any, int], dict[str, Any]]
    ) -> Answer:
        scope = cursors.scope_of(request.path, request.query)
        offset = self._offset(request, scope, size)
        body: dict[str, Any] = {
            "entities": [write(row, offset + place) for place, row in enumerate(rows[offset : offset + size])],
            "selfUri": request.path_qs,
        }
        if offset + size < len(rows):
            body["nextUri"] = _uri(request, "after", cursors.write(scope, offset + size))
        if offset:
            body["previousUri"] = _uri(request, "before", cursors.write(scope, offset))
        return Answer(body)

    def _offset(self, request: web.Request, scope: str, size: int) -> int:
        after, before = request.query.get("after"), request.query.get("before")
        try:
            if after and before:
                raise ValueError("one direction at a time")
            if before:
                return max(0, cursors.read(scope, before) - size)
            return cursors.read(scope, after) if after else 0
        except ValueError as error:
            self._refuse("invalid.value", f"The cursor is invalid: {error}")

    def _refuse(self, code: str, message: str) -> NoReturn:
        raise Refused(Answer(_error_body(400, code, message), 400))


def _error_body(status: int, code: str, message: str) -> dict[str, Any]:
    return {"message": message, "code": code, "status": status, "contextId": "", "details": [], "errors": []}


def _has_payment(invoice: Invoice, wanted: str | None, now: datetime) -> bool:
    paid = now >= documents.shown_from(invoice) + documents.PAID_AFTER
    return wanted is None or paid == (wanted == "Paid")


def _lies_within(period: Period, start: datetime, end: datetime) -> bool:
    """Tell whether a period lies within the dates; 23:59:59.999 and the next midnight are the same end."""
    first = datetime(period.start.year, period.start.month, period.start.day, tzinfo=UTC)
    after_last = datetime(period.end.year, period.end.month, period.end.day, tzinfo=UTC) + timedelta(days=1)
    return start <= first and after_last <= end + timedelta(seconds=1)


def _uri(request: web.Request, name: str, cursor: str) -> str:
    rest = {key: text for key, text in request.query.items() if key not in {"after", "before"}}
    return f"{request.path}?{urlencode({**rest, name: cursor})}"


def _printed(owner: Organisation, invoice: Invoice) -> bytes:
    amount = invoice.amount if invoice.document_amount is None else invoice.document_amount
    facts = (
        f"{invoice.type} of {invoice.invoiced_on.isoformat()}",
        f"Bill to: {owner.bill_to.number}",
        f"Purchase order: {invoice.purchase_order}",
        *(f"{line.description}: {line.quantity} {format(line.amount, 'f')}" for line in invoice.lines),
    )
    return invoice_pdf("Genesys Cloud", invoice.invoice_id, facts, f"{format(amount, 'f')} {invoice.currency}")
