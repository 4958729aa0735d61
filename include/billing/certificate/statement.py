"""
What a certificate says of one account and month, as JSON values.

The same statement is made twice: of the stored rows, and of what today's code makes of the stored responses. Where both
are equal, nothing between the vendor's bytes and the report was changed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from billing.columns import Columns
from billing.models import AccountMonth, Invoice
from billing.month import Month
from billing.payloads.exact_json import sha256_of

FORMAT = 1


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
    """One stored response: what was asked, and the hash of the bytes that came."""

    operation: str
    request: str
    sha256: bytes
    size: int


@dataclass(frozen=True, slots=True)
class File:
    """One file that the vendor issued; ``sha256`` is None if the bytes cannot be read."""

    invoice_id: str
    form: str
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
    Put a month together, or one invoice of it with the controls that looked at it or at the month as a whole.

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
        "reconciliation": plain(seal),
        "controls": [plain(result) for result in results if result["subject"] not in others],
        "invoices": [
            {**invoice_head(invoice), "lines": plain(invoice.lines)}
            for invoice in sorted(invoices, key=lambda invoice: invoice.invoice_id)
        ],
        "contracts": [
            plain(contract)
            for contract in sorted(account_month.contracts, key=lambda contract: contract.contract_id)
            if contract.contract_id in under_contract
        ],
        "billing_periods": [plain(period) for period in periods],
        "usage_reports": [
            plain(report) for report in sorted(account_month.usage_reports, key=lambda report: report.report_id)
        ],
        "responses": [plain(source) for source in sources],
        "files": [plain(file) for file in files if file.invoice_id not in others],
    }


def invoice_head(invoice: Invoice) -> dict[str, Any]:
    """Return what a certificate says of an invoice beside its lines."""
    # a bill that is paid later, or whose month is explained in other words, is the same bill
    left_out = {"lines", "payment_status", "period_evidence"}
    names = [each.name for each in dataclasses.fields(invoice) if each.name not in left_out]
    return {name: plain(getattr(invoice, name)) for name in names}


def seal_of(statement: Mapping[str, Any]) -> str:
    """Hash a statement, by value and without the seal it may carry already; 64 hexadecimal digits."""
    return sha256_of({name: value for name, value in statement.items() if name != "sha256"}).hex()


def plain(value: Any) -> Any:  # noqa: ANN401 (any value of the domain becomes a JSON value)
    """Turn a value of the domain into what JSON can hold; numbers stay decimals, digit for digit."""
    match value:
        case None | bool() | int() | Decimal():
            return value
        case str():
            return str(value)
        case bytes() | memoryview():
            return bytes(value).hex()
        case datetime() | date():
            return value.isoformat()
        case Month():
            return str(value)
        case Mapping():
            return {str(name): plain(member) for name, member in value.items()}
        case list() | tuple() | Columns():
            return [plain(member) for member in value]
        case _ if dataclasses.is_dataclass(value):
            return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    raise TypeError(f"{type(value).__name__} has no place in a certificate")


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where two statements part, e.g. ``invoices 1, lines 3, amount``."""

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
