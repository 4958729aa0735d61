"""
The limit: download invoices and lines (and files, where there are some) and decode them, then COPY prepared rows
into plain tables of the same columns. The two parts run one after the other.

The rows are those that Tieout has stored of the invoices: records, versions, invoices, lines, in COPY's own text. The
tables have the primary keys and nothing else.
"""

from __future__ import annotations

import io
import sys
import time
from pathlib import Path

import psycopg2

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from loading.job import job_of_process, report
from loading.measuring import measured
from loading.sources import SOURCES

TABLES = ("record", "record_version", "invoice", "invoice_line")


def main() -> None:
    job = job_of_process()
    source = SOURCES[job.vendor]
    ready = {table: io.BytesIO(ready_rows(job.folder, table).read_bytes()) for table in TABLES}
    with measured(job.dsn, job.postmaster) as cost:
        started = time.monotonic()
        for page in source.read(job.vendor_url):
            for found in page:
                source.rows(found)
        loaded = time.monotonic()
        connection = psycopg2.connect(job.dsn)
        with connection, connection.cursor() as cursor:
            for table, rows in ready.items():
                cursor.copy_expert(f"copy {table} from stdin", rows)
        connection.close()
        cost.parts = {"download and parse": loaded - started, "copy": time.monotonic() - loaded}
    report(cost)


def ready_rows(folder: str, table: str) -> Path:
    """Return the file of a table's rows."""
    return Path(folder) / f"{table}.copy"


def make_ready(product_dsn: str, dsn: str, folder: str) -> None:
    """Export the rows of a database that Tieout has loaded; create the plain tables in another one."""
    source, target = psycopg2.connect(product_dsn), psycopg2.connect(dsn)
    with source, target, source.cursor() as out, target.cursor() as cursor:
        for table in TABLES:
            with ready_rows(folder, table).open("wb") as file:
                out.copy_expert(f"copy billing.{table} to stdout", file)
            cursor.execute(_plain_table(out, table))
    source.close()
    target.close()


def _plain_table(cursor: psycopg2.extensions.cursor, table: str) -> str:
    """Return the statement that creates a table with the same columns and key."""
    cursor.execute(
        """select string_agg(format('%%I %%s', attname, format_type(atttypid, atttypmod)), ', ' order by attnum),
            (select string_agg(format('%%I', attname), ', ' order by array_position(conkey, attnum))
                from pg_constraint c join pg_attribute k on k.attrelid = conrelid and k.attnum = any (conkey)
                where conrelid = %(table)s::regclass and contype = 'p')
        from pg_attribute where attrelid = %(table)s::regclass and attnum > 0 and not attisdropped""",
        {"table": f"billing.{table}"},
    )
    ((columns, key),) = cursor.fetchall()
    return f"create table {table} ({columns}, primary key ({key}))"


if __name__ == "__main__":
    main()
