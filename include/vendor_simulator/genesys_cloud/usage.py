"""The usage report and the trustee overview. Source: contracts of the API, sections 4.7 and 4.8, checked 2026-11-22."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from vendor_simulator import seeded_random
from vendor_simulator.genesys_cloud import documents, parameters
from vendor_simulator.genesys_cloud.accounts import Organisation
from vendor_simulator.genesys_cloud.errors import refuse, refuse_unknown
from vendor_simulator.genesys_cloud.month import Period
from vendor_simulator.genesys_cloud.request_context import GenesysContext
from vendor_simulator.web.answers import Answer


class Usage:
    """Usage of one organisation over all its contracts."""

    def __init__(self, context: GenesysContext) -> None:
        self._context = context

    def report(self, request: web.Request, owner: Organisation) -> Answer:
        """Return the usage of the periods that lie within the dates; ``InProgress`` first, 200 either way."""
        start, end = (parameters.moment(request, name) for name in ("startDate", "endDate"))
        if end <= start:
            refuse("invalid.date", "endDate must be after startDate")
        now, settings = self._context.state.now(), self._context.state.settings
        key = (owner.name, request.query["startDate"], request.query["endDate"])
        made_at = self._context.state.reports.ready_at(key, now, settings.report_asks, settings.report_seconds)
        if made_at is None:
            return waiting(request, owner.name)
        contents = [
            self._context.content(period, made_at)
            for contract in owner.contracts
            for period in self._context.periods(contract)
            if _lies_within(period, start, end)
        ]
        return Answer(_report(request, owner.name, "Complete", documents.usages(owner, contents, start)))

    def overview(self, request: web.Request, owner: Organisation) -> Answer:
        """Return the overview of one's own organisation: index 0 is the open period, 1 the last closed one."""
        if request.match_info["organisation_id"] != owner.organization_id:
            refuse_unknown()
        text = request.query.get("billingPeriodIndex", "0")
        if not text.isdecimal():
            refuse("invalid.value", "billingPeriodIndex must be a whole number, 0 or more")
        now = self._context.state.now()
        chosen = [self._context.periods(contract)[::-1][int(text) : int(text) + 1] for contract in owner.contracts]
        if not all(chosen):
            refuse_unknown()
        contents = [self._context.content(period, now) for (period,) in chosen]
        return Answer(documents.overview_document(owner, chosen[0][0], contents, request.path_qs))


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


def _lies_within(period: Period, start: datetime, end: datetime) -> bool:
    """Return whether a period lies within the dates; 23:59:59.999 and the next midnight are the same end."""
    first = datetime(period.start.year, period.start.month, period.start.day, tzinfo=UTC)
    after_last = datetime(period.end.year, period.end.month, period.end.day, tzinfo=UTC) + timedelta(days=1)
    return start <= first and after_last <= end + timedelta(seconds=1)
