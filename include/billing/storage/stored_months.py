"""
Read stored months as values, in a few statements however long the account's history is.

Nothing here writes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Select, Table, Text, cast, func, select, tuple_, union_all
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.sql.elements import ColumnElement

from billing.models import AccountMonth, Contract, ContractBillingPeriod, Invoice, UsageReport
from billing.month import Month
from billing.payloads.exact_json import loads_text
from billing.storage import tables as t
from billing.storage.versions import RECORD_TYPES
from billing.storage.withdrawals import current_invoice

RecordVersion = tuple[int, int]
"""A record's key and the number of one of its versions."""

_ROWS_AT_ONCE = 5_000
_OF_A_MONTH = (Invoice, ContractBillingPeriod, UsageReport)


@dataclass(frozen=True, slots=True)
class StoredMonth:
    """
    A month as it is stored.

    :param content: the content hashes of the records it is made of, in ascending order.
    """

    account_month: AccountMonth
    content: tuple[bytes, ...]


def month_fetches(connection: Connection, vendor: str, account: str) -> dict[Month, int]:
    """Return every stored month of an account, and the fetch it is based on."""
    rows = connection.execute(
        select(t.account_month.c.month, t.account_month.c.fetch_id)
        .where(t.account_month.c.vendor == vendor, t.account_month.c.account == account)
        .order_by(t.account_month.c.month)
    )
    return {Month.of(month): fetch_id for month, fetch_id in rows}


def load_months(
    connection: Connection,
    vendor: str,
    account: str,
    months: Collection[Month],
    kinds: Collection[type] = _OF_A_MONTH,
) -> dict[Month, StoredMonth]:
    """
    Return months as they are stored: the current versions of their invoices, usage reports and billing periods, and the
    contracts of those billing periods as they were when the month was read.

    A contract belongs to no single month; its later versions must not change an earlier month.

    :param kinds: which records to load besides the contracts.
    """
    if not months:
        return {}
    found: dict[Month, dict[RecordVersion, Any]] = {month: {} for month in months}
    versions = _current_versions(connection, vendor, account, months)
    for kind in kinds:
        for version, record in load_records(connection, kind, versions[RECORD_TYPES[kind].name]).items():
            found[record.month][version] = record
    for month, contracts in _contracts(connection, vendor, account, months).items():
        found[month] |= contracts
    hashes = _content_hashes(connection, {version for records in found.values() for version in records})
    return {
        month: StoredMonth(
            _month(vendor, account, month, records.values()), tuple(sorted(hashes[version] for version in records))
        )
        for month, records in found.items()
    }


def invoices_without_lines(
    connection: Connection, vendor: str, account: str, month: Month
) -> tuple[list[Invoice], list[int], list[bytes]]:
    """Return a month's invoices in order of their ids, how many lines each has, and their content hashes."""
    line, version = t.invoice_line.c, t.record_version.c
    lines = select(func.count()).where(line.record_key == t.invoice.c.record_key, line.version == t.invoice.c.version)
    rows = connection.execute(
        select(t.invoice.c.record_key, t.invoice.c.version, lines.scalar_subquery(), version.content_sha256)
        .join(t.record, current_invoice)
        .join(
            t.record_version, (version.record_key == t.invoice.c.record_key) & (version.version == t.invoice.c.version)
        )
        .where(
            t.record.c.vendor == vendor,
            t.record.c.account == account,
            t.record.c.record_type == RECORD_TYPES[Invoice].name,
            t.invoice.c.month == month.first_day,
        )
        .order_by(t.record.c.record_id.collate("C"))
    ).all()
    versions = [(record_key, number) for record_key, number, _, _ in rows]
    invoices = load_records(connection, Invoice, versions, whole=False)
    return list(invoices.values()), [count for _, _, count, _ in rows], [bytes(sha256) for *_, sha256 in rows]


def previous_invoices(connection: Connection, account_month: AccountMonth) -> dict[str, Invoice]:
    """
    Return, for each invoice of the month that its vendor has restated, the version before the last restatement.

    Read from the rows, not from this run's changes: a restatement remains a finding however often it is fetched again.
    """
    restated = (
        select(t.record.c.record_key, func.max(t.record_version.c.version))
        .join(t.record_version, t.record_version.c.record_key == t.record.c.record_key)
        .where(
            t.record.c.vendor == account_month.vendor,
            t.record.c.account == account_month.account,
            t.record.c.record_type == RECORD_TYPES[Invoice].name,
            t.record.c.record_id.in_([invoice.invoice_id for invoice in account_month.invoices]),
            t.record_version.c.cause == "vendor",
        )
        .group_by(t.record.c.record_key)
    )
    before = [(record_key, version - 1) for record_key, version in connection.execute(restated)]
    return {invoice.invoice_id: invoice for invoice in load_records(connection, Invoice, before).values()}


def load_records(
    connection: Connection, kind: type, versions: Sequence[RecordVersion], *, whole: bool = True
) -> dict[RecordVersion, Any]:
    """
    Return versions of records of one type, in the order of the records' identifiers.

    :param whole: with all their rows; otherwise without any.
    """
    if not versions:
        return {}
    record_type = RECORD_TYPES[kind]
    children = {
        name: _rows(connection, table, row_type, versions) if whole else {}
        for name, row_type, table in record_type.many
    }
    heads = _rows(
        connection, record_type.table, kind, versions, order=record_type.table.c[record_type.identity].collate("C")
    )
    return {
        version: kind(**head, **{name: tuple(rows.get(version, ())) for name, rows in children.items()})
        for version, (head,) in heads.items()
    }


