"""
The content of a certificate of one account and month, as JSON values.

The same statement is made twice: from the stored rows, and from the stored responses by today's code. If both are
equal, nothing between the vendor's bytes and the report was changed.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing.content_hash import content_sha256
from billing.models import AccountMonth, Invoice
from billing.payloads import exact_json
from billing.payloads.exact_json import json_value

FORMAT = 1
LINES_LISTED = 5_000
"""A month of more lines lists its invoices by reference: each with the number of its lines and one hash."""


@dataclass(frozen=True, slots=True)
class Seal:
    """
    The reconciliation that a certificate shows.

    :param recorded_at: when its results were stored, UTC.
    """

    inputs_sha256: bytes
    results_sha256: bytes
    code_version: str
    dag_run: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Source:
    """One stored response: the request, and the hash of the response's bytes."""

    operation: str
    request: str
    sha256: bytes
    size: int


@dataclass(frozen=True, slots=True)
class File:
    """One file that the vendor issued; ``sha256`` is None if the bytes cannot be read."""

    invoice_id: str
    file_format: str
    sha256: bytes | None
    size: int


def make_statement(
    account_month: AccountMonth,
    results: Iterable[Mapping[str, Any]],
    sources: Iterable[Source],
    files: Iterable[File],
    seal: Seal,
    invoice_id: str | None = None,
) -> dict[str, Any]:
    """
    Create the statement of a month, or of one invoice with the controls of that invoice and of the month as a whole.

    :param results: of every control, with the columns of ``control_result``.
    """
    invoices = [invoice for invoice in account_month.invoices if invoice_id in {None, invoice.invoice_id}]
    others = {invoice.invoice_id for invoice in account_month.invoices} - {invoice.invoice_id for invoice in invoices}
    periods = sorted(account_month.billing_periods, key=lambda period: period.billing_period_id)
    under_contract = {period.contract_id for period in periods}
    return {
        "format": FORMAT,
        "vendor": account_month.vendor,
        "account": account_month.account,
        "month": str(account_month.month),
        "invoice_id": invoice_id,
        "reconciliation": json_value(seal),
        "controls": [json_value(result) for result in results if result["subject"] not in others],
        "invoices": [invoice_value(invoice) for invoice in sorted(invoices, key=lambda invoice: invoice.invoice_id)],
        "contracts": [
            json_value(contract)
            for contract in sorted(account_month.contracts, key=lambda contract: contract.contract_id)
            if contract.contract_id in under_contract
        ],
        "billing_periods": [json_value(period) for period in periods],
        "usage_reports": [
            json_value(report) for report in sorted(account_month.usage_reports, key=lambda report: report.report_id)
        ],
        "responses": [json_value(source) for source in sources],
        "files": [json_value(file) for file in files if file.invoice_id not in others],
    }


def invoice_value(invoice: Invoice) -> dict[str, Any]:
    """Return an invoice's part of a certificate."""
    # payment and the wording of period_evidence do not change the bill
    left_out = {"payment_status", "period_evidence"}
    names = [each.name for each in dataclasses.fields(invoice) if each.name not in left_out]
    return {name: json_value(getattr(invoice, name)) for name in names}


@dataclass(frozen=True, slots=True)
class Reference:
    """
    An invoice without its lines.

    :param invoice: its lines, if it has them, do not count.
    :param lines: number of its lines.
    :param sha256: content hash of the invoice with all its lines, as it is stored with the invoice.
    """

    invoice: Invoice
    lines: int
    sha256: bytes

    def value(self) -> dict[str, Any]:
        """Return the invoice's part of a long month's certificate."""
        head = invoice_value(dataclasses.replace(self.invoice, lines=()))
        del head["lines"]
        return {**head, "count": self.lines, "content_sha256": self.sha256.hex()}


def refer(invoices: Iterable[Invoice]) -> list[Reference]:
    """Return references to invoices, hashed now, in order of their ids."""
    in_order = sorted(invoices, key=lambda invoice: invoice.invoice_id)
    return [Reference(invoice, len(invoice.lines), content_sha256(invoice)) for invoice in in_order]


def with_references(statement: dict[str, Any], references: Sequence[Reference]) -> dict[str, Any]:
    """Return the statement of a long month with its invoices by reference."""
    return {**statement, "invoices": [reference.value() for reference in references]}


def text_before_seal(statement: Mapping[str, Any]) -> str:
    """Return the JSON text of a certificate up to its seal, which is left out if it has one."""
    return exact_json.dumps({name: value for name, value in statement.items() if name != "sha256"})[:-1]


def seal_of(statement: Mapping[str, Any]) -> str:
    """Hash the text of a certificate up to its seal; 64 hexadecimal digits."""
    return hashlib.sha256(text_before_seal(statement).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where two statements differ, e.g. ``invoices 1, lines 3, amount``."""

    where: str
    left: object
    right: object


def first_difference(left: object, right: object, where: str = "") -> Difference | None:
    """Find the first place where two JSON values differ, numbers compared by value; None if there is none."""
    if isinstance(left, dict) and isinstance(right, dict):
        for name in sorted({*left, *right}):
            found = first_difference(left.get(name), right.get(name), f"{where}, {name}" if where else name)
            if found:
                return found
        return None
    if isinstance(left, list) and isinstance(right, list):
        for position in range(max(len(left), len(right))):
            one, other = (side[position] if position < len(side) else None for side in (left, right))
            if found := first_difference(one, other, f"{where} {position + 1}"):
                return found
        return None
    return (
        None if left == right and isinstance(left, bool) == isinstance(right, bool) else Difference(where, left, right)
    )
