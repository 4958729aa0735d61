"""The v3 operations on usage. Source: contracts of the API, sections 4.4 and 4.5, checked 2026-11-22."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from aiohttp import web

from vendor_simulator.fastly import documents, metrics, parameters, quantities
from vendor_simulator.fastly.accounts import FastlyAccount
from vendor_simulator.fastly.errors import refuse_v3
from vendor_simulator.fastly.model import UsageRow
from vendor_simulator.fastly.month import usage_row
from vendor_simulator.fastly.readings import Values
from vendor_simulator.fastly.request_context import FastlyContext
from vendor_simulator.months import Month
from vendor_simulator.web.answers import Answer


class Usage:
    """Usage by month and by service, for accounts of either API generation."""

    def __init__(self, context: FastlyContext) -> None:
        self._context = context

    def metrics(self, request: web.Request) -> Answer:
        """Return what was metered in up to three months."""
        account, now = self._context.account(request), self._context.state.now()
        values = self._context.values(account)
        rows = [
            row
            for month in parameters.months(request, excluded=values["v3_end_month"] == "excluded")
            for row in metrics.usage_rows(account, self._listed(account, month, values), month, now, values)
        ]
        return Answer({"data": None if not rows and values["empty_list"] == "null" else rows})

    def by_service(self, request: web.Request) -> Answer:
        """Return the use of one product by service, over the requested months; of all products if none is set."""
        account, query = self._context.account(request), request.query
        values = self._context.values(account)
        if ("product_id" in query) != ("usage_type_name" in query):
            refuse_v3(400)
        months = parameters.months(request, str(Month.of(self._context.state.now())))
        limit, offset = (
            parameters.limit(
                request, "1000", 10_000, self._context.state.settings.limit_of("fastly.v3.service_usage_metrics")
            ),
            parameters.offset(request),
        )
        metered = (row for month in months for row in self._metered(account, month))
        rows = [row for row in metered if _is_wanted(row, request, values["v3_metric_names"])]
        details = metrics.service_rows(self._context.world.seed, account, rows, query.get("service"), values)
        data = {
            "customer_id": account.customer_id,
            "start_time": documents.instant(months[0].start),
            "end_time": documents.instant(months[-1].end - timedelta(seconds=1)),
            "usage_type": query.get("usage_type_name", ""),
            "unit": (rows and "product_id" in query and quantities.unit_of(rows[0].meter, values)) or "unit",
            "details": details[offset : offset + limit],
            "meta": parameters.meta(request, limit, offset + limit, len(details), values),
        }
        forms = {"object": data, "list": [data], "null": None}
        return Answer({"data": data if "product_id" in query else forms[values["v3_service_usage"]]})

    def _listed(self, account: FastlyAccount, month: Month, values: Values) -> list[UsageRow]:
        """Return the rows of a month: what was used, and what else this account's metrics have."""
        rows = [] if values["v3_usage_metrics"] == "empty" else self._metered(account, month)
        if not rows or values["v3_metric_rows"] == "usage":
            return rows
        if values["v3_metric_rows"] == "fees":
            fees = (line for line in self._context.world.charges(account, month) if line.kind == "fee")
            return [*rows, *(usage_row(line.meter, line.units) for line in fees)]
        unused = replace(rows[0].meter, name="Live Streaming Bandwidth", region="", description="")
        return [*rows, usage_row(unused, Decimal(0))]

    def _metered(self, account: FastlyAccount, month: Month) -> list[UsageRow]:
        now = self._context.state.now()
        if month.start > now:
            return []
        return documents.metered(account, self._context.world.month(account, month).usage, month, now)


def _is_wanted(row: UsageRow, request: web.Request, form: str) -> bool:
    wanted = (request.query.get("product_id"), request.query.get("usage_type_name"))
    names = (row.meter.name, metrics.metric_name(row.meter.name, form))
    return wanted in {(None, None), *((row.meter.product_id, name) for name in names)}
