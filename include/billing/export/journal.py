"""
Journal entries of a posting month: accruals, their reversals, bills and true-ups, each with equal debits and credits.

A bill posts what it changes: the first version of an invoice its lines, a later one the difference to the one before, a
withdrawn one its lines with the opposite sign. Together they sum to ``billing.accrual_ledger``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from billing.errors import ExportStopped
from billing.export.columns import csv_rows
from billing.export.ledger_accounts import LedgerAccount, LedgerAccounts
from billing.export.terms import ExportTerms
from billing.models import Invoice
from billing.money import EXACT, difference, exact_sum, negated
from billing.month import Month
from billing.storage.document_store import Folder, put_file
from billing.storage.stored_months import load_records

_ACCRUALS = text("""
    select vendor, account, month, currency, entry, booked_on, coalesce(amount, true_up) as amount,
           coalesce(true_up_id, accrual_id) as number
    from billing.accrual_ledger
    where entry in ('accrual', 'reversal', 'true_up') and coalesce(amount, true_up) is not null
      and booked_on >= :first and booked_on < :after
    order by vendor, account, booked_on, entry, number
""")
# `added` and `removed` are the versions whose lines are posted with their own and with the opposite sign.
_BILLS = text("""
    with posting as (
        select r.vendor, r.account, r.record_key, v.version as added, nullif(v.version - 1, 0) as removed,
               'bill' as entry,
               case when v.version = 1 then coalesce(i.issued_at, v.recorded_at) else v.recorded_at end as posted_at
        from billing.record r
        join billing.record_version v using (record_key)
        join billing.invoice i using (record_key, version)
        where r.record_type = 'invoice'
        union all
        select r.vendor, r.account, r.record_key, case when not w.withdrawn then w.version end,
               case when w.withdrawn then w.version end,
               case when w.withdrawn then 'withdrawal' else 'restored' end || '-' || w.withdrawal_id, w.recorded_at
        from billing.withdrawal w
        join billing.record r using (record_key)
    )
    select p.*, (p.posted_at at time zone 'UTC')::date as booked_on, i.month, i.invoice_id,
           coalesce(i.currency, m.currency) as currency
    from posting p
    join billing.invoice i on (i.record_key, i.version) = (p.record_key, coalesce(p.added, p.removed))
    left join billing.account_month m on (m.vendor, m.account, m.month) = (p.vendor, p.account, i.month)
    where p.posted_at >= :start and p.posted_at < :end
    order by p.vendor, p.account, p.record_key, p.posted_at, p.entry
