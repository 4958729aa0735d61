"""Write a vendor's month as FOCUS: one file a dataset, in Parquet and CSV, replaced as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from sqlalchemy import Connection

from billing.export.charges import Issuer, charges, check_payable, payable_of
from billing.export.columns import csv_file, parquet, table_of
from billing.export.cost_and_usage import COST_AND_USAGE_1_2
from billing.export.sources import current_versions, months_stored
from billing.money import exact_sum
from billing.month import Month
from billing.storage.document_store import Folder, put_file

Payable = Mapping[tuple[str, str], Decimal]


def export_focus(connection: Connection, issuer: Issuer, month: Month, folder: Folder) -> list[str]:
    """
    Write a vendor's month and return the files' paths below the folder; none if the month is not stored.

    Nothing is written unless each file, as it will lie there, says of each invoice what is payable.

    :raises ExportStopped: names the invoices and the differences.
    """
    if not months_stored(connection, issuer.name, month):
        return []
    versions = current_versions(connection, issuer.name, month)
    table = table_of(COST_AND_USAGE_1_2, charges(connection, issuer, month, versions))
    payable = payable_of(versions)
    bodies = {"parquet": parquet(table), "csv": csv_file(table)}
    for suffix, body in bodies.items():
        check_file(body, suffix, payable)
    folders = ("focus-1.2", "cost-and-usage", issuer.name)
    return [put_file(folder, folders, f"{month}.{suffix}", body) for suffix, body in bodies.items()]


def check_file(body: bytes, suffix: str, payable: Payable) -> None:
    """
    Read a file of Cost and Usage, and compare its invoices with what is payable.

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
