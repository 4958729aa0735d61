"""What is exported of a vendor's month, read from the stored rows: issued invoices that their vendor still lists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby

from sqlalchemy import Connection, func, select, text

from billing.content_hash import content_sha256
from billing.errors import StorageError
from billing.models import Contract, Invoice
from billing.month import Month
from billing.storage import tables as t
from billing.storage.stored_months import RecordVersion, load_records
from billing.storage.withdrawals import current_invoice

Days = tuple[date, date]
Cycles = Mapping[str, Mapping[Days, bool]]
"""By account the first days and ends of billing periods, and whether each is closed."""

_ACCEPTED = text("""
    select account, subject, explanation from billing.current_control_result
    where vendor = :vendor and month = :month and control_id = :control and outcome = 'passed'
    union all
    select account, subject, 'a difference that ' || explained_by || ' has accepted' from billing.current_exception
    where vendor = :vendor and month = :month and control_id = :control and reason = 'accepted'
""")


@dataclass(frozen=True, slots=True)
class StoredInvoice:
    """
    The current version of an invoice.

    :param currency: the invoice's, or the account's where its vendor sends none.
    :param before: the version before the vendor's last restatement; None if it has not restated it.
    :param created_at: when the first version was stored.
    :param updated_at: when this one was.
    """

    account: str
    invoice: Invoice
    version: int
    currency: str
    sha256: bytes
    before: Invoice | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class InvoiceVersion:
    """
    The current version of an invoice that its vendor lists.

    :param total: what is payable, from the header.
    :param restated: the version of the vendor's last restatement.
    """

    account: str
    record_key: int
    version: int
    invoice_id: str
    total: Decimal
    currency: str
    content_sha256: bytes
    recorded_at: datetime
    created_at: datetime
    restated: int | None


@dataclass(frozen=True, slots=True)
class StoredContract:
    """The current version of a contract, with when its first version and this one were stored."""

    account: str
    contract: Contract
    created_at: datetime
    updated_at: datetime


def months_stored(connection: Connection, vendor: str, month: Month) -> int:
    """Return of how many accounts a vendor's month is stored."""
    stored = t.account_month.c
    query = select(func.count()).where(stored.vendor == vendor, stored.month == month.first_day)
    return connection.execute(query).scalar_one()


def load_invoices(connection: Connection, versions: Sequence[InvoiceVersion]) -> Iterator[StoredInvoice]:
    """
    Yield invoices with their lines, those of one account at a time.

    :raises StorageError: an invoice's rows are not those that were stored; names it.
    """
    for account, rows in groupby(versions, key=lambda row: row.account):
        of_account = list(rows)
        keys: list[RecordVersion] = [(row.record_key, row.version) for row in of_account]
        before = [(row.record_key, row.restated - 1) for row in of_account if row.restated]
        invoices = load_records(connection, Invoice, [*keys, *before])
        for row in of_account:
            invoice = invoices[row.record_key, row.version]
            if content_sha256(invoice) != bytes(row.content_sha256):
                raise StorageError(
                    f"invoice {invoice.invoice_id!a} of {account}: its rows are not those that were stored; "
                    f"its lines are {invoice.lines_total}, {invoice.total} is payable, the difference is "
                    f"{invoice.lines_total - invoice.total}"
                )
            yield StoredInvoice(
                account,
                invoice,
                row.version,
                invoice.currency or row.currency,
                bytes(row.content_sha256),
                invoices[row.record_key, row.restated - 1] if row.restated else None,
                row.created_at,
                row.recorded_at,
            )


def billing_cycles(connection: Connection, vendor: str, month: Month) -> Cycles:
    """Return by account the contracts' billing periods that belong to the month, and whether each is closed."""
    period, record = t.billing_period.c, t.record.c
    query = (
        select(record.account, period.starts_on, period.ends_on, func.bool_and(period.status == "Closed"))
        .join(t.record, (record.record_key == period.record_key) & (record.current_version == period.version))
        .where(record.vendor == vendor, period.month == month.first_day)
        .group_by(record.account, period.starts_on, period.ends_on)
    )
    found: dict[str, dict[Days, bool]] = defaultdict(dict)
    for account, starts_on, ends_on, closed in connection.execute(query):
        found[account][starts_on, ends_on] = bool(closed)
    return found


def load_contracts(connection: Connection, vendor: str, month: Month) -> list[StoredContract]:
    """Return the contracts of a vendor that are in force in the month, in their current versions, by account and id."""
    record, contract, version = t.record.c, t.contract.c, t.record_version.c
    first = t.record_version.alias("first")
    query = (
        select(record.account, record.record_key, version.version, version.recorded_at, first.c.recorded_at)
        .join(t.contract, (contract.record_key == record.record_key) & (contract.version == record.current_version))
        .join(t.record_version, (version.record_key == contract.record_key) & (version.version == contract.version))
        .join(first, (first.c.record_key == record.record_key) & (first.c.version == 1))
        .where(record.vendor == vendor)
        .where(contract.starts_on < month.end.date(), contract.ends_on > month.first_day)
        .order_by(record.account.collate("C"), record.record_id.collate("C"))
    )
    rows = connection.execute(query).all()
    contracts = load_records(connection, Contract, [(key, number) for _, key, number, *_ in rows])
    return [
        StoredContract(account, contracts[key, number], created_at, updated_at)
        for account, key, number, updated_at, created_at in rows
    ]


def accepted_differences(
    connection: Connection, vendor: str, month: Month, control: str | None
) -> dict[tuple[str, str], str]:
    """Return, by account and invoice, why a total may differ from its lines: its control passed, or a person agreed."""
    values = {"vendor": vendor, "month": month.first_day, "control": control}
    return {(account, subject): why for account, subject, why in connection.execute(_ACCEPTED, values)}


def current_versions(connection: Connection, vendor: str, month: Month) -> list[InvoiceVersion]:
    """
    Return which invoices a month has now, by account and id.

    It is one statement, and a version's rows never change: what is loaded later is the state of this moment.
    """
    version, first = t.record_version.c, t.record_version.alias("first")
    other = t.record_version.alias("other")
    restated = (
        select(func.max(other.c.version))
        .where(other.c.record_key == t.record.c.record_key, other.c.cause == "vendor")
        .where(other.c.version <= t.record.c.current_version)
    )
    query = (
        select(
            *t.record.c["account", "record_key"],
            *t.invoice.c["version", "invoice_id", "total"],
            t.account_month.c.currency,
            *version["content_sha256", "recorded_at"],
            first.c.recorded_at.label("created_at"),
            restated.scalar_subquery().label("restated"),
        )
        .select_from(t.record)
        .join(t.invoice, current_invoice)
        .join(
            t.record_version, (version.record_key == t.invoice.c.record_key) & (version.version == t.invoice.c.version)
        )
        .join(first, (first.c.record_key == t.record.c.record_key) & (first.c.version == 1))
        .join(
            t.account_month,
            (t.account_month.c.vendor == t.record.c.vendor)
            & (t.account_month.c.account == t.record.c.account)
            & (t.account_month.c.month == t.invoice.c.month),
        )
        .where(t.record.c.vendor == vendor, t.invoice.c.month == month.first_day)
        .order_by(t.record.c.account.collate("C"), t.record.c.record_id.collate("C"))
    )
    return [InvoiceVersion(**row) for row in connection.execute(query).mappings()]
