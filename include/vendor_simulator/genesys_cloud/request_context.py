"""What all Genesys Cloud handlers need: periods, their content and the invoices listed so far."""

from __future__ import annotations

from datetime import datetime

from aiohttp import web

from vendor_simulator.genesys_cloud import documents
from vendor_simulator.genesys_cloud.accounts import Contract, Organisation
from vendor_simulator.genesys_cloud.contract_documents import closed_at
from vendor_simulator.genesys_cloud.errors import refuse_unknown
from vendor_simulator.genesys_cloud.month import GenesysMonth, Invoice
from vendor_simulator.genesys_cloud.periods import Period, months_of, period_of
from vendor_simulator.genesys_cloud.world import GenesysWorld
from vendor_simulator.months import Month
from vendor_simulator.web.state import State


class GenesysContext:
    """The world as it is now."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.world = state.world.of(GenesysWorld)

    def periods(self, contract: Contract) -> list[Period]:
        """Return the contract's periods that have begun, oldest first."""
        today = self.state.now().date()
        periods = (period_of(contract, month) for month in months_of(contract, Month.of(today).shift(1)))
        return [period for period in periods if period.start <= today]

    def named_periods(self, contract: Contract) -> list[Period]:
        """Return the contract's periods but for any that an error leaves out."""
        return [each for each in self.periods(contract) if not self.world.is_omitted(contract, each.month)]

    def content(self, period: Period, at: datetime) -> GenesysMonth:
        """Return charges and wallets of a period as of a moment."""
        if at >= closed_at(period):
            return self.world.month(period.contract, period.month)
        days = min((at.date() - period.start).days, period.days)
        return self.world.running(period.contract, period.month, days)

    def shown(self, owner: Organisation) -> list[Invoice]:
        """Return the organisation's invoices that are shown by now."""
        now = self.state.now()
        return [
            invoice
            for contract in owner.contracts
            for month in months_of(contract, Month.of(now).shift(1))
            if period_of(contract, month).end < now.date()
            for invoice in self.world.month(contract, month).invoices
            if documents.shown_from(invoice) <= now
        ]

    def known(self, owner: Organisation, number: str) -> Invoice | None:
        """Return an organisation's invoice if it is shown by now."""
        invoice = self.world.invoice(owner, number)
        return invoice if invoice is not None and documents.shown_from(invoice) <= self.state.now() else None

    def invoice(self, request: web.Request, owner: Organisation) -> Invoice:
        """Return the invoice that the path names, or raise 404."""
        invoice = self.known(owner, request.match_info["invoice_id"])
        if invoice is None:
            refuse_unknown()
        return invoice
