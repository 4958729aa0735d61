"""The v3 operations on usage. Source: contracts of the API, sections 4.4 and 4.5, checked 2026-11-22."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from aiohttp import web

from vendor_simulator import exact
from vendor_simulator.fastly import documents, parameters
from vendor_simulator.fastly.accounts import FastlyAccount
from vendor_simulator.fastly.errors import refuse_v3
from vendor_simulator.fastly.month import UsageRow
from vendor_simulator.fastly.request_context import FastlyContext
from vendor_simulator.months import Month
from vendor_simulator.web.answers import Answer


class Usage:
    """Usage by month and by service, for accounts of either API generation."""

    def __init__(self, context: FastlyContext) -> None:
        self._context = context

    def metrics(self, request: web.Request) -> Answer:
        """Return what was metered in up to three months, ``end_month`` included."""
        account, now = self._context.account(request), self._context.state.now()
        rows = [
            row
            for month in parameters.months(request)
            for row in documents.usage_rows(account, self._metered(account, month), month, now)
        ]
        return Answer({"data": rows})

    def by_service(self, request: web.Request) -> Answer:
        """Return the use of one product by service, over the requested months; of all products if none is set."""
        account, query = self._context.account(request), request.query
        if ("product_id" in query) != ("usage_type_name" in query):
            refuse_v3(400)
        months = parameters.months(request, str(Month.of(self._context.state.now())))
        limit, offset = (
            parameters.limit(request, "1000", 10_000, self._context.state.settings.page_limit),
            parameters.offset(request),
        )
        rows = [row for month in months for row in self._metered(account, month) if _is_wanted(row, request)]
        details = _details(self._context.world.seed, account, rows, query.get("service"))
        data = {
            "customer_id": account.customer_id,
            "start_time": documents.instant(months[0].start),
            "end_time": documents.instant(months[-1].end - timedelta(seconds=1)),
            "usage_type": query.get("usage_type_name", ""),
            "unit": rows[0].meter.unit if rows and "product_id" in query else "unit",
            "details": details[offset : offset + limit],
            "meta": parameters.meta(request, limit, offset + limit, len(details)),
        }
        return Answer({"data": data})

    def _metered(self, account: FastlyAccount, month: Month) -> list[UsageRow]:
        now = self._context.state.now()
        if month.start > now:
            return []
        return documents.metered(account, self._context.world.month(account, month).usage, month, now)


def _is_wanted(row: UsageRow, request: web.Request) -> bool:
    wanted = (request.query.get("product_id"), request.query.get("usage_type_name"))
    return wanted in {(None, None), (row.meter.product_id, row.meter.name)}


def _details(seed: int, account: FastlyAccount, rows: list[UsageRow], only: str | None) -> list[dict[str, Any]]:
    """Split each row over the customer's services, and list those above zero."""
    services = documents.services_of(seed, account)
    sums = dict.fromkeys(services, Decimal(0))
    for row in rows:
        parts = documents.split(row.quantity, len(services), row.meter.places)
        for service, part in zip(services, parts, strict=True):
            sums[service] = exact.total((sums[service], part))
    return [
        {"customer_id": account.customer_id, "service_id": number, "service_name": name, "usage_units": units}
        for (number, name), units in sums.items()
        if units > 0 and only in {None, number}
    ]
