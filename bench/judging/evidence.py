"""What is known of one account while its months are judged one after the other, without a database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
from billing_vendors.base.vendor import Document, Vendor


@dataclass(frozen=True)
class History:
    """
    The months of an account that were judged so far.

    :func:`billing.storage.evidence.load_evidence` reads the same from the database; ``judging.stored`` compares both.
    """

    vendor: Vendor
    account: Account[Any]
    months: dict[Month, AccountMonth] = field(default_factory=dict)

    def judge(
        self, month: Month, arrived: Iterable[Response | Document], as_of: datetime
    ) -> tuple[History, ControlRun]:
        """Derive a month and run its controls; return the history with the month, and the results."""
        responses, files = [], []
        for each in arrived:
            if isinstance(each, Document):
                files.append(each)
            else:
                responses.append(each)
        derived = self.vendor.load_implementation().derive(self.account, month, responses)
        after = replace(self, months={**self.months, month: derived})
        return after, run_controls(self.vendor.controls(), after._evidence(derived, files, as_of))

    def _evidence(self, derived: AccountMonth, files: Sequence[Document], as_of: datetime) -> Evidence[Any]:
        statuses = {each.invoice_id: each.payment_status for each in derived.invoices}
        return Evidence(
            account=self.account,
            account_month=derived,
            as_of=as_of,
            previous=self.months.get(derived.month.shifted(-1)),
            year_before=self.months.get(derived.month.shifted(-12)),
            history=related(self._summaries(), derived.month),
            payment_statuses={invoice_id: (status,) for invoice_id, status in statuses.items() if status is not None},
            files=tuple(sorted(map(_issued, files), key=lambda file: (file.invoice_id, file.file_format, file.sha256))),
        )

    def _summaries(self) -> tuple[InvoiceSummary, ...]:
        invoices = [invoice for _, month in sorted(self.months.items()) for invoice in month.invoices]
        return tuple(map(_summary, sorted(invoices, key=lambda invoice: (invoice.month, invoice.invoice_id))))


def _summary(invoice: Invoice) -> InvoiceSummary:
    return InvoiceSummary(**{name: getattr(invoice, name) for name in InvoiceSummary.__dataclass_fields__})


def _issued(file: Document) -> IssuedFile:
    text = text_of(file.body, file.file_format)
    return IssuedFile(file.invoice_id, file.file_format, sha256(file.body).digest(), text)
