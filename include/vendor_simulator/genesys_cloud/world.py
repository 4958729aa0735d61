"""All Genesys Cloud organisations and their billing periods, with the planted errors and any restatement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from vendor_simulator import exact
from vendor_simulator.genesys_cloud import month as months
from vendor_simulator.genesys_cloud.accounts import HISTORY_START, Contract, Organisation, organisations
from vendor_simulator.genesys_cloud.month import GenesysMonth, Invoice, Line
from vendor_simulator.genesys_cloud.planted import ROTATION, plant
from vendor_simulator.months import Month
from vendor_simulator.options import WorldOptions
from vendor_simulator.planted import Planted, rotated, turn
from vendor_simulator.world import TrueInvoice

VENDOR = "genesys_cloud"


class GenesysWorld:
    """
    Genesys Cloud's side of the world.

    A period is always the same until ``restate`` is called.
    """

    def __init__(self, options: WorldOptions) -> None:
        self.seed = options.seed
        self.readings = options.readings
        self._errors = options.errors
        self.organisations = organisations(options.seed)
        self._restated: dict[str, int] = {}
        self._months: dict[tuple[str, Month], GenesysMonth] = {}
        self._clean_months: dict[tuple[str, Month], GenesysMonth] = {}
        self._planted: dict[Month, tuple[Planted, GenesysMonth] | None] = {}

    def account_names(self) -> list[str]:
        """List the names of its accounts."""
        return [organisation.name for organisation in self.organisations]

    def account_entries(self) -> list[dict[str, Any]]:
        """Return the accounts as ``accounts.yaml`` holds them."""
        return [
            {
                "name": organisation.name,
                "vendor": VENDOR,
                "conn_id": organisation.conn_id,
                "organization_id": organisation.organization_id,
                "trustor_organization_id": organisation.organization_id,  # each is its own trustee: one token will do
                "bill_to": organisation.bill_to.number,
                "currency": organisation.currency,
                "first_month": str(organisation.first_month),
                "posting_day": organisation.posting_day,
            }
            for organisation in self.organisations
        ]

    def connections(self, base_url: str) -> dict[str, dict[str, Any]]:
        """Return the Airflow connections by their ids."""
        return {
            organisation.conn_id: {
                "conn_type": VENDOR,
                "host": None,
                "login": organisation.client_id,
                "password": organisation.client_secret,
                "extra": {"api_host": base_url, "login_host": base_url},
            }
            for organisation in self.organisations
        }

    def truth(self, account: str, month: Month) -> Iterator[TrueInvoice]:
        """Yield the invoices of one account and month."""
        organisation = {each.name: each for each in self.organisations}[account]
        for contract in organisation.contracts:
            for invoice in self.month(contract, month).invoices:
                yield TrueInvoice(
                    VENDOR,
                    account,
                    month,
                    invoice.invoice_id,
                    invoice.currency,
                    invoice.amount,
                    len(invoice.lines),
                    invoice.lines_total,
                    invoice.invoiced_on,
                )

    def month(self, contract: Contract, month: Month) -> GenesysMonth:
        """Return the closed period that ends in a month, including errors and restatements."""
        key = (contract.id, month)
        if key not in self._months:
            content = self._corrupted(contract, month)
            self._months[key] = replace(content, invoices=tuple(map(self._restatement, content.invoices)))
        return self._months[key]

    def running(self, contract: Contract, month: Month, days: int) -> GenesysMonth:
        """Return charges and wallet of the period that ends in a month after some of its days."""
        period = months.period_of(contract, month)
        return months.running(self.seed, period, self._opening(contract, month), days)

    def restate(self, invoice_id: str) -> None:
        """
        Change an invoice that was already issued: one more credit line each time this is called.

        :raises KeyError: there is no such invoice.
        """
        place = self._place_of(invoice_id)
        if place is None or self.invoice(place[0], invoice_id) is None:
            raise KeyError(f"there is no Genesys Cloud invoice {invoice_id}")
        _, contract, month = place
        self._restated[invoice_id] = self._restated.get(invoice_id, 0) + 1
        del self._months[contract.id, month]

    def invoice(self, owner: Organisation, invoice_id: str) -> Invoice | None:
        """Find an invoice of one organisation by its id."""
        place = self._place_of(invoice_id)
        if place is None or place[0] is not owner:
            return None
        invoices = self.month(place[1], place[2]).invoices
        return next((invoice for invoice in invoices if invoice.invoice_id == invoice_id), None)

    def planted(self, month: Month) -> list[Planted]:
        """Return which errors the periods that end in the month have, and where."""
        found = self._error(month)
        return [found[0]] if found else []

    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of errors that ``plant`` knows: none so far."""
        return ()

    def plant(self, kind: str, account: str, month: Month) -> Planted | None:
        """
        Put an error into one month of an account.

        :raises KeyError: no such kind or account.
        """
        raise KeyError(f"there is no kind {kind!r} to plant on {account} in {month}")

    def _place_of(self, invoice_id: str) -> tuple[Organisation, Contract, Month] | None:
        try:
            organisation, contract, month = months.place_of(invoice_id)
        except ValueError:
            return None
        owners = [owner for owner in self.organisations if owner.number == organisation]
        if not owners or not 1 <= contract <= len(owners[0].contracts) or month < HISTORY_START:
            return None
        return owners[0], owners[0].contracts[contract - 1], month

    def _corrupted(self, contract: Contract, month: Month) -> GenesysMonth:
        found = self._error(month)
        if found and found[1].contract is contract:
            return found[1]
        return self._clean(contract, month)

    def _clean(self, contract: Contract, month: Month) -> GenesysMonth:
        key = (contract.id, month)
        if key not in self._clean_months:
            opening = self._opening(contract, month)
            self._clean_months[key] = months.clean_month(self.seed, contract, month, opening)
        return self._clean_months[key]

    def _opening(self, contract: Contract, month: Month) -> Decimal:
        """Return the balance of the contract's wallet before a period: that after the one before."""
        if month <= HISTORY_START or not any(plan.kind == "token" for plan in contract.plans):
            return Decimal(0)
        first = next(m for m in _backwards(month.shift(-1)) if m == HISTORY_START or self._known(contract, m))
        for earlier in first.until(month.shift(-1)):
            before = self._clean(contract, earlier)
        return before.wallets[0].end

    def _known(self, contract: Contract, month: Month) -> bool:
        return (contract.id, month) in self._clean_months

    def _error(self, month: Month) -> tuple[Planted, GenesysMonth] | None:
        if month not in self._planted:
            self._planted[month] = self._find_target(month)
        return self._planted[month]

    def _find_target(self, month: Month) -> tuple[Planted, GenesysMonth] | None:
        due = turn(month, ROTATION) if self._errors else None
        if due is None:
            return None
        kind, before = due
        for organisation in rotated(self.organisations, before + ROTATION.index(kind)):
            for contract in rotated(organisation.contracts, before * 5):
                corrupted = plant(kind, self._clean(contract, month))
                if corrupted is not None:
                    content, document, sentence = corrupted
                    return Planted(VENDOR, organisation.name, month, document, kind, sentence), content
        return None

    def _restatement(self, invoice: Invoice) -> Invoice:
        for revision in range(1, self._restated.get(invoice.invoice_id, 0) + 1):
            unit = Decimal(1).scaleb(-exact.EXPONENTS[invoice.currency])
            first = invoice.lines[0]
            text = f"Credit of revision {revision}"
            line = Line("credit", first.product, text, first.start, first.end, 1, -unit * 13)
            invoice = replace(invoice, lines=(*invoice.lines, line), amount=exact.total((invoice.amount, line.amount)))
        return invoice


def _backwards(month: Month) -> Iterator[Month]:
    while True:
        yield month
        month = month.shift(-1)
