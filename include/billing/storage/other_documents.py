"""
Documents of other months that bill a month's days: a prepayment for a year, or a charge billed late.

Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select, true
from sqlalchemy.sql.elements import ColumnElement

from billing.models import AccountMonth, ContractBillingPeriod, Invoice, InvoiceLine
from billing.month import Month
from billing.storage import tables as t
from billing.storage.stored_months import load_records
from billing.storage.withdrawals import current_invoice

_MONTHS_BEFORE, _MONTHS_AFTER = 13, 2


@dataclass(frozen=True, slots=True)
class Days:
    """Days from ``first`` up to and without ``end``."""

    first: date
    end: date

    def overlap(self, other: Days) -> bool:
        return self.first < other.end and other.first < self.end


def load_other_documents(connection: Connection, account_month: AccountMonth) -> tuple[Invoice, ...]:
    """Return ``other_documents`` of the account's invoices; only those that may be among them are read whole."""
    month, days = account_month.month, _days_of(account_month.month, account_month.billing_periods)
    near = t.invoice.c.month.between(
        month.shifted(-_MONTHS_BEFORE).first_day, month.shifted(_MONTHS_AFTER).first_day
    ) & (t.invoice.c.month != month.first_day)
    rows = connection.execute(_documents(account_month.vendor, account_month.account).where(current_invoice, near))
    versions = [
        (row.record_key, row.version) for row in rows if _may_bill(_span(row), Month.of(row.month), month, days)
    ]
    return other_documents(load_records(connection, Invoice, versions).values(), account_month)


def other_documents(invoices: Iterable[Invoice], account_month: AccountMonth) -> tuple[Invoice, ...]:
    """
    Return the documents of other months that bill days of this month, by month and id, with only the lines that do.

    A line's days are its own, else those of its document. A document without any date may bill the month after its own.
    Lines without any date are always returned with their document.

    :param invoices: of one account, of any months; those that are not withdrawn.
    """
    month, days = account_month.month, _days_of(account_month.month, account_month.billing_periods)
    limited = (
        replace(each, lines=tuple(_lines_of(each, days)))
        for each in invoices
        if each.month != month and _is_near(each.month, month) and _may_bill(_span_of(each), each.month, month, days)
    )
    return tuple(sorted((each for each in limited if each.lines), key=lambda each: (each.month, each.invoice_id)))


def billed_months(
    connection: Connection, vendor: str, account: str, invoice_ids: Collection[str], stored: Collection[Month]
) -> set[Month]:
    """Return the stored months with days that any version of some invoices bills, besides an invoice's own."""
    if not invoice_ids:
        return set()
    rows = connection.execute(_documents(vendor, account).where(t.record.c.record_id.in_(invoice_ids))).all()
    days = _stored_days(connection, vendor, account)
    found = set()
    for row in rows:
        own, span = Month.of(row.month), _span(row)
        around = [each for each in stored if each != own and _is_near(own, each)]
        found |= {each for each in around if _may_bill(span, own, each, days.get(each) or _days_of(each, ()))}
    return found


def _documents(vendor: str, account: str) -> Any:  # noqa: ANN401 (a select)
    """Select the versions of an account's invoices with the first and the last day that each bills."""
    line, head = t.invoice_line.c, t.invoice.c
    of_lines = (
        select(
            func.min(func.coalesce(line.service_start, line.service_end - 1)).label("first"),
            func.max(func.coalesce(line.service_end, line.service_start + 1)).label("end"),
        )
        .where(line.record_key == head.record_key, line.version == head.version, head.service_start.is_(None))
        .lateral()
    )
    return (
        select(
            *t.invoice.c["record_key", "version", "month"],
            func.coalesce(_day(head.service_start), of_lines.c.first).label("first"),
            func.coalesce(_day(head.service_end), of_lines.c.end).label("end"),
        )
        .select_from(t.invoice.join(t.record, t.record.c.record_key == head.record_key))
        .join(of_lines, true())
        .where(t.record.c.vendor == vendor, t.record.c.account == account, t.record.c.record_type == "invoice")
    )


def _day(moment: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.date(func.timezone("UTC", moment))


def _stored_days(connection: Connection, vendor: str, account: str) -> dict[Month, Days]:
    """Return the days of the billing periods of each stored month."""
    period = t.billing_period.c
    rows = connection.execute(
        select(period.month, func.min(period.starts_on), func.max(period.ends_on))
        .join(
            t.record,
            (t.record.c.record_key == period.record_key) & (t.record.c.current_version == period.version),
        )
        .where(t.record.c.vendor == vendor, t.record.c.account == account, t.record.c.record_type == "billing_period")
        .group_by(period.month)
    )
    return {Month.of(month): Days(first, end) for month, first, end in rows}


def _days_of(month: Month, billing_periods: Iterable[ContractBillingPeriod]) -> Days:
    """Return the days of a month's billing periods, or of the calendar month where it has none."""
    periods = list(billing_periods)
    if not periods:
        return Days(month.first_day, month.end.date())
    return Days(min(each.starts_on for each in periods), max(each.ends_on for each in periods))


def _span(row: Any) -> Days | None:  # noqa: ANN401 (a row of _documents)
    return None if row.first is None or row.end is None else Days(row.first, row.end)


def _span_of(document: Invoice) -> Days | None:
    """Return what ``_documents`` selects as a document's first and last day."""
    if document.service_start and document.service_end:
        return Days(document.service_start.date(), document.service_end.date())
    lines = [days for line in document.lines if (days := _days_billed(document, line)) is not None]
    return Days(min(each.first for each in lines), max(each.end for each in lines)) if lines else None


def _is_near(own: Month, month: Month) -> bool:
    return month.shifted(-_MONTHS_BEFORE) <= own <= month.shifted(_MONTHS_AFTER)


def _may_bill(span: Days | None, own: Month, month: Month, days: Days) -> bool:
    """Return whether a document of another month may bill some days; without dates, only the month after its own."""
    return span.overlap(days) if span else own == month.shifted(-1)


def _lines_of(document: Invoice, days: Days) -> Iterable[InvoiceLine]:
    return (line for line in document.lines if (span := _days_billed(document, line)) is None or span.overlap(days))


def _days_billed(document: Invoice, line: InvoiceLine) -> Days | None:
    """Return a line's own days, else those of its document; None if neither has any."""
    one = date.resolution
    first = line.service_start or (line.service_end and line.service_end - one)
    end = line.service_end or (line.service_start and line.service_start + one)
    if first and end:
        return Days(first, end)
    if document.service_start and document.service_end:
        return Days(document.service_start.date(), document.service_end.date())
    return None
