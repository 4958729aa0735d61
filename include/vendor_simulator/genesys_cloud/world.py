"""All Genesys Cloud organisations and their billing periods, with the planted errors and any restatement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from vendor_simulator import exact
from vendor_simulator.genesys_cloud import billing
from vendor_simulator.genesys_cloud.accounts import Contract, Organisation
from vendor_simulator.genesys_cloud.contract_readings import with_readings
from vendor_simulator.genesys_cloud.demo import demo_organisations
from vendor_simulator.genesys_cloud.drawn.organisations import drawn_organisations
from vendor_simulator.genesys_cloud.month import GenesysMonth, Invoice, Line, running
from vendor_simulator.genesys_cloud.periods import first_month, has_period, months_of, period_of
from vendor_simulator.genesys_cloud.planted import KINDS, ROTATION, corrupt
from vendor_simulator.genesys_cloud.readings import answers_of
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
        self.organisations = (*demo_organisations(options.seed), *drawn_organisations(options.seed, options.drawn))
        self._read: dict[str, Organisation] = {}
        self._restated: dict[str, int] = {}
        self._months: dict[tuple[str, Month], GenesysMonth] = {}
        self._clean_months: dict[tuple[str, Month], GenesysMonth] = {}
        self._rotated: dict[Month, tuple[Planted, GenesysMonth] | None] = {}
        self._planted: dict[tuple[str, Month], GenesysMonth] = {}
        self._plants: list[Planted] = []

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

    def as_billed(self, owner: Organisation) -> Organisation:
        """Return an organisation with its contracts as its account's readings have them; always the same object."""
        if owner.name not in self._read:
            self._read[owner.name] = with_readings(owner, answers_of(self.readings, owner.name))
        return self._read[owner.name]

    def owner(self, number: int) -> Organisation | None:
        """Return the organisation with a number, as it is billed."""
        found = next((owner for owner in self.organisations if owner.number == number), None)
        return found and self.as_billed(found)

    def truth(self, account: str, month: Month) -> Iterator[TrueInvoice]:
        """Yield the invoices of one account and month."""
        organisation = self._named(account)
        billed = (each for each in organisation.contracts if has_period(each, month))
        for contract in billed:
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
        return running(self.seed, period_of(contract, month), self._openings(contract, month), days)

    def is_omitted(self, contract: Contract, month: Month) -> bool:
        """Return whether an error makes a contract leave a period out."""
        return (contract.id, month) in self._planted and self._planted[contract.id, month].omitted

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
        return next((invoice for invoice in invoices if invoice.invoice_id == invoice_id.removesuffix(".0")), None)

    def planted(self, month: Month) -> list[Planted]:
        """Return which errors the periods that end in the month have, and where."""
        found = self._error(month)
        return [*([found[0]] if found else []), *(each for each in self._plants if each.month == month)]

    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of errors that ``plant`` knows."""
        return tuple(KINDS)

    def plant(self, kind: str, account: str, month: Month) -> Planted | None:
        """
        Put an error into one month of an account.

        :raises KeyError: no such kind or account.
        """
        if kind not in KINDS:
            raise KeyError(f"there is no kind {kind!r} of errors of Genesys Cloud")
        for contract in _targets(kind, self._named(account), month):
            found = corrupt(kind, self._corrupted(contract, month))
            if found is not None:
                self._planted[contract.id, month] = found.month
                self._months.pop((contract.id, month), None)
                control = kind.partition(":")[0]
                plant = Planted(VENDOR, account, month, found.document, control, found.sentence, found.also, kind)
                self._plants.append(plant)
                return plant
        return None

    def _named(self, account: str) -> Organisation:
        return self.as_billed({each.name: each for each in self.organisations}[account])

    def _place_of(self, invoice_id: str) -> tuple[Organisation, Contract, Month] | None:
        try:
            number, contract, month = billing.place_of(invoice_id.removesuffix(".0"))
        except ValueError:
            return None
        owner = self.owner(number)
        if owner is None or not 1 <= contract <= len(owner.contracts):
            return None
        found = owner.contracts[contract - 1]
        return (owner, found, month) if has_period(found, month) else None

    def holder(self, invoice_id: str) -> Organisation | None:
        """Return the organisation that an invoice's number names."""
        place = self._place_of(invoice_id)
        return place and place[0]

    def _corrupted(self, contract: Contract, month: Month) -> GenesysMonth:
        if (contract.id, month) in self._planted:
            return self._planted[contract.id, month]
        found = self._error(month)
        if found and found[1].contract is contract:
            return found[1]
        return self._clean(contract, month)

    def _clean(self, contract: Contract, month: Month) -> GenesysMonth:
        key = (contract.id, month)
        if key not in self._clean_months:
            openings = self._openings(contract, month)
            self._clean_months[key] = billing.clean_month(self.seed, contract, month, openings)
        return self._clean_months[key]

    def _openings(self, contract: Contract, month: Month) -> dict[str, Decimal]:
        """Return the balances of the contract's wallets before a period, by plan: those after the one before."""
        openings = {plan.id: Decimal(0) for plan in contract.plans}
        if month == first_month(contract) or not any(plan.kind == "token" for plan in contract.plans):
            return openings
        earlier = months_of(contract, month.shift(-1))
        known = next((place for place in reversed(range(len(earlier))) if self._is_known(contract, earlier[place])), 0)
        for each in earlier[known:]:
            before = self._clean(contract, each)
        return openings | {wallet.plan.id: wallet.end for wallet in before.wallets}

    def _is_known(self, contract: Contract, month: Month) -> bool:
        return (contract.id, month) in self._clean_months

    def _error(self, month: Month) -> tuple[Planted, GenesysMonth] | None:
        if month not in self._rotated:
            self._rotated[month] = self._find_target(month)
        return self._rotated[month]

    def _find_target(self, month: Month) -> tuple[Planted, GenesysMonth] | None:
        due = turn(month, ROTATION) if self._errors else None
        if due is None:
            return None
        kind, before = due
        demo = [self.as_billed(each) for each in self.organisations if not each.drawn]
        for organisation in rotated(demo, before + ROTATION.index(kind)):
            for contract in rotated(organisation.contracts, before * 5):
                found = (
                    corrupt(kind, self._clean(contract, month), slight=True) if has_period(contract, month) else None
                )
                if found is not None:
                    planted = Planted(VENDOR, organisation.name, month, found.document, kind, found.sentence)
                    return planted, found.month
        return None

    def _restatement(self, invoice: Invoice) -> Invoice:
        for revision in range(1, self._restated.get(invoice.invoice_id, 0) + 1):
            unit = Decimal(1).scaleb(-exact.EXPONENTS[invoice.currency])
            first = invoice.lines[0]
            text = f"Credit of revision {revision}"
            line = Line("credit", first.product, text, first.start, first.end, Decimal(1), -unit * 13)
            invoice = replace(invoice, lines=(*invoice.lines, line), amount=exact.total((invoice.amount, line.amount)))
        return invoice


def _targets(kind: str, organisation: Organisation, month: Month) -> list[Contract]:
    """Return the contracts in which an error may be; the overview has the days of the first one alone."""
    billed = [contract for contract in organisation.contracts if has_period(contract, month)]
    if kind != "G24" or not billed:
        return billed
    days = [(period_of(contract, month).start, period_of(contract, month).end) for contract in billed]
    first = days[0] if billed[0] is organisation.contracts[0] else None
    return [contract for contract, own in zip(billed, days, strict=True) if own == first]
