"""The whole world by its seed: all vendors' customers, what they are billed, and where it is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from vendor_simulator.months import Month
from vendor_simulator.options import WorldOptions
from vendor_simulator.planted import Planted
from vendor_simulator.readings import Readings
from vendor_simulator.registry import simulated_vendors

DEFAULT_SEED = 7


@dataclass(frozen=True, slots=True)
class TrueInvoice:
    """
    What a vendor really answers for one invoice.

    :param total: the header's total, in ``currency``.
    :param lines: number of lines.
    :param lines_total: sum of the lines; another figure than ``total`` where an error is planted, or a reading says so.
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


class VendorWorld(Protocol):
    """One vendor's side of the world."""

    def account_names(self) -> list[str]:
        """List the names of its accounts."""

    def account_entries(self) -> list[dict[str, Any]]:
        """List its accounts as ``accounts.yaml`` holds them."""

    def connections(self, base_url: str) -> dict[str, dict[str, Any]]:
        """Return the Airflow connections, by their ids, of a simulator that serves ``base_url``."""

    def truth(self, account: str, month: Month) -> Iterator[TrueInvoice]:
        """Yield the invoices of one account and month; ``KeyError`` if there is no such account."""

    def planted(self, month: Month) -> list[Planted]:
        """Return the errors in a month: the one that rotates, and those that ``plant`` made."""

    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of errors that ``plant`` knows."""

    def plant(self, kind: str, account: str, month: Month) -> Planted | None:
        """
        Put an error into one month of an account, until the end of this world.

        :param kind: one of ``kinds``: the id of the control that finds it, and a word where there are several, as in
            ``F9:usage``.
        :return: None if the account has nothing in this month that the error could be put on; nothing is changed then.
        :raises KeyError: no such kind or account.
        """

    def restate(self, invoice_id: str) -> None:
        """Change an invoice that is already posted; ``KeyError`` if there is no such invoice."""


VendorWorldT = TypeVar("VendorWorldT", bound=VendorWorld)


class World:
    """
    All vendors, entirely decided by the seed, the readings and the number of accounts.

    A month's content does not depend on the day on which it is asked for, nor on what was asked before; only
    ``restate`` and ``plant`` change it.

    :param readings: answers to what the contracts leave open, by ``KEY`` or ``ACCOUNT:KEY``; see ``readings.py``.
    :param drawn: further accounts of each vendor, ``drawn-fastly-1`` and so on; they have no errors unless planted.
    :param errors: whether the demo's accounts have an error each month.
    :raises ValueError: an unknown reading, value or account.
    """

    def __init__(
        self,
        seed: int = DEFAULT_SEED,
        readings: Mapping[str, str] | None = None,
        drawn: int = 0,
        *,
        errors: bool = True,
    ) -> None:
        self.seed = seed
        self.readings = Readings((each for vendor in simulated_vendors() for each in vendor.readings), readings)
        options = WorldOptions(seed, self.readings, drawn, errors)
        self.vendors: dict[str, VendorWorld] = {each.name: each.make_world(options) for each in simulated_vendors()}
        self._vendor_of = {name: each for each, world in self.vendors.items() for name in world.account_names()}
        names = list(self._vendor_of)
        for name in sorted(self.readings.accounts().difference(names)):
            raise ValueError(f"There is no account {name!r} to read anything; there are {', '.join(names)}.")

    def of(self, kind: type[VendorWorldT]) -> VendorWorldT:
        """Return one vendor's side, by its class."""
        return next(world for world in self.vendors.values() if isinstance(world, kind))

    def accounts(self) -> list[dict[str, Any]]:
        """Return the accounts as ``accounts.yaml`` holds them."""
        return [entry for world in self.vendors.values() for entry in world.account_entries()]

    def connections(self, base_url: str) -> dict[str, dict[str, Any]]:
        """Return the Airflow connections, by their ids, of a simulator that serves ``base_url``."""
        found = (world.connections(base_url).items() for world in self.vendors.values())
        return dict(item for items in found for item in items)

    def truth(self, vendor: str, account: str, month: Month, at: datetime | None = None) -> tuple[TrueInvoice, ...]:
        """
        Return the invoices of one account and month, by id.

        :param at: leave out what is posted later than this moment.
        :raises KeyError: no such vendor or account.
        """
        found = [
            invoice
            for invoice in self.vendors[vendor].truth(account, month)
            if at is None or invoice.posted_on <= at.date()
        ]
        return tuple(sorted(found, key=lambda invoice: invoice.invoice_id))

    def planted(self, first: Month, last: Month) -> list[Planted]:
        """Return the errors in these months, both included, in order."""
        months = first.until(last)
        return [error for month in months for world in self.vendors.values() for error in world.planted(month)]

    def plant(self, kind: str, account: str, month: Month) -> Planted | None:
        """
        Put an error into one month of an account; see ``VendorWorld.plant``.

        :raises KeyError: no such kind or account.
        """
        return self.vendors[self.vendor_of(account)].plant(kind, account, month)

    def vendor_of(self, account: str) -> str:
        """
        Return the vendor of an account.

        :raises KeyError: there is no such account.
        """
        return self._vendor_of[account]

    def restate(self, vendor: str, invoice_id: str) -> None:
        """
        Change an invoice that is already posted, as a vendor should not; once more each time.

        :raises KeyError: no such vendor or invoice.
        """
        self.vendors[vendor].restate(invoice_id)
