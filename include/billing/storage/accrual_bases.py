"""Read the basis of an accrual from the rows: estimates, billing periods, contracts, other months' bills."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, func, select
from sqlalchemy.sql.elements import ColumnElement

from billing.accruals.from_billing_periods import ReadContract, ReadPeriod, propose_from_periods
from billing.accruals.proposal import (
    Basis,
    BilledMonth,
    Proposal,
    RecordVersion,
    Snapshot,
    blocked,
    propose_from_snapshots,
    with_billed_months,
)
from billing.config.accounts import Account
from billing.models import Contract, ContractBillingPeriod
from billing.month import Month
from billing.storage import tables as t
from billing.storage.stored_months import load_records
from billing.storage.versions import RECORD_TYPES
from billing.storage.withdrawals import current_invoice

ProposeAccrual = Callable[[Connection, Account[Any], Month], Proposal]
"""Propose what a month should accrue from what is stored; each vendor has one, ``from_…`` here or its own."""


def proposal_from_store(
    connection: Connection, account: Account[Any], month: Month, propose: ProposeAccrual
) -> Proposal:
    """
    Propose an account's accrual for a month from what was known before the month's first document was stored.

    This holds whenever it runs: an accrual that uses the bill is not an estimate.
    """
    return with_billed_months(propose(connection, account, month), _billed_months(connection, account, month))


def from_snapshots(connection: Connection, account: Account[Any], month: Month) -> Proposal:
    """Propose by the vendor's month-to-date estimates."""
    return propose_from_snapshots(month, account.currency, _snapshots(connection, account, month), account.accrual)


def _snapshots(connection: Connection, account: Account[Any], month: Month) -> list[Snapshot]:
    columns = t.month_to_date.c["snapshot_id", "total", "currency", "taken_at", "as_of"]
    rows = connection.execute(
        select(*columns).where(*of_account(t.month_to_date, account), t.month_to_date.c.month == month.first_day)
    )
    return [Snapshot(month=month, **row) for row in rows.mappings()]


def from_billing_periods(connection: Connection, account: Account[Any], month: Month) -> Proposal:
    """Propose by the charges of contracts' billing periods, and the month's days of what is prepaid."""
    billed_by = _first_fetch_of_bill(connection, account, month)
    days = (
        t.billing_period.c.starts_on < month.end.date(),
        t.billing_period.c.ends_on > month.first_day,
    )
    periods = _known_versions(connection, account, ContractBillingPeriod, billed_by, days)
    if not periods and billed_by and _known_versions(connection, account, ContractBillingPeriod, None, days):
        reason = f"the billing periods of {month} were first read together with its bill: that is no estimate"
        return blocked(month, Basis.PERIOD_CHARGES, account.currency, reason)
    contracts = _known_versions(connection, account, Contract, billed_by, ())
    loaded = load_records(connection, ContractBillingPeriod, list(periods))
    agreed = load_records(connection, Contract, list(contracts))
    return propose_from_periods(
        month,
        account.currency,
        [ReadContract(version, contract) for version, contract in agreed.items()],
        [ReadPeriod(version, each, periods[version]) for version, each in loaded.items()],
    )


def _first_fetch_of_bill(connection: Connection, account: Account[Any], month: Month) -> int | None:
    """Return the fetch that first stored a document of the month; None if the month is not billed."""
    found: int | None = connection.scalar(
        select(func.min(t.record_version.c.fetch_id))
        .join(t.record, t.record.c.record_key == t.record_version.c.record_key)
        .join(t.invoice, current_version(t.invoice))
        .where(
            *of_account(t.record, account), t.record.c.record_type == "invoice", t.invoice.c.month == month.first_day
        )
    )
    return found


def _known_versions(
    connection: Connection,
    account: Account[Any],
    record_type: type,
    before: int | None,
    where: Sequence[ColumnElement[bool]],
) -> dict[RecordVersion, datetime]:
    """Return the newest version of each record of a type that was read before a fetch, and when it was read."""
    version, of_type = t.record_version, RECORD_TYPES[record_type]
    query = (
        select(version.c.record_key, version.c.version, t.fetch.c.completed_at)
        .join(t.record, t.record.c.record_key == version.c.record_key)
        .join(t.fetch, t.fetch.c.fetch_id == version.c.fetch_id)
        .join(
            of_type.table,
            (of_type.table.c.record_key == version.c.record_key) & (of_type.table.c.version == version.c.version),
        )
        .where(*of_account(t.record, account), t.record.c.record_type == of_type.name, *where)
        .order_by(version.c.record_key, version.c.version)
    )
    if before is not None:
        query = query.where(version.c.fetch_id < before)
    # versions ascend, so the last of a record wins
    newest = {record_key: (number, read_at) for record_key, number, read_at in connection.execute(query)}
    return {(record_key, number): read_at for record_key, (number, read_at) in newest.items()}


def _billed_months(connection: Connection, account: Account[Any], month: Month) -> list[BilledMonth]:
    """Return the bill of the last month billed before this one, and of the same month a year before."""
    currency = func.coalesce(t.invoice.c.currency, account.currency)
    bills = (
        select(t.invoice.c.month, currency, func.sum(t.invoice.c.total))
        .join(t.record, current_invoice)
        .where(*of_account(t.record, account), t.record.c.record_type == "invoice", t.invoice.c.month < month.first_day)
        .group_by(t.invoice.c.month, currency)
        .order_by(t.invoice.c.month.desc(), currency)
    )
    rows = connection.execute(bills).all()
    wanted = {rows[0].month, month.shifted(-12).first_day} if rows else set()
    return [BilledMonth(Month.of(day), code, total) for day, code, total in rows if day in wanted]


def of_account(table: Table, account: Account[Any]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Create the condition that a row is the account's."""
    return table.c.vendor == account.vendor, table.c.account == account.name


def current_version(record_type: Table) -> ColumnElement[bool]:
    """Create the condition that joins a record to its current version."""
    return (record_type.c.record_key == t.record.c.record_key) & (record_type.c.version == t.record.c.current_version)
