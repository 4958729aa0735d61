"""Compare what is stored with what the simulated vendors billed, and with what a second run has changed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.pool import NullPool

from vendor_simulator.months import Month
from vendor_simulator.world import World

Accounts = Sequence[Mapping[str, Any]]
"""The entries of accounts.yaml."""
InvoiceKey = tuple[str, str, str, str]
"""Vendor, account, month and invoice."""
Figures = tuple[str | None, Decimal, int, Decimal]
"""Currency, total, number of lines, sum of lines."""
Totals = dict[tuple[str, str], tuple[int, int, Decimal]]
"""Invoices, lines and amount by vendor and currency."""

# Tables that record when something was seen: a second run adds rows to them, and changes none.
GROWING = frozenset({"fetch", "payload_sighting", "document_sighting"})
# Columns that move when a month is seen again.
LAST_SEEN = {"account_month": ("fetch_id", "last_seen_at", "inputs_sha256")}
BEFORE = "bench_before"

INVOICES = """
    select i.vendor, i.account, to_char(i.month, 'YYYY-MM'), i.invoice_id, i.currency, i.total::text,
           count(l.amount), coalesce(sum(l.amount), 0)::text
    from billing.current_invoice i left join billing.current_invoice_line l using (record_key, version)
    where to_char(i.month, 'YYYY-MM') between :first and :last
    group by 1, 2, 3, 4, 5, 6
"""


def open_database(url: str) -> Engine:
    return create_engine(url, poolclass=NullPool)


def account_months(accounts: Accounts, first: str, last: str) -> set[tuple[str, str, str]]:
    """List vendor, account and month of all that a backfill must store."""
    months = Month.parse(first).until(Month.parse(last))
    return {
        (account["vendor"], account["name"], str(month))
        for month in months
        for account in accounts
        if account["first_month"] <= str(month)
    }


def faults_of_storage(
    engine: Engine, accounts: Accounts, first: str, last: str, world: World | None = None
) -> tuple[list[str], Totals]:
    """
    Return, in words, what is missing, too much or another figure; and the totals by vendor and currency.

    :param world: what is billed; the simulator's own by default.
    """
    wanted = account_months(accounts, first, last)
    with engine.connect() as connection:
        span = {"first": first, "last": last}
        invoices = connection.execute(text(INVOICES), span).all()
        query = "select vendor, account, to_char(month, 'YYYY-MM') from billing.account_month"
        stored = {tuple(row) for row in connection.execute(text(query))}
    found = {row[:4]: (row[4], Decimal(row[5]), row[6], Decimal(row[7])) for row in map(tuple, invoices)}
    true = _truth(wanted, world or World())
    no_currency = {(each["vendor"], each["name"]) for each in accounts if each.get("api") == "v2"}
    faults = [f"{' '.join(key)}: not stored" for key in sorted(wanted - stored)]
    faults += [f"{' '.join(key)}: stored, and was never billed" for key in sorted(found.keys() - true.keys())]
    faults += [
        f"{' '.join(key)}: billed {figures}, stored {found.get(key)}"
        for key, figures in sorted(true.items())
        if not _equal(found.get(key), figures, silent=key[:2] in no_currency)
    ]
    return faults, _totals(found)


def _equal(stored: Figures | None, billed: Figures, *, silent: bool) -> bool:
    """Compare two invoices; ``silent`` vendors name no currency on a bill, and then none is stored."""
    if stored is not None and silent:
        return stored[0] is None and stored[1:] == billed[1:]
    return stored == billed


def _truth(wanted: Iterable[tuple[str, str, str]], world: World) -> dict[InvoiceKey, Figures]:
    now = datetime.now(UTC)
    return {
        (vendor, account, month, each.invoice_id): (each.currency, each.total, each.lines, each.lines_total)
        for vendor, account, month in wanted
        for each in world.truth(vendor, account, Month.parse(month), now)
    }


def _totals(found: Mapping[InvoiceKey, Figures]) -> Totals:
    totals: Totals = {}
    for (vendor, *_), (currency, total, lines, _) in sorted(found.items()):
        key = vendor, currency or "(not named)"
        invoices, all_lines, amount = totals.get(key, (0, 0, Decimal(0)))
        totals[key] = invoices + 1, all_lines + lines, amount + total
    return totals


def remember(engine: Engine) -> None:
    """Copy every table of the product for a later comparison."""
    with engine.begin() as connection:
        connection.execute(text(f"drop schema if exists {BEFORE} cascade"))
        connection.execute(text(f"create schema {BEFORE}"))
        for table in _tables(connection):
            connection.execute(text(f"create table {BEFORE}.{table} as table billing.{table}"))


def changes(engine: Engine) -> list[str]:
    """Return, in words, which rows differ from the copy, except columns that say when something was seen."""
    with engine.begin() as connection:
        told = []
        for table in _tables(connection):
            told += _differences(connection, table, gone_only=table in GROWING)
        connection.execute(text(f"drop schema {BEFORE} cascade"))
    return told


def _tables(connection: Connection) -> Sequence[str]:
    query = "select tablename from pg_tables where schemaname = 'billing' order by 1"
    return connection.execute(text(query)).scalars().all()


def _differences(connection: Connection, table: str, *, gone_only: bool) -> list[str]:
    columns = connection.execute(
        text("select column_name from information_schema.columns where table_schema = 'billing' and table_name = :t"),
        {"t": table},
    ).scalars()
    kept = ", ".join(name for name in columns if name not in LAST_SEEN.get(table, ()))
    now, before = (f"select ({kept})::text from {schema}.{table}" for schema in ("billing", BEFORE))
    told: list[str] = []
    for what, query in (("is gone", f"{before} except all {now}"), ("is new", f"{now} except all {before}")):
        if what == "is new" and gone_only:
            continue
        rows = connection.execute(text(query)).scalars().all()
        told += [f"{table}: {row[:300]} {what}" for row in rows[:5]]
        told += [f"{table}: and {len(rows) - 5} more"] if len(rows) > 5 else []
    return told
