"""The whole world by its seed: both vendors' customers, what they are billed, and where it is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from vendor_simulator.fastly.accounts import FastlyAccount
from vendor_simulator.fastly.world import FastlyWorld
from vendor_simulator.genesys_cloud.world import GenesysWorld
from vendor_simulator.months import Month
from vendor_simulator.planted import Planted

DEFAULT_SEED = 7


@dataclass(frozen=True, slots=True)
class TrueInvoice:
    """
    What a vendor really answers for one invoice.

    :param total: the header's total, in ``currency``.
    :param lines: number of lines.
    :param lines_total: sum of the lines; another figure than ``total`` only where an error is planted.
    :param posted_on: UTC date from which the vendor shows it.
    """

    vendor: str
    account: str
    month: Month
    invoice_id: str
    currency: str
    total: Decimal
    lines: int
    lines_total: Decimal
    posted_on: date

    def as_json(self) -> dict[str, Any]:
        """Write with amounts as texts."""
        return {
            "vendor": self.vendor,
            "account": self.account,
            "month": str(self.month),
            "invoice_id": self.invoice_id,
            "currency": self.currency,
            "total": format(self.total, "f"),
            "lines": self.lines,
            "lines_total": format(self.lines_total, "f"),
            "posted_on": self.posted_on.isoformat(),
        }


class World:
    """
    Both vendors, entirely decided by the seed.

    A month's content does not depend on the day on which it is asked for, nor on what was asked before; only
    ``restate`` changes it.
    """

    def __init__(self, seed: int = DEFAULT_SEED) -> None:
        self.seed = seed
        self.fastly = FastlyWorld(seed)
        self.genesys_cloud = GenesysWorld(seed)

    def accounts(self) -> list[dict[str, Any]]:
        """List the accounts as ``accounts.yaml`` holds them."""
        fastly = (
            {
                "name": account.name,
                "vendor": "fastly",
                "conn_id": account.conn_id,
                "customer_id": account.customer_id,
                "api": account.api,
                **({"parent_pay": True} if account.parent_pay else {}),
                "currency": account.currency,
                "first_month": str(account.first_month),
                "posting_day": account.posting_day,
                **_commitments(account),
            }
            for account in self.fastly.accounts
        )
        genesys = (
            {
                "name": organisation.name,
                "vendor": "genesys_cloud",
                "conn_id": organisation.conn_id,
                "organization_id": organisation.organization_id,
                "trustor_organization_id": organisation.organization_id,  # each is its own trustee: one token will do
                "bill_to": organisation.bill_to.number,
                "currency": organisation.currency,
                "first_month": str(organisation.first_month),
                "posting_day": organisation.posting_day,
            }
            for organisation in self.genesys_cloud.organisations
        )
        return [*fastly, *genesys]

    def connections(self, base_url: str) -> dict[str, dict[str, Any]]:
        """List the Airflow connections, by their ids, of a simulator that answers at ``base_url``."""
        fastly: dict[str, dict[str, Any]] = {
            account.conn_id: {
                "conn_type": "fastly",
                "host": base_url,
                "login": None,
                "password": account.token,
                "extra": {},
            }
            for account in self.fastly.accounts
        }
        genesys: dict[str, dict[str, Any]] = {
            organisation.conn_id: {
                "conn_type": "genesys_cloud",
                "host": None,
                "login": organisation.client_id,
                "password": organisation.client_secret,
                "extra": {"api_host": base_url, "login_host": base_url},
            }
            for organisation in self.genesys_cloud.organisations
        }
        return {**fastly, **genesys}

    def truth(self, vendor: str, account: str, month: Month, at: datetime | None = None) -> tuple[TrueInvoice, ...]:
        """
        List the invoices of one account and month, by id.

        :param at: leave out what is posted later than this moment.
        :raises KeyError: no such vendor or account.
        """
        found = [
            invoice
            for invoice in self._invoices(vendor, account, month)
            if at is None or invoice.posted_on <= at.date()
        ]
        return tuple(sorted(found, key=lambda invoice: invoice.invoice_id))

    def planted(self, first: Month, last: Month) -> list[Planted]:
        """List the planted errors of these months, both included, in order."""
        worlds = (self.fastly, self.genesys_cloud)
        errors = (world.planted(month) for month in first.until(last) for world in worlds)
        return [error for error in errors if error is not None]

    def restate(self, vendor: str, invoice_id: str) -> None:
        """
        Change an invoice that is already posted, as a vendor should not; once more each time.

        :raises KeyError: no such vendor or invoice.
        """
        if vendor == "fastly":
            self.fastly.restate(int(invoice_id))
        elif vendor == "genesys_cloud":
            self.genesys_cloud.restate(invoice_id)
        else:
            raise KeyError(f"there is no vendor {vendor}")

    def _invoices(self, vendor: str, name: str, month: Month) -> Iterator[TrueInvoice]:
        if vendor == "fastly":
            yield from self._fastly_invoices(name, month)
        elif vendor == "genesys_cloud":
            yield from self._genesys_invoices(name, month)
        else:
            raise KeyError(f"there is no vendor {vendor}")

    def _fastly_invoices(self, name: str, month: Month) -> Iterator[TrueInvoice]:
        account = {account.name: account for account in self.fastly.accounts}[name]
        for invoice in self.fastly.month(account, month).invoices:
            yield TrueInvoice(
                "fastly",
                name,
                month,
                str(invoice.invoice_id),
                invoice.currency,
                invoice.total,
                len(invoice.lines),
                invoice.lines_total,
                invoice.posted_at.date(),
            )

    def _genesys_invoices(self, name: str, month: Month) -> Iterator[TrueInvoice]:
        organisation = {each.name: each for each in self.genesys_cloud.organisations}[name]
        for contract in organisation.contracts:
            for invoice in self.genesys_cloud.month(contract, month).invoices:
                yield TrueInvoice(
                    "genesys_cloud",
                    name,
                    month,
                    invoice.invoice_id,
                    invoice.currency,
                    invoice.amount,
                    len(invoice.lines),
                    invoice.lines_total,
                    invoice.invoiced_on,
                )


def _commitments(account: FastlyAccount) -> dict[str, Any]:
    """Give the agreed minimum of a customer whose API does not say it."""
    if account.api == "v2" or not account.minimum:
        return {}
    return {"commitments": [{"amount": format(account.minimum, "f"), "from": str(account.first_month)}]}
