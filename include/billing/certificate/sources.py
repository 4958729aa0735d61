"""The two sources of a statement: the stored rows, and the stored responses parsed again. Nothing here writes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from billing.certificate.statement import (
    LINES_LISTED,
    File,
    Reference,
    Seal,
    Source,
    make_statement,
    refer,
    with_references,
)
from billing.config.accounts import Account
from billing.errors import ConfigurationError
from billing.models import AccountMonth, ContractBillingPeriod, UsageReport
from billing.month import Month
from billing.reconciliation.reconciler import MonthReconciler, Rules
from billing.storage import tables as t
from billing.storage.evidence import ReadFile
from billing.storage.payloads import find_fetch
from billing.storage.reconciliations import results_sha256, rows_of
from billing.storage.stored_months import invoices_without_lines, load_months
from billing.storage.withdrawals import current_invoice


@dataclass(frozen=True, slots=True)
class Subject:
    """
    What is certified.

    :param invoice_id: one invoice of the month; None for the month as a whole.
    """

    vendor: str
    account: str
    month: Month
    invoice_id: str | None = None

    def __str__(self) -> str:
        name = f"{self.vendor}/{self.account} {self.month}"
        return f"{name}, invoice {self.invoice_id!a}" if self.invoice_id else name


def find_invoice(connection: Connection, invoice_id: str) -> list[Subject]:
    """Return the months that now contain an invoice of that id; several if two accounts have the same id."""
    rows = connection.execute(
        select(t.record.c.vendor, t.record.c.account, t.invoice.c.month)
        .join(t.invoice, current_invoice)
        .where(t.record.c.record_type == "invoice", t.record.c.record_id == invoice_id)
        .order_by(t.record.c.vendor, t.record.c.account)
    )
    return [Subject(vendor, account, Month.of(month), invoice_id) for vendor, account, month in rows]


def is_withdrawn(connection: Connection, invoice_id: str) -> bool:
    """Return whether an invoice of that id is stored, and its vendor no longer lists it."""
    query = select(t.record.c.record_key).where(t.record.c.record_type == "invoice", t.record.c.record_id == invoice_id)
    return connection.scalar(query.where(t.record.c.withdrawn).limit(1)) is not None


def stored_statement(connection: Connection, subject: Subject) -> dict[str, Any]:
    """
    Create the statement of a month from the stored rows.

    :raises ConfigurationError: the month is not stored.
    """
    head = _reconciliation(connection, subject)
    months = load_months(connection, subject.vendor, subject.account, [subject.month])
    return _statement(connection, head, months[subject.month].account_month, subject.invoice_id)


def certified_statement(connection: Connection, subject: Subject) -> dict[str, Any]:
    """
    Create what a certificate states, from the stored rows: of a long month, without reading its lines.

    :raises ConfigurationError: the month is not stored.
    """
    of_month = subject.vendor, subject.account, subject.month
    references = [] if subject.invoice_id else list(map(Reference, *invoices_without_lines(connection, *of_month)))
    if sum(reference.lines for reference in references) <= LINES_LISTED:
        return stored_statement(connection, subject)
    head = _reconciliation(connection, subject)
    kinds = (ContractBillingPeriod, UsageReport)
    months = load_months(connection, subject.vendor, subject.account, [subject.month], kinds)
    return with_references(_statement(connection, head, months[subject.month].account_month, None), references)


def stored_seal(connection: Connection, subject: Subject) -> Seal:
    """
    Return the current reconciliation of a month.

        :raises ConfigurationError: the month is not stored.
    """
    return _seal(_reconciliation(connection, subject))


def recomputed_statements(
    connection: Connection, subject: Subject, account: Account[Any], rules: Rules
) -> tuple[dict[str, Any], dict[str, Any]]:
    """
    Create the statement of a month from the stored responses and files, with today's code, and what a certificate
    states of it: of a long month, the invoices by reference.

        :raises StorageError: stored bytes no longer match their hash; names the payload.
        :raises ConfigurationError: the month is not stored.
    """
    head = _reconciliation(connection, subject)
    fetch = find_fetch(connection, head.fetch_id)
    month, outcome, inputs = MonthReconciler(connection, rules, account, datetime.now(UTC)).examine(fetch)
    whole = make_statement(
        month,
        rows_of(outcome.results),
        _sources(connection, head.fetch_id),
        _files(connection, head.fetch_id, rules.read_file),
        Seal(inputs, results_sha256(outcome.results), head.code_version, head.dag_run, head.recorded_at),
        subject.invoice_id,
    )
    is_long = not subject.invoice_id and sum(len(invoice.lines) for invoice in month.invoices) > LINES_LISTED
    return whole, with_references(whole, refer(month.invoices)) if is_long else whole


def _statement(
    connection: Connection,
    head: Any,  # noqa: ANN401 (a row)
    account_month: AccountMonth,
    invoice_id: str | None,
) -> dict[str, Any]:
    results = connection.execute(
        select(*(column for column in t.control_result.c if column.name not in {"reconciliation_id", "position"}))
        .where(t.control_result.c.reconciliation_id == head.reconciliation_id)
        .order_by(t.control_result.c.position)
    )
    return make_statement(
        account_month,
        [dict(row) for row in results.mappings()],
        _sources(connection, head.fetch_id),
        _files(connection, head.fetch_id),
        _seal(head),
        invoice_id,
    )


def _seal(head: Any) -> Seal:  # noqa: ANN401 (a row)
    return Seal(head.inputs_sha256, head.results_sha256, head.code_version, head.dag_run, head.recorded_at)


def _reconciliation(connection: Connection, subject: Subject) -> Any:  # noqa: ANN401 (a row)
    row = connection.execute(
        select(t.reconciliation)
        .join(t.account_month, t.account_month.c.reconciliation_id == t.reconciliation.c.reconciliation_id)
        .where(
            t.account_month.c.vendor == subject.vendor,
            t.account_month.c.account == subject.account,
            t.account_month.c.month == subject.month.first_day,
        )
    ).one_or_none()
    if row is None:
        raise ConfigurationError(f"{subject} is not stored: run its month first")
    return row


def _sources(connection: Connection, fetch_id: int) -> Sequence[Source]:
    rows = connection.execute(
        select(t.payload.c.operation, t.payload.c.request, t.payload.c.sha256, t.payload.c.size)
        .join(t.payload_sighting)
        .where(t.payload_sighting.c.fetch_id == fetch_id)
        .distinct()
    )
    return sorted((Source(*row) for row in rows), key=lambda source: (source.request, source.sha256))


def _files(connection: Connection, fetch_id: int, read_file: ReadFile | None = None) -> list[File]:
    """Return a fetch's files: with ``read_file``, hashed from their bytes now; without, as recorded."""
    rows = connection.execute(
        select(*t.document.c["invoice_id", "file_format", "sha256", "size", "location"])
        .join(t.document_sighting, t.document_sighting.c.document_id == t.document.c.document_id)
        .where(t.document_sighting.c.fetch_id == fetch_id)
        .order_by(t.document.c.invoice_id.collate("C"), t.document.c.file_format, t.document.c.sha256)
    )
    return [
        File(invoice_id, file_format, sha256 if read_file is None else _hash_now(read_file, location), size)
        for invoice_id, file_format, sha256, size, location in rows
    ]


def _hash_now(read_file: ReadFile, location: str) -> bytes | None:
    try:
        return hashlib.sha256(read_file(location)).digest()
    except OSError:
        return None
