"""FOCUS Billing Period 1.4: the periods of the month's invoices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from billing.export.charges import Issuer, midnight
from billing.export.columns import Column, Kind
from billing.export.sources import Cycles


@dataclass(frozen=True, slots=True)
class BillingPeriod:
    """One period in which the vendor bills."""

    issuer: Issuer
    start: datetime
    end: datetime
    created_at: datetime
    updated_at: datetime
    closed: bool


BILLING_PERIOD_1_4: tuple[Column[BillingPeriod], ...] = (
    Column("BillingPeriodCreated", Kind.MOMENT, lambda period: period.created_at),
    Column("BillingPeriodEnd", Kind.MOMENT, lambda period: period.end),
    Column("BillingPeriodLastUpdated", Kind.MOMENT, lambda period: period.updated_at),
    Column("BillingPeriodStart", Kind.MOMENT, lambda period: period.start),
    Column("BillingPeriodStatus", Kind.TEXT, lambda period: "Closed" if period.closed else "Open"),
    Column("InvoiceIssuerName", Kind.TEXT, lambda period: period.issuer.title),
)


def billing_periods(issuer: Issuer, invoice_detail: pa.Table, cycles: Cycles) -> Iterator[BillingPeriod]:
    """
    Yield the periods that invoices have, in order. An invoice closes its period, unless the contract's is still open.

    :param invoice_detail: the month's dataset of that name.
    """
    of_invoices = invoice_detail.group_by(["BillingPeriodStart", "BillingPeriodEnd"]).aggregate(
        [("InvoiceDetailCreated", "min"), ("InvoiceDetailLastUpdated", "max")]
    )
    still_open = {
        tuple(map(midnight, days))
        for of_account in cycles.values()
        for days, closed in of_account.items()
        if not closed
    }
    for row in of_invoices.sort_by(
        [("BillingPeriodStart", "ascending"), ("BillingPeriodEnd", "ascending")]
    ).to_pylist():
        interval = row["BillingPeriodStart"], row["BillingPeriodEnd"]
        times = row["InvoiceDetailCreated_min"], row["InvoiceDetailLastUpdated_max"]
        yield BillingPeriod(issuer, *interval, *times, closed=interval not in still_open)
