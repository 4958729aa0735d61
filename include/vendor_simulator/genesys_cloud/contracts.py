"""Contracts and billing periods. Source: contracts of the API, sections 4.2 and 4.3, checked 2026-11-22."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from vendor_simulator.genesys_cloud import documents, parameters
from vendor_simulator.genesys_cloud.accounts import Contract, Organisation
from vendor_simulator.genesys_cloud.contract_documents import contract_document
from vendor_simulator.genesys_cloud.errors import refuse, refuse_unknown
from vendor_simulator.genesys_cloud.periods import first_day
from vendor_simulator.genesys_cloud.request_context import GenesysContext
from vendor_simulator.genesys_cloud.rewriting import is_id
from vendor_simulator.web.answers import Answer


class Contracts:
    """Contracts of one organisation, and what was charged in each of their periods."""

    def __init__(self, context: GenesysContext) -> None:
        self._context = context

    def listing(self, request: web.Request, owner: Organisation) -> Answer:
        """Return one page of the contracts."""
        settings = self._context.state.settings
        size = parameters.page_size(request, 10, settings.contract_page_limit, settings.limit_of("genesys.contracts"))
        status, external = request.query.get("status"), request.query.get("externalNumber")
        if status not in {None, "Active", "Inactive"}:
            refuse("invalid.value", "status must be Active or Inactive")
        window, rule = parameters.dates(request), owner.read["contract_filter"]
        found = [
            contract
            for contract in owner.contracts
            if self._has_status(contract, status)
            and external in {None, contract.external_number}
            and parameters.fits(rule, window, (first_day(contract), contract.ends))
        ]
        rows = parameters.with_double(found, "contract", owner.read)
        return parameters.page(request, rows, size, owner.read, lambda contract: self._document(owner, contract))

    def by_id(self, request: web.Request, owner: Organisation) -> Answer:
        """Return one contract."""
        return Answer(self._document(owner, self._find(request, owner)))

    def billing_period(self, request: web.Request, owner: Organisation) -> Answer:
        """Return one period of a contract, the open one with what was used so far."""
        contract = self._find(request, owner)
        wanted = request.match_info["period_id"]
        listed = self._context.periods(contract)
        period = next((period for period in listed if is_id(wanted, period.id, contract.read)), None)
        if period is None:
            refuse_unknown()
        now = self._context.state.now()
        return Answer(documents.period_document(owner, self._context.content(period, now), now))

    def _document(self, owner: Organisation, contract: Contract) -> dict[str, Any]:
        return contract_document(owner, contract, self._context.named_periods(contract), self._context.state.now())

    def _has_status(self, contract: Contract, wanted: str | None) -> bool:
        today = self._context.state.now().date()
        has_begun = first_day(contract) <= today
        return has_begun and wanted in {None, "Active" if today <= contract.ends else "Inactive"}

    def _find(self, request: web.Request, owner: Organisation) -> Contract:
        wanted = request.match_info["contract_id"]
        contract = next((each for each in owner.contracts if is_id(wanted, each.id, each.read)), None)
        if contract is None:
            refuse_unknown()
        return contract
