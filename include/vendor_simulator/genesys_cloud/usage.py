"""The usage report and the trustee overview. Source: contracts of the API, sections 4.7 and 4.8, checked 2026-11-22."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from aiohttp import web

from vendor_simulator import seeded_random
from vendor_simulator.genesys_cloud import parameters
from vendor_simulator.genesys_cloud.accounts import Organisation
from vendor_simulator.genesys_cloud.errors import refuse, refuse_unknown
from vendor_simulator.genesys_cloud.month import GenesysMonth
from vendor_simulator.genesys_cloud.periods import Period
from vendor_simulator.genesys_cloud.request_context import GenesysContext
from vendor_simulator.genesys_cloud.rewriting import rewrite
from vendor_simulator.genesys_cloud.usage_documents import overview_document, usages
from vendor_simulator.web.answers import Answer


class Usage:
    """Usage of one organisation over all its contracts."""

    def __init__(self, context: GenesysContext) -> None:
        self._context = context

    def report(self, request: web.Request, owner: Organisation) -> Answer:
        """Return the usage of the dates; ``InProgress`` first, 200 either way. The demo counts whole periods alone."""
        start, end = (parameters.moment(request, name) for name in ("startDate", "endDate"))
        if end <= start:
            refuse("invalid.date", "endDate must be after startDate")
        now, settings = self._context.state.now(), self._context.state.settings
        key = (owner.name, request.query["startDate"], request.query["endDate"])
        asks, seconds = settings.report_asks, settings.report_seconds
        if owner.read["usage_status"] == "missing":
            asks, seconds = 0, 0.0  # nothing could say that a report is in progress
        made_at = self._context.state.reports.ready_at(key, now, asks, seconds)
        if made_at is None:
            return waiting(request, owner.name)
        contents = [
            _within(self._context.content(period, made_at), days)
            for contract in owner.contracts
            for period in self._context.periods(contract)
            if (days := _days_within(period, start, end)) == period.days or (days and owner.drawn)
        ]
        report = _report(request, owner.name, "Complete", usages(owner, contents, start))
        rewrite(report, "status", owner.read["usage_status"])
        return Answer(report)

    def overview(self, request: web.Request, owner: Organisation) -> Answer:
        """Return the overview of one's own organisation: index 0 is the open period, 1 the last closed one."""
        if request.match_info["organisation_id"] != owner.organization_id:
            refuse_unknown()
        text = request.query.get("billingPeriodIndex", "0")
        if not text.isdecimal():
            refuse("invalid.value", "billingPeriodIndex must be a whole number, 0 or more")
        now = self._context.state.now()
        newest_first = self._context.periods(owner.contracts[0])[::-1]  # one period, although contracts may have others
        if int(text) >= len(newest_first):
            refuse_unknown()
        period = newest_first[int(text)]
        same_month = [
            each
            for contract in owner.contracts
            for each in self._context.periods(contract)
            if each.month == period.month
        ]
        contents = [self._context.content(each, now) for each in same_month]
        return Answer(overview_document(owner, period, contents, request.path_qs))


def waiting(request: web.Request, organisation: str) -> Answer:
    """Return a usage report that is not complete."""
    return Answer(_report(request, organisation, "InProgress", []))


def _report(request: web.Request, organisation: str, status: str, usages: list[dict[str, Any]]) -> dict[str, Any]:
    start, end = request.query.get("startDate", ""), request.query.get("endDate", "")
    return {
        "id": seeded_random.identifier("usage report", start, end, organisation),
        "startDate": start,
        "endDate": end,
        "status": status,
        "usages": usages,
        "selfUri": request.path_qs,
    }


def _days_within(period: Period, start: datetime, end: datetime) -> int:
    """Return how many days of a period the dates hold; 23:59:59.999 and the next midnight are the same end."""
    after_last = (end + timedelta(seconds=1)).date()
    first_held = start.date() if start.time() == time.min else start.date() + timedelta(days=1)
    return max(0, (min(period.end + timedelta(days=1), after_last) - max(period.start, first_held)).days)


def _within(content: GenesysMonth, days: int) -> GenesysMonth:
    """Return the usage of some days of a period: all of it, or their share."""
    whole = content.period.days
    if days == whole:
        return content
    charges = [replace(each, actual=Decimal(int(each.actual) * days // whole)) for each in content.charges]
    return replace(content, charges=tuple(charges), reported={})
