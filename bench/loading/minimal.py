"""
A minimal exact loader that may run again: decode, COPY into a staging table, one merge; a digest of each invoice's
bytes shows which are known already. No raw response, no version, no control.
"""

from __future__ import annotations

import hashlib
import io
import sys
from pathlib import Path

import psycopg2

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from loading.job import job_of_process, report
from loading.measuring import measured
from loading.source import Row, Source
from loading.sources import SOURCES

_TABLES = """
create table if not exists invoice
    (invoice_id text primary key, digest bytea, total numeric, currency text, issued timestamptz);
create table if not exists invoice_line
    (invoice_id text, position int, {columns}, primary key (invoice_id, position));
create temporary table new_invoice (like invoice) on commit drop;
create temporary table new_line (like invoice_line) on commit drop;
"""
_MERGE = """
delete from invoice_line using new_invoice where invoice_line.invoice_id = new_invoice.invoice_id;
insert into invoice select * from new_invoice on conflict (invoice_id) do update set
    digest = excluded.digest, total = excluded.total, currency = excluded.currency, issued = excluded.issued;
insert into invoice_line select * from new_line;
"""
_SPECIAL = frozenset("\\\t\n\r")


def main() -> None:
    job = job_of_process()
    with measured(job.dsn, job.postmaster) as cost:
        load(SOURCES[job.vendor], job.vendor_url, job.dsn)
    report(cost)


def load(source: Source, vendor_url: str, dsn: str) -> None:
    """Load all invoices in one transaction; one whose bytes are known is not decoded."""
    connection = psycopg2.connect(dsn)
    with connection, connection.cursor() as cursor:
        cursor.execute(_TABLES.format(columns=source.columns))
        cursor.execute("select invoice_id, digest from invoice")
        known = {invoice_id: bytes(digest) for invoice_id, digest in cursor.fetchall()}
        for page in source.read(vendor_url):
            heads, lines = io.StringIO(), io.StringIO()
            for found in page:
                digest = hashlib.blake2b(b"".join(found.pieces), digest_size=32).digest()
                if known.get(found.invoice_id) != digest:
                    head, rows = source.rows(found)
                    heads.write(_text((found.invoice_id, digest, *head)))
                    lines.writelines(_text((found.invoice_id, n, *row)) for n, row in enumerate(rows, start=1))
            for table, written in (("new_invoice", heads), ("new_line", lines)):
                if written.tell():
                    written.seek(0)
                    cursor.copy_expert(f"copy {table} from stdin", written)
        cursor.execute(_MERGE)
    connection.close()


def _text(row: Row) -> str:
    return "\t".join(map(_value, row)) + "\n"


def _value(value: object) -> str:
    """Write a value for COPY, with escapes for characters that have a meaning in COPY."""
    if isinstance(value, bytes):
        return f"\\\\x{value.hex()}"
    text = str(value)
    if _SPECIAL.isdisjoint(text):
        return text
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


if __name__ == "__main__":
    main()
