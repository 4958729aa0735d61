"""
What a billing database and its folder of documents hold, written so that two of them can be compared.

Left out: times, how often something was seen, and an answer's headers, which number the request. Ids that the database
has given are replaced by what they stand for.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg2
from sqlalchemy import BigInteger, DateTime, LargeBinary

from billing.storage.tables import metadata

# what a reading or a look at the clock adds is told apart: see `readings`
SEEN = {"fetch", "payload_sighting", "document_sighting", "missing_document"}
TIMES = {(table.name, c.name) for table in metadata.sorted_tables for c in table.c if isinstance(c.type, DateTime)}
# the vendor's own times are content
OWN_TIMES = {
    *(("invoice", name) for name in ("issued_at", "service_start", "service_end")),
    *(("usage_report", name) for name in ("starts_at", "ends_at")),
    *(("month_to_date", name) for name in ("starts_at",)),
}
# what tells that nothing has changed hashes ids
LEFT_OUT = TIMES - OWN_TIMES | {("payload", "headers"), ("account_month", "inputs_sha256")}
# what an id stands for
NAMES = {
    "payload_id": "select payload_id, concat_ws(' ', vendor, account, request, sha256) from billing.payload",
    "document_id": "select document_id, concat_ws(' ', vendor, account, invoice_id, file_format, sha256) "
    "from billing.document",
    "fetch_id": "select fetch_id, concat_ws(' ', purpose, vendor, account, month) from billing.fetch",
    "first_fetch_id": "select fetch_id, concat_ws(' ', purpose, vendor, account, month) from billing.fetch",
    "record_key": "select record_key, concat_ws(' ', vendor, account, record_type, record_id) from billing.record",
    "reconciliation_id": "select reconciliation_id, concat_ws(' ', vendor, account, month, inputs_sha256, "
    "results_sha256) from billing.reconciliation",
    "snapshot_id": "select snapshot_id, concat_ws(' ', vendor, account, month, total) from billing.month_to_date",
    "accrual_id": "select accrual_id, concat_ws(' ', vendor, account, month, inputs_sha256) from billing.accrual",
    "true_up_id": "select true_up_id, concat_ws(' ', a.vendor, a.account, a.month, t.actual) "
    "from billing.true_up t join billing.accrual a using (accrual_id)",
}
READINGS = """
    select f.purpose, f.account, f.month, array_agg(p.sha256::text order by s.position),
           (select array_agg(d.sha256::text order by d.sha256) from billing.document_sighting ds
            join billing.document d using (document_id) where ds.fetch_id = f.fetch_id)
    from billing.fetch f
    left join billing.payload_sighting s using (fetch_id)
    left join billing.payload p using (payload_id)
    group by f.fetch_id
"""

Dump = dict[str, list[tuple[Any, ...]]]


class JsonRows:
    """The rows of one billing database, read with plain SQL."""

    def __init__(self, url: str) -> None:
        self._plain = url.replace("+psycopg2", "")

    def send(self, query: str) -> list[tuple[Any, ...]]:
        connection = psycopg2.connect(self._plain)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(query)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def dump(self) -> Dump:
        """Give every row of every table, sorted; without times, and ids by what they stand for."""
        connection = psycopg2.connect(self._plain)
        try:
            with connection, connection.cursor() as cursor:
                return _dump(cursor)
        finally:
            connection.close()

    def readings(self) -> Counter[Any]:
        """Count the whole readings by what they brought: a retry may add one, never half of one."""
        return Counter(tuple(map(str, row)) for row in self.send(READINGS))


def _dump(cursor: Any) -> Dump:
    names = {}
    for column, query in NAMES.items():
        cursor.execute(query)
        names[column] = dict(cursor.fetchall())
    found: Dump = {}
    for table in metadata.sorted_tables:
        if table.name in SEEN:
            continue
        columns = [c for c in table.c if (table.name, c.name) not in LEFT_OUT]
        wanted = ", ".join(f"{c.name}{'::text' if isinstance(c.type, LargeBinary) else ''}" for c in columns)
        cursor.execute(f"select {wanted} from {table.fullname}")
        ids = [names.get(c.name) if isinstance(c.type, BigInteger) else None for c in columns]
        rows = [
            tuple(str(value if known is None else known.get(value)) for value, known in zip(row, ids, strict=True))
            for row in cursor
        ]
        found[table.name] = sorted(rows)
    return found


def differences(wanted: Dump, found: Dump) -> dict[str, Any]:
    """Give, by table, the rows that are missing and those that are too many."""
    return {
        name: {"missing": missing, "too many": extra}
        for name in wanted
        if (missing := list((Counter(wanted[name]) - Counter(found[name])).elements())[:3])
        + (extra := list((Counter(found[name]) - Counter(wanted[name])).elements())[:3])
    }


def files(folder: Path) -> dict[str, bytes]:
    """Read all files below a folder, hidden ones too; certificates without their times and what is a hash of those."""
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {
        name: re.sub(rb"[0-9a-f]{64}|\d{4}-\d\d-\d\d[T ][0-9:.]+", b"*", body) if name.startswith("cert") else body
        for name, body in found.items()
    }
