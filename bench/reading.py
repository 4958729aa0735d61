"""
Query stored bills as users do: the median time of each query, its plan, and what a million lines take on the disk.

    .venv/bin/python bench/reading.py              6 months of 40 accounts, 100 lines each
    .venv/bin/python bench/reading.py --size L     36 months of 200 accounts, 500 lines each: 3.6 million lines
    .venv/bin/python bench/reading.py --plans      the plans in full, with buffers

An embedded Postgres with its default settings; the tables and indexes are those that the migrations make. Every query
runs until its rows are fetched, over and over on one connection, so its pages are in memory as they are in daily use.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import psycopg2

from billing.storage.migrate import upgrade
from history.fill import Extent, fill
from history.queries import BESIDE, QUERIES, values_of
from termination import unwind_on_sigterm
from tieout_stack.postgres import PostgresServer

EXTENTS = {"S": Extent(months=6, accounts=40, lines=100), "L": Extent(months=36, accounts=200, lines=500)}
RUNS = 20
LIMIT_MILLISECONDS = 50.0
_INVOICE = """
    select invoice_id from billing.current_invoice
    where vendor = %(vendor)s and account = %(account)s and month = %(month)s"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=EXTENTS, default="S")
    parser.add_argument("--plans", action="store_true")
    arguments = parser.parse_args()
    unwind_on_sigterm()
    with tempfile.TemporaryDirectory(prefix="tieout-bench-") as folder:
        Path(folder).chmod(0o755)  # the user who runs Postgres for root must get through
        with PostgresServer(Path(folder)) as server:
            server.create_database("reading")
            upgrade(server.url("reading"))
            connection = psycopg2.connect(server.url("reading").replace("+psycopg2", ""))
            try:
                sys.exit(read(connection, EXTENTS[arguments.size], plans=arguments.plans))
            finally:
                connection.close()


def read(connection: psycopg2.extensions.connection, extent: Extent, *, plans: bool) -> int:
    """Fill the tables, run every query, print; return 1 if one is above the limit."""
    began = time.monotonic()
    fill(connection, extent)
    lines = _value(connection, "select count(*) from billing.current_invoice_line")
    print(f"\n{extent.months} months of {extent.accounts} accounts: {lines:,} lines; ", end="")
    print(f"filled in {time.monotonic() - began:.0f} s; medians of {RUNS} runs, limit {LIMIT_MILLISECONDS:.0f} ms")
    slow = []
    invoice = _value(connection, _INVOICE, values_of(""))
    print(f"{'query':36}{'ms':>9}{'slowest':>9}{'rows':>9}")
    for name, query in (QUERIES | BESIDE).items():
        milliseconds, rows = _timed(connection, query, values_of(invoice))
        print(f"{name:36}{median(milliseconds):9.1f}{max(milliseconds):9.1f}{rows:9,}")
        if name in QUERIES and median(milliseconds) > LIMIT_MILLISECONDS:
            slow.append(name)
    for name in QUERIES if plans else slow:
        _print_plan(connection, name, values_of(invoice))
    _print_sizes(connection, lines)
    print(f"above the limit: {', '.join(slow)}" if slow else "within the limit")
    return 1 if slow else 0


def _timed(connection: psycopg2.extensions.connection, query: str, values: dict[str, str]) -> tuple[list[float], int]:
    """Run a query often; return each run's milliseconds, and the number of rows."""
    milliseconds = []
    with connection.cursor() as cursor:
        for _ in range(RUNS):
            began = time.monotonic()
            cursor.execute(query, values)
            rows = len(cursor.fetchall())
            milliseconds.append((time.monotonic() - began) * 1000)
    return milliseconds, rows


def _print_plan(connection: psycopg2.extensions.connection, name: str, values: dict[str, str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"explain (analyze, buffers, costs off) {QUERIES[name]}", values)
        print(f"\nplan of: {name}")
        print("\n".join(f"    {row[0]}" for row in cursor.fetchall()))


def _print_sizes(connection: psycopg2.extensions.connection, lines: int) -> None:
    """Print tables and indexes with over a hundredth of the whole, scaled to a million current lines."""
    query = """
        select relnamespace::regnamespace::text, relname, pg_table_size(oid), pg_indexes_size(oid) from pg_class
        where relkind = 'r' and relnamespace::regnamespace::text in ('billing', 'plain') order by 3 desc"""
    with connection.cursor() as cursor:
        cursor.execute(query)
        sizes = cursor.fetchall()
    print(f"\n{'MB a million lines':36}{'table':>9}{'indexes':>9}")
    for schema in ("billing", "plain"):
        ours = [row for row in sizes if row[0] == schema]
        whole = sum(row[2] + row[3] for row in ours)
        for _, table, rows, indexes in ours:
            if (rows + indexes) * 100 > whole:
                print(f"{schema + '.' + table:36}{rows / lines:9.1f}{indexes / lines:9.1f}")
        print(f"{schema + ', all':36}{sum(r[2] for r in ours) / lines:9.1f}{sum(r[3] for r in ours) / lines:9.1f}")


def _value(connection: psycopg2.extensions.connection, query: str, values: dict[str, str] | None = None) -> Any:  # noqa: ANN401 (a value of any column)
    """Return the one value of a query."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        ((value,),) = cursor.fetchall()
        return value


if __name__ == "__main__":
    main()
