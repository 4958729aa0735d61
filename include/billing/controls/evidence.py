"""What a control may look at: values that were derived from stored responses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

from billing.config.accounts import Account, SettingsT_co
from billing.models import AccountMonth, Invoice
from billing.month import Month

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class InvoiceSummary:
    """Key figures of each invoice of an account, of any month, to find duplicates and gaps."""

    invoice_id: str
    kind: str
    month: Month
    total: Decimal
    currency: str | None
    issued_at: datetime | None
    service_start: datetime | None
    service_end: datetime | None
    statement_number: str | None


@dataclass(frozen=True, slots=True)
class WithdrawnInvoice:
    """
    A stored invoice that the vendor no longer lists: kept, and outside all totals.

    :param since: when the first fetch without it was complete, UTC.
    :param confirmed: a later fetch of its month did not contain it either.
    """

    summary: InvoiceSummary
    since: datetime
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Estimate:
    """
    One month-to-date snapshot.

    :param taken_at: when it was first received, UTC.
    :param as_of: the end of what it covers, if the vendor says.
    :param credits: sum of its negative lines, zero or below; part of ``total``.
    :param shortfall: sum of its commit-shortfall lines; part of ``total``.
    """

    taken_at: datetime
    total: Decimal
    currency: str | None
    as_of: datetime | None = None
    credits: Decimal = Decimal(0)
    shortfall: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class IssuedFile:
    """
    A file the vendor issued with an invoice, or should have.

    :param file_format: ``pdf`` or ``csv``.
    :param sha256: of its bytes; empty if it could not be had.
    :param text: what can be read in it; None if it cannot be read.
    :param reason: why it could not be had; empty if it was stored.
    """

    invoice_id: str
    file_format: str
    sha256: bytes
    text: str | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Evidence(Generic[SettingsT_co]):
    """
    All that a control may use: values derived from stored responses, and the configuration.

    :param account: what was configured, e.g. its currency, and in ``settings`` the vendor's own keys.
    :param restated: by invoice id, the version before the last restatement.
    :param as_of: when the month was last fetched from the vendor; "today" for a control, so that it can be repeated.
    :param previous: the calendar month before, as stored; None if it is not stored.
    :param year_before: the same month a year earlier, as stored.
    :param history: stored invoices of the account in order of month and id: those of this month and of the one
        before, and any earlier one that has a number, a statement number or an amount in common with this month's.
        Neither a later one nor one that is withdrawn.
    :param withdrawn: invoices of this month that the vendor no longer lists, in order of their ids.
    :param other_documents: the account's invoices of other months, from 13 before to 2 after, that bill days of this
        month's billing periods (of the calendar month where it has none); not those withdrawn. Of their lines only
        those of these days; ``total`` is the document's. A document of the month before without any date is among
        them. In order of month and id.
    :param estimates: snapshots of this month, oldest first.
    :param estimates_began: a snapshot of this month or of an earlier one exists, so one of this month should.
    :param payment_statuses: by invoice id, every status seen, oldest first.
    :param files: the files of this month's invoices.
    """

    account: Account[SettingsT_co]
    account_month: AccountMonth
    restated: Mapping[str, Invoice] = field(default_factory=dict)
    as_of: datetime | None = None
    previous: AccountMonth | None = None
    year_before: AccountMonth | None = None
    history: tuple[InvoiceSummary, ...] = ()
    withdrawn: tuple[WithdrawnInvoice, ...] = ()
    other_documents: tuple[Invoice, ...] = ()
    estimates: tuple[Estimate, ...] = ()
    estimates_began: bool = False
    payment_statuses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: tuple[IssuedFile, ...] = ()
    _computed: dict[object, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def once(self, compute: Callable[[Evidence[SettingsT_co]], T]) -> T:
        """Return what a function makes of this evidence: it runs once, however many controls ask for it."""
        if compute not in self._computed:
            self._computed[compute] = compute(self)
        made: T = self._computed[compute]
        return made

    def currency_of(self, invoice: Invoice) -> str:
        """Return the invoice's own currency, or the account's where the vendor sends none."""
        return invoice.currency or self.account.currency
