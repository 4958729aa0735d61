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
from billing.money import difference
from billing.month import Month
from billing.storage import tables as t
from billing.storage.stored_months import RecordVersion, load_records

Days = tuple[date, date]
Cycles = Mapping[str, Mapping[Days, bool]]
"""By account the first days and ends of billing periods, and whether each is closed."""

_ACCEPTED = text("""
    select account, subject, explanation from billing.current_control_result
    where vendor = :vendor and month = :month and control_id = :control and outcome = 'passed'
    union all
    select account, subject, 'a difference that ' || explained_by || ' has accepted' from billing.current_finding
    where vendor = :vendor and month = :month and control_id = :control and reason = 'accepted'
""")


_CLOSED = text("""
    select distinct on (month) month, event, recorded_at from billing.month_close
    where vendor = :vendor order by month, number desc
""")
_CHANGED = text("""
    select distinct i.month
    from billing.record r
    join billing.invoice i using (record_key)
    where r.vendor = :vendor and (
        exists (select from billing.record_version v
                where v.record_key = r.record_key and v.recorded_at > :since and v.recorded_at <= :until)
        or exists (select from billing.withdrawal w
                   where w.record_key = r.record_key and w.recorded_at > :since and w.recorded_at <= :until))
""")
_VERSIONS = text("""
    select r.account, r.record_key, i.version, i.invoice_id, i.total, m.currency, v.content_sha256, v.recorded_at,
           first.recorded_at as created_at, before.restated
    from billing.invoice i
    join billing.record r using (record_key)
    join billing.record_version v using (record_key, version)
    join billing.record_version first on (first.record_key, first.version) = (r.record_key, 1)
    join billing.account_month m on (m.vendor, m.account, m.month) = (r.vendor, r.account, i.month)
    cross join lateral (
        select max(x.version) as version, max(x.version) filter (where x.cause = 'vendor') as restated
        from billing.record_version x
        where x.record_key = r.record_key and x.recorded_at <= cast(:at as timestamptz)
    ) before
    where r.vendor = :vendor and i.month = :month and i.version = before.version
      and not coalesce((
        select w.withdrawn from billing.withdrawal w
        where w.record_key = r.record_key and w.recorded_at <= cast(:at as timestamptz)
        order by w.withdrawal_id desc limit 1
      ), false)
    order by r.account collate "C", r.record_id collate "C"
""")


@dataclass(frozen=True, slots=True)
class StoredInvoice:
    """
    A version of an invoice, with its lines.

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

    @property
    def residual(self) -> Decimal:
        """What its total is above its lines."""
        return difference(self.invoice.total, self.invoice.lines_total)


@dataclass(frozen=True, slots=True)
class InvoiceVersion:
    """
    A version of an invoice that its vendor listed at the moment asked for.

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
                    f"{difference(invoice.lines_total, invoice.total)}"
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


def closed_at(connection: Connection, vendor: str, month: Month) -> datetime | None:
    """Return when a vendor's month was closed; None if it is not, or open again."""
    return closed_months(connection, vendor).get(month)


def closed_months(connection: Connection, vendor: str) -> dict[Month, datetime]:
    """Return a vendor's closed months and when each was closed."""
    rows = connection.execute(_CLOSED, {"vendor": vendor})
    return {Month.of(day): moment for day, event, moment in rows if event == "closed"}


def changed_months(connection: Connection, vendor: str, since: datetime, until: datetime) -> set[Month]:
    """Return the months whose invoices got a version, or were withdrawn or restored, in an interval."""
    rows = connection.execute(_CHANGED, {"vendor": vendor, "since": since, "until": until})
    return {Month.of(day) for (day,) in rows}


def versions_at(connection: Connection, vendor: str, month: Month, at: datetime | None) -> list[InvoiceVersion]:
    """
    Return which invoices a month had at a moment, by account and id; those of withdrawn ones are left out.

    It is one statement, and a version's rows never change: what is loaded later is the state of that moment.

    :param at: the moment, included; None for now.
    """
    values = {"vendor": vendor, "month": month.first_day, "at": at or "infinity"}
    return [InvoiceVersion(**row) for row in connection.execute(_VERSIONS, values).mappings()]
