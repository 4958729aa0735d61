"""What is known of one account, without a database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from billing.config.accounts import Account
from billing.controls.checks.document_keys import related
from billing.controls.evidence import Evidence, InvoiceSummary, IssuedFile
from billing.controls.runner import ControlRun, run_controls
from billing.models import AccountMonth, Invoice
from billing.month import Month
from billing.payloads.document_text import text_of
from billing.payloads.response import Response
from billing.storage.other_documents import other_documents
from billing_vendors.base.vendor import Document, MissingDocument, Vendor

Arrived = Response | Document | MissingDocument


@dataclass(frozen=True)
class Known:
    """
    An account and its months that are fetched.

    :func:`billing.storage.evidence.load_evidence` reads the same from the database; ``judging.stored`` compares both.
    """

    vendor: Vendor
    account: Account[Any]
    months: dict[Month, AccountMonth] = field(default_factory=dict)
    files: dict[Month, tuple[IssuedFile, ...]] = field(default_factory=dict)

    def with_month(self, month: Month, arrived: Iterable[Arrived]) -> Known:
        """Return what is known with a month that was fetched, or fetched again."""
        everything = list(arrived)
        responses = [each for each in everything if isinstance(each, Response)]
        derived = self.vendor.load_implementation().derive(self.account, month, responses)
        return replace(
            self,
            months={**self.months, month: derived},
            files={**self.files, month: tuple(_files(everything))},
        )

    def without(self, month: Month) -> Known:
        """Return what is known without a month."""
        return replace(self, months={each: derived for each, derived in self.months.items() if each != month})

    def months_of(self, document: str) -> list[Month]:
        """Return the months that contain an invoice of this id."""
        return [
            month
            for month, derived in self.months.items()
            if any(each.invoice_id == document for each in derived.invoices)
        ]

    def judge(self, month: Month, as_of: datetime) -> ControlRun:
        """Run the controls of a month that was fetched, all others being fetched too."""
        return run_controls(self.vendor.controls(), self._evidence(self.months[month], as_of))

    def _evidence(self, derived: AccountMonth, as_of: datetime) -> Evidence[Any]:
        statuses = {each.invoice_id: each.payment_status for each in derived.invoices}
        return Evidence(
            account=self.account,
            account_month=derived,
            as_of=as_of,
            previous=self.months.get(derived.month.shifted(-1)),
            year_before=self.months.get(derived.month.shifted(-12)),
            history=related(tuple(map(_summary, self._invoices())), derived.month),
            other_documents=other_documents(self._invoices(), derived),
            payment_statuses={invoice_id: (status,) for invoice_id, status in statuses.items() if status is not None},
            files=self.files[derived.month],
        )

    def _invoices(self) -> list[Invoice]:
        invoices = (invoice for month in self.months.values() for invoice in month.invoices)
        return sorted(invoices, key=lambda invoice: (invoice.month, invoice.invoice_id))


def _summary(invoice: Invoice) -> InvoiceSummary:
    return InvoiceSummary(**{name: getattr(invoice, name) for name in InvoiceSummary.__dataclass_fields__})


def _files(arrived: Iterable[Arrived]) -> Iterator[IssuedFile]:
    """Yield the files that arrived, in the order in which they are stored, then those that could not be had."""
    documents = [each for each in arrived if isinstance(each, Document)]
    found = [
        IssuedFile(each.invoice_id, each.file_format, sha256(each.body).digest(), text_of(each.body, each.file_format))
        for each in documents
    ]
    yield from sorted(found, key=lambda file: (file.invoice_id, file.file_format, file.sha256))
    for each in arrived:
        if isinstance(each, MissingDocument):
            yield IssuedFile(each.invoice_id, each.file_format, b"", None, each.reason)
