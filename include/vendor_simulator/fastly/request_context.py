"""What all Fastly handlers need: the account of a token, its posted invoices, its estimates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from aiohttp import web

from vendor_simulator.fastly.accounts import FastlyAccount
from vendor_simulator.fastly.errors import error, refuse_v2, refuse_v3
from vendor_simulator.fastly.model import FastlyMonth, Invoice, month_of
from vendor_simulator.fastly.readings import Values, values_of
from vendor_simulator.fastly.world import FastlyWorld
from vendor_simulator.months import Month
from vendor_simulator.web.answers import Refused
from vendor_simulator.web.state import State


class FastlyContext:
    """The world as one request sees it: one account, up to now."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.world = state.world.of(FastlyWorld)
        self._accounts = {account.token: account for account in self.world.accounts}

    def owner(self, request: web.Request) -> FastlyAccount | None:
        """Return the account of the request's token."""
        return self._accounts.get(request.headers.get("Fastly-Key", ""))

    def account(self, request: web.Request, api: str = "") -> FastlyAccount:
        """Return the account; raise 401 without one, 404 if it is billed by the other API generation."""
        account = self.owner(request)
        if account is None:
            raise Refused(error("", 401, None))
        if api == "v2" and account.api != api:
            refuse_v2(404, "This customer is billed by the newer API")
        if api == "v3" and account.api != api:
            refuse_v3(404)
        return account

    def values(self, account: FastlyAccount) -> Values:
        """Return how an account's documents answer what the contract leaves open."""
        return values_of(self.state.world.readings, account.name)

    def made_at(self, account: FastlyAccount, api: str, month: Month) -> datetime | None:
        """Request an estimate; return the time it is as of, or None while it is not ready."""
        settings = self.state.settings
        key = (account.name, api, str(month))
        now, seconds = self.state.now(), settings.estimate_seconds
        return self.state.estimates.ready_at(key, now, settings.estimate_asks, seconds)

    def posted(self, account: FastlyAccount) -> Iterator[tuple[FastlyMonth, Invoice]]:
        """Yield the invoices that the account has at this moment with what their month has, oldest first."""
        for month in account.first_month.until(Month.of(self.state.now())):
            content = self.world.month(account, month)
            for invoice in self._present(content):
                yield content, invoice

    def find(self, account: FastlyAccount, text: str) -> Invoice | None:
        """Find a posted invoice of the account by its id."""
        if not re.fullmatch(r"[0-9]{7}", text):
            return None
        month = month_of(account, int(text))
        if not account.first_month <= month <= Month.of(self.state.now()):
            return None
        invoices = self._present(self.world.month(account, month))
        return next((invoice for invoice in invoices if invoice.invoice_id == int(text)), None)

    def _present(self, content: FastlyMonth) -> Iterator[Invoice]:
        now = self.state.now()
        return (shown for invoice in content.invoices if (shown := invoice.at(now)) is not None)
