"""A control: a question an auditor asks of every month, as data and one pure function."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from billing.accounts import Account
from billing.controls.result import Finding
from billing.models import AccountMonth, Invoice
from billing.period import BillingPeriod


@dataclass(frozen=True, slots=True)
class InvoiceHead:
    """What is kept in view of every invoice of an account, whatever its month: enough to find duplicates and gaps."""

    invoice_id: str
    kind: str
    period: BillingPeriod
    total: Decimal
    currency: str | None
    issued_at: datetime | None
    service_start: datetime | None
    service_end: datetime | None
    statement_number: str | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """
    One month-to-date snapshot.

    :param taken_at: when it was first received, UTC.
    """

    taken_at: datetime
    total: Decimal
    currency: str | None


@dataclass(frozen=True, slots=True)
class IssuedFile:
    """
    A file the vendor issued with an invoice.

    :param form: ``pdf`` or ``csv``.
    :param text: what can be read in it; None if it cannot be read.
    """

    invoice_id: str
    form: str
    sha256: bytes
    text: str | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    All that a control may look at: values that were derived from stored answers, nothing else.

    :param account: what was configured, e.g. the currency the account is expected to be billed in.
    :param restated: by invoice id, what a restated invoice said before.
    :param as_of: when the month was last read from the vendor; "today" for a control, so that it can be repeated.
    :param previous: the calendar month before, as stored; None if it is not stored.
    :param year_before: the same month a year earlier, as stored.
    :param history: every invoice of the account that is stored, this month's included, in order of month and id.
    :param estimates: snapshots of this month, oldest first.
    :param payment_statuses: by invoice id, every status seen, oldest first.
    :param files: the files of this month's invoices.
    """

    account: Account[object]
    month: AccountMonth
    restated: Mapping[str, Invoice] = field(default_factory=dict)
    as_of: datetime | None = None
    previous: AccountMonth | None = None
    year_before: AccountMonth | None = None
    history: tuple[InvoiceHead, ...] = ()
    estimates: tuple[Estimate, ...] = ()
    payment_statuses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: tuple[IssuedFile, ...] = ()

    def currency_of(self, invoice: Invoice) -> str:
        """Give the invoice's own currency, or the account's where the vendor sends none (Fastly v2)."""
        return invoice.currency or self.account.currency


Check = Callable[[Evidence], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Control:
    """
    One control.

    :param control_id: stable, e.g. ``F1``; rows, pages and tests use it.
    :param statement: what is claimed, in one line.
    :param assertion: accuracy, completeness, existence, cut-off, classification, valuation or rights.
    :param severity: what an exception means: ``exception``, ``hold``, ``blocked``, ``warning``, ``variance``, ``info``.
    :param check: the pure function.
    """

    control_id: str
    statement: str
    assertion: str
    severity: str
    check: Check

    @property
    def rule_sha256(self) -> bytes:
        """Hash of the module that holds the rule: a result names the very rule that gave it."""
        module = inspect.getmodule(self.check)
        source = inspect.getsource(module if module is not None else self.check)
        return hashlib.sha256(f"{self.control_id}\n{self.statement}\n{source}".encode()).digest()
