"""Contracts and billing periods. Source: contracts of the API, sections 4.2 and 4.3, checked 2026-11-22."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from vendor_simulator.genesys_cloud import documents, parameters
from vendor_simulator.genesys_cloud.accounts import Contract, Organisation
from vendor_simulator.genesys_cloud.errors import refuse, refuse_unknown
from vendor_simulator.genesys_cloud.request_context import GenesysContext
from vendor_simulator.web.answers import Answer


class Contracts:
    """Contracts of one organisation, and what was charged in each of their periods."""

    def __init__(self, context: GenesysContext) -> None:
        self._context = context

    def listing(self, request: web.Request, owner: Organisation) -> Answer:
        """Return one page of the contracts."""
        settings = self._context.state.settings
        size = parameters.page_size(request, 10, settings.contract_page_limit, settings.page_limit)
        status, external = request.query.get("status", "Active"), request.query.get("externalNumber")
        if status not in {"Active", "Inactive"}:
            refuse("invalid.value", "status must be Active or Inactive")
        parameters.dates(request)
        found = [
            contract
            for contract in owner.contracts
            if status == "Active" and external in {None, contract.external_number}
        ]
        return parameters.page(request, found, size, lambda contract, _: self._document(owner, contract))

    def by_id(self, request: web.Request, owner: Organisation) -> Answer:
        """Return one contract."""
        return Answer(self._document(owner, self._find(request, owner)))

    def billing_period(self, request: web.Request, owner: Organisation) -> Answer:
        """Return one period of a contract, the open one with what was used so far."""
        contract = self._find(request, owner)
        wanted = request.match_info["period_id"]
        period = next((period for period in self._context.periods(contract) if period.id == wanted), None)
        if period is None:
            refuse_unknown()
        now = self._context.state.now()
        return Answer(documents.period_document(owner, self._context.content(period, now), now))

    def _document(self, owner: Organisation, contract: Contract) -> dict[str, Any]:
        return documents.contract_document(owner, contract, self._context.periods(contract), self._context.state.now())

    def _find(self, request: web.Request, owner: Organisation) -> Contract:
        wanted = request.match_info["contract_id"]
        contract = next((contract for contract in owner.contracts if contract.id == wanted), None)
        if contract is None:
            refuse_unknown()
        return contract