""")
_COLUMNS = (
    *("entry_id", "entry", "booked_on", "vendor", "account", "month", "invoice_id", "currency"),
    *("ledger_account", "cost_centre", "debit", "credit"),
)
_UNMAPPED = ("entry_id", "vendor", "account", "invoice_id", "product", "service", "currency", "amount")

Amounts = dict[LedgerAccount, Decimal]


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One entry.

    :param amounts: by ledger account; above zero a debit, below zero a credit. They sum to zero.
    """

    entry_id: str
    entry: str
    booked_on: date
    vendor: str
    account: str
    month: date
    invoice_id: str
    currency: str
    amounts: Mapping[LedgerAccount, Decimal]


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A charge that no rule fits: it is in the suspense account."""

    entry_id: str
    vendor: str
    account: str
    invoice_id: str
    product: str
    service: str
    currency: str
    amount: Decimal


def export_journal(
    connection: Connection,
    terms: Mapping[str, ExportTerms],
    ledger_accounts: LedgerAccounts,
    month: Month,
    folder: Folder,
) -> tuple[list[str], int]:
    """
    Write the entries booked in a month, and the charges that no rule fits; return the paths and how many those are.

    :param terms: by vendor.
    :raises ExportStopped: debits and credits of an entry differ; names it.
    """
    posting = _Posting(ledger_accounts, terms)
    entries = [*posting.of_accruals(connection, month), *posting.of_bills(connection, month)]
    check_balanced(entries)
    lines = [_line(entry, *posted) for entry in entries for posted in sorted(entry.amounts.items(), key=_order)]
    unmapped = [[getattr(row, name) for name in _UNMAPPED] for row in posting.unmapped]
    files = {f"{month}.csv": csv_rows(_COLUMNS, lines), f"{month}-unmapped.csv": csv_rows(_UNMAPPED, unmapped)}
    return [put_file(folder, ("journal",), name, body) for name, body in files.items()], len(unmapped)


def check_balanced(entries: Iterable[Entry]) -> None:
    """
    Compare debits and credits of each entry; each has one currency.

    :raises ExportStopped: names the entry and the difference.
    """
    for entry in entries:
        if off := exact_sum(entry.amounts.values()):
            raise ExportStopped(f"journal entry {entry.entry_id}: debits less credits are {off} {entry.currency}")


class _Posting:
    """Makes entries; collects what no rule fits."""

    def __init__(self, ledger_accounts: LedgerAccounts, terms: Mapping[str, ExportTerms]) -> None:
        self._accounts = ledger_accounts
        self._terms = terms
        self.unmapped: list[Unmapped] = []

    def of_accruals(self, connection: Connection, month: Month) -> Iterator[Entry]:
        """Yield accruals and reversals, and true-ups if they have an account."""
        days = {"first": month.first_day, "after": month.end.date()}
        for row in connection.execute(_ACCRUALS, days).mappings():
            if row["entry"] == "true_up" and not self._accounts.true_up:
                continue
            entry_id = f"{row['entry']}-{row['number']}"
            charged = self._charged(entry_id, row, "", None, "", row["amount"])
            if row["entry"] == "true_up":  # moved out of what reversal and bill have left with the charges
                amounts = _pair(self._accounts.true_up or self._accounts.unmapped, charged, row["amount"])
            else:
                amounts = _pair(charged, self._accounts.accrued, row["amount"])
            yield _entry(entry_id, row["entry"], row, "", amounts)

    def of_bills(self, connection: Connection, month: Month) -> Iterator[Entry]:
        """Yield bills, their changes and withdrawals, one record's versions at a time; none if nothing changes."""
        for row in connection.execute(_BILLS, {"start": month.start, "end": month.end}).mappings().all():
            kind, _, number = row["entry"].partition("-")
            entry_id = f"{kind}-{row['record_key']}-{number or row['added']}"
            versions = [(row["record_key"], version) for version in (row["added"], row["removed"]) if version]
            loaded = load_records(connection, Invoice, versions)
            added, removed = (
                loaded.get((row["record_key"], row["added"])),
                loaded.get((row["record_key"], row["removed"])),
            )
            amounts = self._of_lines(entry_id, row, added, removed)
            total = difference(added.total if added else Decimal(0), removed.total if removed else Decimal(0))
            amounts[self._accounts.payable] = difference(amounts.get(self._accounts.payable, Decimal(0)), total)
            if any(amounts.values()):
                yield _entry(entry_id, kind, row, row["invoice_id"], amounts)

    def _of_lines(self, entry_id: str, row: Any, added: Invoice | None, removed: Invoice | None) -> Amounts:  # noqa: ANN401 (a row)
        """Return what is charged, by account: lines, and the difference between a total and its lines."""
        changed: dict[tuple[str | None, str], list[Decimal]] = defaultdict(list)
        for invoice, signed in ((added, EXACT.plus), (removed, negated)):
            for line in invoice.lines if invoice else ():
                service = self._terms[row["vendor"]].charge(line).service.name
                changed[line.product, service].append(signed(line.amount))
            if invoice:
                changed[None, ""].append(signed(difference(invoice.total, invoice.lines_total)))
        amounts: dict[LedgerAccount, list[Decimal]] = defaultdict(list)
        for (product, service), parts in changed.items():
            if amount := exact_sum(parts):
                charged = self._charged(entry_id, row, row["invoice_id"], product, service, amount)
                amounts[charged].append(amount)
        return {account: exact_sum(parts) for account, parts in amounts.items()}

    def _charged(
        self,
        entry_id: str,
        row: Any,  # noqa: ANN401 (as above)
        invoice_id: str,
        product: str | None,
        service: str,
        amount: Decimal,
    ) -> LedgerAccount:
        found = self._accounts.of(vendor=row["vendor"], account=row["account"], product=product, service=service)
        if found.unmapped:
            names = row["vendor"], row["account"], invoice_id, product or "", service, row["currency"]
            self.unmapped.append(Unmapped(entry_id, *names, amount))
        return found


def _entry(entry_id: str, entry: str, row: Any, invoice_id: str, amounts: Amounts) -> Entry:  # noqa: ANN401 (as above)
    where = row["booked_on"], row["vendor"], row["account"], row["month"], invoice_id, row["currency"]
    return Entry(entry_id, entry, *where, amounts)


def _pair(debited: LedgerAccount, credited: LedgerAccount, amount: Decimal) -> Amounts:
    return {} if debited == credited else {debited: amount, credited: negated(amount)}


def _order(posted: tuple[LedgerAccount, Decimal]) -> tuple[str, str]:
    return posted[0].number, posted[0].cost_centre


def _line(entry: Entry, account: LedgerAccount, amount: Decimal) -> Sequence[object]:
    heading = [getattr(entry, name) for name in _COLUMNS[:8]]
    debit, credit = (amount, None) if amount >= 0 else (None, negated(amount))
    return [*heading, account.number, account.cost_centre, debit, credit]
