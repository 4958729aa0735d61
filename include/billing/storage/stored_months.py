"""
Stored months as values: what ``records`` wrote, read back with a few statements however long the account's history is.

Nothing here writes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any

from sqlalchemy import Connection, Table, select, tuple_, union_all
from sqlalchemy.sql.elements import ColumnElement

from billing.models import AccountMonth, Contract, ContractBillingPeriod, Invoice, UsageReport
from billing.period import BillingPeriod
from billing.storage import tables as t
from billing.storage.records import NOUNS

Version = tuple[int, int]
"""A record's key and the number of one of its versions."""

_OF_A_MONTH = (Invoice, ContractBillingPeriod, UsageReport)


def month_fetches(connection: Connection, vendor: str, account: str) -> dict[BillingPeriod, int]:
    """Give every stored month of an account, and the fetch it rests on."""
    rows = connection.execute(
        select(t.account_month.c.period, t.account_month.c.fetch_id)
        .where(t.account_month.c.vendor == vendor, t.account_month.c.account == account)
        .order_by(t.account_month.c.period)
    )
    return {BillingPeriod.of(period): fetch_id for period, fetch_id in rows}


def load_months(
    connection: Connection, vendor: str, account: str, wanted: Mapping[BillingPeriod, int]
) -> dict[BillingPeriod, AccountMonth]:
    """
    Give months as they are stored: the current versions of their invoices, usage reports and billing periods, and the
    contracts of those billing periods as they were when the month was read.

    A contract belongs to no month; its later versions must not change what an earlier month was.

    :param wanted: the fetch that each month rests on.
    """
    if not wanted:
        return {}
    of_month: dict[BillingPeriod, dict[type, list[Any]]] = {period: defaultdict(list) for period in wanted}
    versions = _current_versions(connection, vendor, account, wanted)
    for kind in _OF_A_MONTH:
        for record in load_records(connection, kind, versions.get(NOUNS[kind].kind, [])).values():
            of_month[record.period][kind].append(record)
    contracts = _contracts(connection, vendor, account, wanted, of_month)
    return {
        period: AccountMonth(
            vendor,
            account,
            period,
            invoices=tuple(records[Invoice]),
            contracts=tuple(contracts[period]),
            billing_periods=tuple(records[ContractBillingPeriod]),
            usage_reports=tuple(records[UsageReport]),
        )
        for period, records in of_month.items()
    }


def load_records(connection: Connection, kind: type, versions: Sequence[Version]) -> dict[Version, Any]:
    """Give versions of records of one type with all their rows, in the order of the records' identifiers."""
    if not versions:
        return {}
    noun = NOUNS[kind]
    children = {name: _rows(connection, table, row_type, versions) for name, row_type, table in noun.many}
    heads = _rows(connection, noun.table, kind, versions, order=noun.table.c[noun.identity])
    return {
        version: kind(**head, **{name: tuple(rows.get(version, ())) for name, rows in children.items()})
        for version, (head,) in heads.items()
    }


def _current_versions(
    connection: Connection, vendor: str, account: str, periods: Iterable[BillingPeriod]
) -> dict[str, list[Version]]:
    days = [period.first_day for period in periods]
    found: dict[str, list[Version]] = defaultdict(list)
    queries = (
        select(t.record.c.kind, t.record.c.record_key, t.record.c.current_version)
        .join(
            noun.table,
            (noun.table.c.record_key == t.record.c.record_key) & (noun.table.c.version == t.record.c.current_version),
        )
        .where(
            t.record.c.vendor == vendor,
            t.record.c.account == account,
            t.record.c.kind == noun.kind,
            noun.table.c.period.in_(days),
        )
        for noun in (NOUNS[kind] for kind in _OF_A_MONTH)
    )
    for kind, record_key, version in connection.execute(union_all(*queries)):
        found[kind].append((record_key, version))
    return found


def _contracts(
    connection: Connection,
    vendor: str,
    account: str,
    wanted: Mapping[BillingPeriod, int],
    of_month: Mapping[BillingPeriod, Mapping[type, list[Any]]],
) -> dict[BillingPeriod, list[Contract]]:
    """Give each month's contracts in the newest version that its fetch, or an earlier one, had read."""
    found: dict[BillingPeriod, list[Contract]] = defaultdict(list)
    ids = {each.contract_id for records in of_month.values() for each in records.get(ContractBillingPeriod, ())}
    if not ids:
        return found
    rows = connection.execute(
        select(t.record.c.record_id, t.record.c.record_key, t.record_version.c.version, t.record_version.c.fetch_id)
        .join(t.record_version, t.record_version.c.record_key == t.record.c.record_key)
        .where(
            t.record.c.vendor == vendor,
            t.record.c.account == account,
            t.record.c.kind == NOUNS[Contract].kind,
            t.record.c.record_id.in_(ids),
        )
        .order_by(t.record_version.c.version)
    ).all()
    read_by: dict[BillingPeriod, dict[str, Version]] = {}
    for period, fetch_id in wanted.items():
        mine = {each.contract_id for each in of_month[period].get(ContractBillingPeriod, ())}
        # versions ascend: the last one that fits wins, and the first one stands in where a later fetch was stored first
        read_by[period] = {
            row.record_id: (row.record_key, row.version)
            for row in rows
            if row.record_id in mine and (row.fetch_id <= fetch_id or row.version == 1)
        }
    needed = sorted({version for versions in read_by.values() for version in versions.values()})
    contracts = load_records(connection, Contract, needed)
    for period, versions in read_by.items():
        found[period] = [contracts[version] for _, version in sorted(versions.items())]
    return found


def _rows(
    connection: Connection,
    table: Table,
    row_type: type,
    versions: Sequence[Version],
    order: ColumnElement[Any] | None = None,
) -> dict[Version, list[Any]]:
    """Give a table's rows by version: arguments of the type for a noun's head, values of it for its many rows."""
    many = "position" in table.c
    names = [field.name for field in fields(row_type) if field.name in table.c]
    query = (
        select(table.c.record_key, table.c.version, *(table.c[name] for name in names))
        .where(tuple_(table.c.record_key, table.c.version).in_(versions))
        .order_by(table.c.position if many else order)
    )
    found: dict[Version, list[Any]] = defaultdict(list)
    for record_key, version, *values in connection.execute(query):
        row = {name: _value(name, value) for name, value in zip(names, values, strict=True)}
        found[record_key, version].append(row_type(**row) if many else row)
    return found


def _value(name: str, value: Any) -> Any:  # noqa: ANN401 (one column of any type)
    match value:
        case date() if name == "period":
            return BillingPeriod.of(value)
        case list() if name == "purchase_order_numbers":
            return tuple(value)
        case _:
            return value
