"""The v2 operations. Source: contracts of the API, section 3, checked 2026-11-22."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from aiohttp import web

from vendor_simulator.fastly import documents, legacy
from vendor_simulator.fastly.accounts import FastlyAccount
from vendor_simulator.fastly.errors import refuse_v2, waiting
from vendor_simulator.fastly.model import Line
from vendor_simulator.fastly.month import discounted
from vendor_simulator.fastly.readings import Values
from vendor_simulator.fastly.request_context import FastlyContext
from vendor_simulator.months import Month
from vendor_simulator.pdf import invoice_pdf
from vendor_simulator.web.answers import Answer

_NO_BILL = "There is no bill for this month"
_BILL_TYPES = ("application/json", "text/csv", "application/pdf")


class Bills:
    """Bills of accounts on v2, as JSON, CSV and PDF."""

    def __init__(self, context: FastlyContext) -> None:
        self._context = context

    def of_month(self, request: web.Request) -> Answer:
        """Return the bill of one month; the present one is still an estimate of status MTD."""
        account = self._context.account(request, "v2")
        values, now = self._context.values(account), self._context.state.now()
        year, number = request.match_info["year"], request.match_info["month"]
        if values["v2_month"] == "lenient":
            number = number.zfill(2)
        if not re.fullmatch(r"\d{4}", year) or not re.fullmatch(r"0[1-9]|1[0-2]", number):
            refuse_v2(400, "year must have four digits and month two, 01 to 12")
        month = Month(int(year), int(number))
        if month < account.first_month or month.start > now:
            refuse_v2(404, _NO_BILL)
        if now < month.end:
            lines = self._accrued(account, month, now)
            return self._in_wanted_form(request, legacy.running_bill(account, lines, month, now, values))
        return self._in_wanted_form(request, self._closed(account, month, now, values))

    def by_id(self, request: web.Request) -> Answer:
        """Return one posted bill by its id."""
        account = self._context.account(request, "v2")
        self._own(account, request)
        invoice = self._context.find(account, request.match_info["invoice_id"])
        if invoice is None:
            refuse_v2(404, "There is no such invoice")
        now, values = self._context.state.now(), self._context.values(account)
        return self._in_wanted_form(request, legacy.bill(account, invoice, now, values, by_id=True))

    def to_date(self, request: web.Request) -> Answer:
        """Return the month-to-date estimate: 202 first, then 200 and the same for four hours."""
        account = self._context.account(request, "v2")
        self._own(account, request)
        if account.parent_pay:
            refuse_v2(422, "Month-to-date estimates are not available under parent pay")
        now, values = self._context.state.now(), self._context.values(account)
        month = self._month_wanted(request, now)
        if month.start > now or month < account.first_month:
            refuse_v2(404, "There is no estimate for this month")
        made_at = self._context.made_at(account, "v2", month)
        if made_at is None:
            return waiting("fastly.v2.month_to_date", values["accepted"])
        at = min(made_at, month.end)
        return Answer(legacy.estimate(account, self._accrued(account, month, at), month, at, values))

    def _closed(self, account: FastlyAccount, month: Month, now: datetime, values: Values) -> dict[str, Any]:
        invoices = self._context.world.month(account, month).invoices
        if not invoices and values["v2_no_bill"] == "empty":
            return legacy.empty_bill(account, month, values)
        if not invoices:
            refuse_v2(404, _NO_BILL)
        if now < invoices[0].posted_at and values["v2_unposted"] == "pending":
            return legacy.bill(account, invoices[0], now, values)
        bill = invoices[0].at(now)
        if bill is None:
            refuse_v2(404, _NO_BILL)
        return legacy.bill(account, bill, now, values)

    def _accrued(self, account: FastlyAccount, month: Month, at: datetime) -> tuple[Line, ...]:
        lines = documents.accrued(account, self._context.world.charges(account, month), month, at)
        return discounted(account, lines, self._context.values(account))

    def _month_wanted(self, request: web.Request, now: datetime) -> Month:
        year, number = request.query.get("year"), request.query.get("month")
        if year is None and number is None:
            return Month.of(now)
        try:
            return Month.parse(f"{year or now.year}-{number or f'{now.month:02d}'}")
        except ValueError:
            refuse_v2(400, "year must have four digits and month two, 01 to 12")

    def _own(self, account: FastlyAccount, request: web.Request) -> None:
        if request.match_info["customer_id"] != account.customer_id:
            refuse_v2(403, "The token belongs to another customer")

    def _in_wanted_form(self, request: web.Request, bill: dict[str, Any]) -> Answer:
        accepted = [part.partition(";")[0].strip() for part in request.headers.get("Accept", "*/*").split(",")]
        wanted = next((t for t in accepted if t in (*_BILL_TYPES, "*/*", "application/*")), None)
        if wanted is None:
            refuse_v2(406, f"A bill comes as one of {', '.join(_BILL_TYPES)}")
        if wanted == "text/csv":
            return Answer(legacy.as_csv(bill).encode(), media_type="text/csv; charset=utf-8")
        if wanted == "application/pdf":
            number, total = str(bill["invoice_id"]), f"{legacy.cell(bill['total']['cost'])} USD"
            lines = bill["line_items"] or ()
            facts = tuple(f"{line['description']}: {legacy.cell(line['amount'])}" for line in lines)
            return Answer(invoice_pdf("Fastly, Inc.", number, facts, total), media_type="application/pdf")
        return Answer(bill)