def _month(vendor: str, account: str, month: Month, records: Iterable[Any]) -> AccountMonth:
    of: dict[type, list[Any]] = defaultdict(list)
    for record in records:
        of[type(record)].append(record)
    return AccountMonth(
        vendor,
        account,
        month,
        invoices=tuple(of[Invoice]),
        contracts=tuple(of[Contract]),
        billing_periods=tuple(of[ContractBillingPeriod]),
        usage_reports=tuple(of[UsageReport]),
    )


def _current_versions(
    connection: Connection, vendor: str, account: str, months: Iterable[Month]
) -> dict[str, list[RecordVersion]]:
    days = [month.first_day for month in months]
    found: dict[str, list[RecordVersion]] = defaultdict(list)
    queries = (
        select(t.record.c.record_type, t.record.c.record_key, t.record.c.current_version)
        .join(
            record_type.table,
            (record_type.table.c.record_key == t.record.c.record_key)
            & (record_type.table.c.version == t.record.c.current_version),
        )
        .where(
            t.record.c.vendor == vendor,
            t.record.c.account == account,
            t.record.c.record_type == record_type.name,
            record_type.table.c.month.in_(days),
            ~t.record.c.withdrawn,
        )
        for record_type in (RECORD_TYPES[kind] for kind in _OF_A_MONTH)
    )
    for kind, record_key, version in connection.execute(union_all(*queries)):
        found[kind].append((record_key, version))
    return found


def _contracts(
    connection: Connection, vendor: str, account: str, months: Iterable[Month]
) -> dict[Month, dict[RecordVersion, Contract]]:
    """
    Return the contracts of each month, in the newest version that its fetch or an earlier one stored.

    They are those of its billing periods. If a later fetch was stored first, it is the first version.
    """
    month, record, version, billing_period = t.account_month.c, t.record.c, t.record_version.c, t.billing_period.c
    owner = t.record.alias("owner")  # of the billing period
    query = (
        select(month.month, record.record_key, version.version)
        .ext(distinct_on(month.month, record.record_key))
        .select_from(t.account_month)
        .join(owner, (owner.c.vendor == month.vendor) & (owner.c.account == month.account))
        .join(
            t.billing_period,
            (billing_period.record_key == owner.c.record_key)
            & (billing_period.version == owner.c.current_version)
            & (billing_period.month == month.month),
        )
        .join(
            t.record,
            (record.vendor == month.vendor)
            & (record.account == month.account)
            & (record.record_type == RECORD_TYPES[Contract].name)
            & (record.record_id == billing_period.contract_id),
        )
        .join(
            t.record_version,
            (version.record_key == record.record_key) & ((version.fetch_id <= month.fetch_id) | (version.version == 1)),
        )
        .where(month.vendor == vendor, month.account == account, month.month.in_([each.first_day for each in months]))
        .order_by(month.month, record.record_key, version.version.desc())
    )
    read_by: dict[Month, list[RecordVersion]] = defaultdict(list)
    for day, record_key, number in connection.execute(query):
        read_by[Month.of(day)].append((record_key, number))
    contracts = load_records(connection, Contract, sorted(set(chain.from_iterable(read_by.values()))))
    return {each: {key: contracts[key] for key in versions} for each, versions in read_by.items()}


def _content_hashes(connection: Connection, versions: Iterable[RecordVersion]) -> dict[RecordVersion, bytes]:
    key = tuple_(t.record_version.c.record_key, t.record_version.c.version)
    columns = t.record_version.c["record_key", "version", "content_sha256"]
    rows = connection.execute(select(*columns).where(key.in_(list(versions))))
    return {(record_key, version): bytes(sha256) for record_key, version, sha256 in rows}


def _rows(
    connection: Connection,
    table: Table,
    row_type: type,
    versions: Sequence[RecordVersion],
    order: ColumnElement[Any] | None = None,
) -> dict[RecordVersion, list[Any]]:
    """Return a table's rows by version: constructor arguments for a record's own row, values for its many rows."""
    many = "position" in table.c
    names = [field.name for field in fields(row_type) if field.name in table.c]
    columns = [cast(table.c[name], Text) if many and name == "attributes" else table.c[name] for name in names]
    query = (
        select(table.c.record_key, table.c.version, *columns)
        .where(tuple_(table.c.record_key, table.c.version).in_(versions))
        .order_by(*(table.primary_key if many else (order,)))  # as the index has them: nothing is sorted
    )
    found: dict[RecordVersion, list[Any]] = defaultdict(list)
    if many:
        for record_key, version, *values in _many_rows(connection, query):
            found[record_key, version].append(row_type(*values))
        return found
    for record_key, version, *values in connection.execute(query):
        row = {name: _value(name, value) for name, value in zip(names, values, strict=True)}
        found[record_key, version].append(row)
    return found


def _many_rows(connection: Connection, query: Select[Any]) -> Iterator[tuple[Any, ...]]:
    """
    Return a record's many rows, of which ``attributes`` is the last column. Lines with the same attributes, or another
    equal text, share one value, as those of a parser do.
    """
    read: Callable[[str], Any] = cache(loads_text)
    texts: dict[str, str] = {}
    # in parts from the server: the driver would have all rows of a month in memory beside the lines made of them
    for rows in connection.execute(query, execution_options={"yield_per": _ROWS_AT_ONCE}).partitions():
        for *values, attributes in rows:
            yield (*[texts.setdefault(each, each) if type(each) is str else each for each in values], read(attributes))


def _value(name: str, value: Any) -> Any:  # noqa: ANN401 (one column of any type)
    match value:
        case date() if name == "month":
            return Month.of(value)
        case list() if name == "purchase_order_numbers":
            return tuple(value)
        case _:
            return value
