"""The Fastly side of the server: routes, credentials, parameters, errors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Any, NoReturn

from aiohttp import web

from vendor_simulator import exact
from vendor_simulator.fastly import documents, legacy
from vendor_simulator.fastly.accounts import FastlyAccount
from vendor_simulator.fastly.month import Invoice, month_of
from vendor_simulator.fastly.world import FastlyWorld
from vendor_simulator.months import Month
from vendor_simulator.pdf import invoice_pdf
from vendor_simulator.web import cursors
from vendor_simulator.web.answers import Answer, Refused
from vendor_simulator.web.pipeline import Handler
from vendor_simulator.web.state import State

_BAD_CREDENTIAL = "Provided credentials are missing or invalid"
_TOO_MANY = (
    "You have exceeded your hourly rate limit. Please contact support@fastly.com if you think this is a mistake."
)
_BILL_TYPES = ("application/json", "text/csv", "application/pdf")
_MOST_MONTHS = 3


class FastlyApp:
    """Answers every Fastly billing operation of the contract."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._world: FastlyWorld = state.world.fastly
        self._accounts = {account.token: account for account in self._world.accounts}

    def routes(self) -> list[tuple[str, str, str, Handler]]:
        """List operation, method, path and handler; a literal segment stands before a parameter."""
        v2, v3 = "/billing/v2", "/billing/v3"
        customer = v2 + "/account_customers/{customer_id}"
        return [
            ("fastly.v2.month", "GET", v2 + "/year/{year}/month/{month}", self.bill_of_month),
            ("fastly.v2.invoice", "GET", customer + "/invoices/{invoice_id}", self.bill_by_id),
            ("fastly.v2.month_to_date", "GET", customer + "/mtd_invoice", self.bill_to_date),
            ("fastly.v3.invoices", "GET", v3 + "/invoices", self.invoices),
            ("fastly.v3.month_to_date", "GET", v3 + "/invoices/month-to-date", self.month_to_date),
            ("fastly.v3.invoice", "GET", v3 + "/invoices/{invoice_id}", self.invoice),
            ("fastly.v3.usage_metrics", "GET", v3 + "/usage-metrics", self.usage_metrics),
            ("fastly.v3.service_usage_metrics", "GET", v3 + "/service-usage-metrics", self.service_usage),
        ]

    # --- what the pipeline asks of a vendor

    def account_of(self, request: web.Request) -> str:
        """Name the account of the request's token."""
        account = self._accounts.get(request.headers.get("Fastly-Key", ""))
        return account.name if account else ""

    def error(self, operation: str, status: int, retry_after: str | None) -> Answer:
        """Write an error: ``msg`` for v2, for credentials and for the gateway, four texts for v3."""
        headers = {"Retry-After": retry_after} if retry_after is not None else {}
        if status == 401:
            return Answer({"msg": _BAD_CREDENTIAL}, 401, "text/plain", headers)
        if status == 429:
            return Answer({"msg": _TOO_MANY}, 429, headers=headers)
        phrase = HTTPStatus(status).phrase
        if operation.startswith("fastly.v3"):
            code = phrase.lower().replace(" ", "_")
            body = {"type": "about:blank", "title": phrase, "code": code, "status": str(status)}
            return Answer(body, status, headers=headers)
        return Answer({"msg": "Record not found" if status == 404 else phrase}, status, headers=headers)

    def waiting(self, operation: str, _request: web.Request) -> Answer:
        """Write the 202 of a month-to-date estimate in the making."""
        if operation.startswith("fastly.v3"):
            return Answer({"title": "Accepted", "status": "202"}, 202)
        return Answer({}, 202)

    def dress(self, _request: web.Request, answer: Answer) -> None:
        """Add the headers of Fastly's own edge; a GET carries no rate-limit header."""
        answer.headers |= {
            "Status": f"{answer.status} {HTTPStatus(answer.status).phrase}",
            "Cache-Control": "no-store",
            "Via": "1.1 varnish, 1.1 varnish",
            "X-Served-By": "cache-control-simulator-FRA",
            "X-Cache": "MISS, MISS",
        }

    # --- v2

    def bill_of_month(self, request: web.Request) -> Answer:
        """Answer the bill of one month; the present one is still an estimate of status MTD."""
        account = self._account(request, "v2")
        lenient = self._state.settings.lenient_month
        year, number = request.match_info["year"], request.match_info["month"]
        if lenient:
            number = number.zfill(2)
        if not re.fullmatch(r"\d{4}", year) or not re.fullmatch(r"0[1-9]|1[0-2]", number):
            self._refuse_v2(400, "year must have four digits and month two, 01 to 12")
        month, now = Month(int(year), int(number)), self._state.now()
        if month < account.first_month or month.start > now:
            self._refuse_v2(404, "There is no bill for this month")
        if now < month.end:
            lines = documents.accrued(account, self._world.charges(account, month), month, now)
            return self._in_wanted_form(request, legacy.running_bill(account, lines, month, now))
        invoices = self._world.month(account, month).invoices
        return self._in_wanted_form(request, legacy.bill(account, invoices[0], now))

    def bill_by_id(self, request: web.Request) -> Answer:
        """Answer one posted bill by its id."""
        account = self._account(request, "v2")
        self._own(account, request)
        invoice = self._find(account, request.match_info["invoice_id"])
        if invoice is None:
            self._refuse_v2(404, "There is no such invoice")
        bill = legacy.bill(account, invoice, self._state.now(), by_id=True)
        return self._in_wanted_form(request, bill)

    def bill_to_date(self, request: web.Request) -> Answer:
        """Answer the month-to-date estimate: 202 first, then 200 and the same for four hours."""
        account = self._account(request, "v2")
        self._own(account, request)
        if account.parent_pay:
            self._refuse_v2(422, "Month-to-date estimates are not available under parent pay")
        now = self._state.now()
        month = self._month_wanted(request, now)
        if month.start > now or month < account.first_month:
            self._refuse_v2(404, "There is no estimate for this month")
        made_at = self._made_at(account, "v2", month, now)
        if made_at is None:
            return self.waiting("fastly.v2.month_to_date", request)
        at = min(made_at, month.end)
        lines = documents.accrued(account, self._world.charges(account, month), month, at)
        return Answer(legacy.estimate(account, lines, month, at))

    def _month_wanted(self, request: web.Request, now: datetime) -> Month:
        year, number = request.query.get("year"), request.query.get("month")
        if year is None and number is None:
            return Month.of(now)
        try:
            return Month.parse(f"{year or now.year}-{number or f'{now.month:02d}'}")
        except ValueError:
            self._refuse_v2(400, "year must have four digits and month two, 01 to 12")

    def _own(self, account: FastlyAccount, request: web.Request) -> None:
        if request.match_info["customer_id"] != account.customer_id:
            self._refuse_v2(403, "The token belongs to another customer")

    def _in_wanted_form(self, request: web.Request, bill: dict[str, Any]) -> Answer:
        accepted = [part.partition(";")[0].strip() for part in request.headers.get("Accept", "*/*").split(",")]
        wanted = next((t for t in accepted if t in (*_BILL_TYPES, "*/*", "application/*")), None)
        if wanted is None:
            self._refuse_v2(406, f"A bill comes as one of {', '.join(_BILL_TYPES)}")
        if wanted == "text/csv":
            return Answer(legacy.as_csv(bill).encode(), media_type="text/csv; charset=utf-8")
        if wanted == "application/pdf":
            number, total = str(bill["invoice_id"]), f"{format(bill['total']['cost'], 'f')} USD"
            facts = tuple(f"{line['description']}: {format(line['amount'], 'f')}" for line in bill["line_items"])
            return Answer(invoice_pdf("Fastly, Inc.", number, facts, total), media_type="application/pdf")
        return Answer(bill)

    # --- v3

    def invoices(self, request: web.Request) -> Answer:
        """Answer one page of the posted invoices, newest billing start first."""
        account = self._account(request, "v3")
        limit = self._limit(request, "100", 200)
        first = self._date(request, "billing_start_date")
        last = self._date(request, "billing_end_date")
        found = [invoice for invoice in self._posted(account) if self._within(invoice, first, last)]
        found.sort(key=lambda invoice: (invoice.start, invoice.invoice_id), reverse=True)
        offset = self._offset(request)
        page = found[offset : offset + limit]
        return Answer(
            {
                "data": [documents.invoice_document(account, invoice) for invoice in page],
                "meta": self._meta(request, limit, offset + limit, len(found)),
            }
        )

    def invoice(self, request: web.Request) -> Answer:
        """Answer one posted invoice by its id."""
        account = self._account(request, "v3")
        invoice = self._find(account, request.match_info["invoice_id"])
        if invoice is None:
            self._refuse_v3(404)
        return Answer(documents.invoice_document(account, invoice, by_id=True))

    def month_to_date(self, request: web.Request) -> Answer:
        """Answer the month-to-date invoice: 202 first, then 200 and the same for four hours."""
        account = self._account(request, "v3")
        now = self._state.now()
        month = Month.of(now)
        made_at = self._made_at(account, "v3", month, now)
        if made_at is None:
            return self.waiting("fastly.v3.month_to_date", request)
        lines = documents.accrued(account, self._world.charges(account, month), month, made_at)
        return Answer(documents.estimate_document(account, lines, month, made_at))

    def usage_metrics(self, request: web.Request) -> Answer:
        """Answer what was metered in up to three months, ``end_month`` included."""
        account = self._account(request)
        months = self._months(request)
        if months is None:
            self._refuse_v3(400)
        rows = [row for month in months for row in self._usage(account, month)]
        return Answer({"data": rows})

    def service_usage(self, request: web.Request) -> Answer:
        """Answer the use of one product by service, summed over the months asked for."""
        account = self._account(request)
        query, now = request.query, self._state.now()
        if ("product_id" in query) != ("usage_type_name" in query):
            self._refuse_v3(400)
        present = str(Month.of(now))
        months = self._months(request, present)
        if months is None:
            self._refuse_v3(400)
        limit = self._limit(request, "1000", 10_000)
        offset = self._offset(request)
        details, unit = self._service_rows(request, account, months)
        page = details[offset : offset + limit]
        data = {
            "customer_id": account.customer_id,
            "start_time": documents.instant(months[0].start),
            "end_time": documents.instant(months[-1].end - timedelta(seconds=1)),
            "usage_type": query.get("usage_type_name", ""),
            "unit": unit,
            "details": page,
            "meta": self._meta(request, limit, offset + limit, len(details)),
        }
        return Answer({"data": data})

    def _service_rows(
        self, request: web.Request, account: FastlyAccount, months: list[Month]
    ) -> tuple[list[dict[str, Any]], str]:
        wanted = (request.query.get("product_id"), request.query.get("usage_type_name"))
        services = documents.services_of(self._world.seed, account)
        sums = dict.fromkeys(services, exact.total(()))
        unit = "unit"
        for month in months:
            rows = self._world.month(account, month).usage if month.start <= self._state.now() else ()
            for row in documents.metered(account, rows, month, self._state.now()):
                if wanted not in {(None, None), (row.meter.product_id, row.meter.name)}:
                    continue
                unit = row.meter.unit if wanted[1] else unit
                parts = documents.split(row.quantity, len(services), row.meter.places)
                for service, part in zip(services, parts, strict=True):
                    sums[service] = exact.total((sums[service], part))
        only = request.query.get("service")
        details = [
            {
                "customer_id": account.customer_id,
                "service_id": service_id,
                "service_name": name,
                "usage_units": units,
            }
            for (service_id, name), units in sums.items()
            if units > 0 and only in {None, service_id}
        ]
        return details, unit

    def _usage(self, account: FastlyAccount, month: Month) -> Iterator[dict[str, Any]]:
        now = self._state.now()
        if month.start <= now:
            rows = documents.metered(account, self._world.month(account, month).usage, month, now)
            yield from documents.usage_rows(account, rows, month, now)

    def _months(self, request: web.Request, default: str = "") -> list[Month] | None:
        start = request.query.get("start_month", default)
        try:
            first, last = Month.parse(start), Month.parse(request.query.get("end_month", start if default else ""))
        except ValueError:
            return None
        months = list(first.until(last))
        return months if 1 <= len(months) <= _MOST_MONTHS else None

    def _meta(self, request: web.Request, limit: int, end: int, total: int) -> dict[str, Any]:
        scope = cursors.scope_of(request.path, request.query)
        following = cursors.write(scope, end) if end < total else ""
        return {"next_cursor": following, "limit": limit, "sort": "billing_start_date", "total": total}

    def _offset(self, request: web.Request) -> int:
        cursor = request.query.get("cursor", "")
        if not cursor:
            return 0
        try:
            return cursors.read(cursors.scope_of(request.path, request.query), cursor)
        except ValueError:
            self._refuse_v3(400)

    def _limit(self, request: web.Request, default: str, most: int) -> int:
        text = request.query.get("limit", default)
        if not re.fullmatch(r"\d{1,6}", text) or not 1 <= int(text) <= most:
            self._refuse_v3(400)
        return int(text)

    def _date(self, request: web.Request, name: str) -> date | None:
        text = request.query.get(name)
        if text is None:
            return None
        try:
            if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
                raise ValueError(text)
            return date.fromisoformat(text)
        except ValueError:
            self._refuse_v3(400)

    def _within(self, invoice: Invoice, first: date | None, last: date | None) -> bool:
        start, end = invoice.start.date(), (invoice.end - timedelta(seconds=1)).date()
        if self._state.settings.list_filter == "within":
            return (first is None or start >= first) and (last is None or end <= last)
        return (first is None or end >= first) and (last is None or start <= last)

    # --- both

    def _account(self, request: web.Request, api: str = "") -> FastlyAccount:
        account = self._accounts.get(request.headers.get("Fastly-Key", ""))
        if account is None:
            raise Refused(self.error("", 401, None))
        if api == "v2" and account.api != api:
            self._refuse_v2(404, "This customer is billed by the newer API")
        if api == "v3" and account.api != api:
            self._refuse_v3(404)
        return account

    def _made_at(self, account: FastlyAccount, api: str, month: Month, now: datetime) -> datetime | None:
        settings = self._state.settings
        key = (account.name, api, str(month))
        return self._state.estimates.ready_at(key, now, settings.estimate_asks, settings.estimate_seconds)

    def _posted(self, account: FastlyAccount) -> Iterator[Invoice]:
        now = self._state.now()
        for month in account.first_month.until(Month.of(now)):
            for invoice in self._world.month(account, month).invoices:
                if invoice.posted_at <= now:
                    yield invoice

    def _find(self, account: FastlyAccount, text: str) -> Invoice | None:
        if not re.fullmatch(r"[0-9]{7}", text):
            return None
        month, now = month_of(account, int(text)), self._state.now()
        if not account.first_month <= month <= Month.of(now):
            return None
        invoices = self._world.month(account, month).invoices
        return next((i for i in invoices if i.invoice_id == int(text) and i.posted_at <= now), None)

    def _refuse_v2(self, status: int, detail: str) -> NoReturn:
        answer = self.error("fastly.v2", status, None)
        answer.payload["detail"] = detail
        raise Refused(answer)

    def _refuse_v3(self, status: int) -> NoReturn:
        raise Refused(self.error("fastly.v3", status, None))
