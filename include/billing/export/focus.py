"""Write a vendor's month as FOCUS: one file a dataset, in Parquet and CSV, replaced as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import chain

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from sqlalchemy import Connection

from billing.export.billing_period import BILLING_PERIOD_1_4, billing_periods
from billing.export.charges import Issuer, charges, check_payable
from billing.export.columns import csv_file, parquet, tables_of
from billing.export.contract_commitment import CONTRACT_COMMITMENT_1_4, commitments
from billing.export.corrections import Change, changes_after_closing, corrections
from billing.export.cost_and_usage import COST_AND_USAGE_1_2, COST_AND_USAGE_1_4
from billing.export.invoice_detail import INVOICE_DETAIL_1_4
from billing.export.sources import (
    InvoiceVersion,
    billing_cycles,
    closed_at,
    load_contracts,
    months_stored,
    versions_at,
)
from billing.money import exact_sum
from billing.month import Month
from billing.storage.document_store import Folder, put_file

Payable = Mapping[tuple[str, str], Decimal]

OF_CHARGES = {
    "focus-1.2/cost-and-usage": COST_AND_USAGE_1_2,
    "focus-1.4/cost-and-usage": COST_AND_USAGE_1_4,
    "focus-1.4/invoice-detail": INVOICE_DETAIL_1_4,
}
"""The datasets whose billed costs are those of invoices."""


def export_focus(connection: Connection, issuer: Issuer, month: Month, folder: Folder) -> list[str]:
    """
    Write a vendor's month and return the files' paths below the folder; none if the month is not stored.

    A closed month is written as it was closed; what changed afterwards is in the month that saw it.
    Nothing is written unless each file, as it will lie there, says of each invoice what is payable.

    :raises ExportStopped: names the invoices and the differences.
    """
    if not months_stored(connection, issuer.name, month):
        return []
    versions = versions_at(connection, issuer.name, month, closed_at(connection, issuer.name, month))
    cycles = billing_cycles(connection, issuer.name, month)
    changes = changes_after_closing(connection, issuer.name, month)
    made = charges(connection, issuer, month, versions, cycles), corrections(connection, issuer, month, changes)
    tables = tables_of(OF_CHARGES, chain(*made))
    periods = billing_periods(issuer, tables["focus-1.4/invoice-detail"], cycles)
    tables |= tables_of({"focus-1.4/billing-period": BILLING_PERIOD_1_4}, periods)
    if contracts := load_contracts(connection, issuer.name, month):
        committed = commitments(issuer, contracts, month)
        tables |= tables_of({"focus-1.4/contract-commitment": CONTRACT_COMMITMENT_1_4}, committed)
    files = list(_checked_files(tables, payable_of(versions, changes)))
    return [
        put_file(folder, (*dataset.split("/"), issuer.name), f"{month}.{suffix}", body)
        for dataset, suffix, body in files
    ]


def _checked_files(tables: Mapping[str, pa.Table], payable: Payable) -> Iterator[tuple[str, str, bytes]]:
    for dataset, table in tables.items():
        for suffix, body in (("parquet", parquet(table)), ("csv", csv_file(table))):
            if dataset in OF_CHARGES:
                check_file(body, suffix, payable)
            yield dataset, suffix, body


def payable_of(versions: Iterable[InvoiceVersion], changes: Iterable[Change]) -> Payable:
    """Return what is payable by account and invoice: the totals of the headers, and how much they have changed."""
    payable = {(each.account, each.invoice_id): each.total for each in versions}
    for change in changes:
        payable[change.key] = exact_sum((payable.get(change.key, Decimal(0)), change.amount))
    return payable


def check_file(body: bytes, suffix: str, payable: Payable) -> None:
    """
    Read a file of invoices, and compare the sum of each with what is payable.

    :raises ExportStopped: names the invoices and the differences.
    """
    check_payable(_billed(body, suffix), payable)


def _billed(body: bytes, suffix: str) -> dict[tuple[str, str], Decimal]:
    names = ["x_Account", "InvoiceId", "BilledCost"]
    reader = pa.BufferReader(body)
    if suffix == "parquet":
        table = pq.read_table(reader, columns=names)
    else:
        types = {"x_Account": pa.string(), "InvoiceId": pa.string(), "BilledCost": pa.decimal128(38, 12)}
        options = pyarrow.csv.ConvertOptions(include_columns=names, column_types=types)
        table = pyarrow.csv.read_csv(reader, convert_options=options)
    found: dict[tuple[str, str], list[Decimal]] = {}
    for account, invoice_id, billed in zip(*(table[name].to_pylist() for name in names), strict=True):
        found.setdefault((account, invoice_id), []).append(billed)
    return {key: exact_sum(amounts) for key, amounts in found.items()}
