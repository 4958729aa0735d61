"""
Grant each role its rights on the tables. Each run of the migrations does so, including new tables.

A role that does not exist is skipped: ``roles.sql`` creates the roles, and an owner can work without them.
"""

from __future__ import annotations

from itertools import chain

from sqlalchemy import Connection, text

from billing.storage.tables import SCHEMA

WRITER, READER, AUDITOR = "billing_writer", "billing_reader", "billing_auditor"
REVIEWER, CLOSER = "billing_reviewer", "billing_closer"

VERSION_TABLE = "alembic_version"
ADDED = {REVIEWER: ("explanation",), CLOSER: ("month_close", "month_close_figure")}
"""
What only one role adds to: what people say of findings, and the events of closing.
"""

UPDATED = {
    "record": ("current_version", "withdrawn"),
    "account_month": ("reconciliation_id", "fetch_id", "currency", "last_seen_at", "inputs_sha256"),
    "product_month": ("product", "named_at", "lines", "amount"),
}
"""
The only columns that tasks update: a record's current version and whether its vendor lists it, a month's last
reconciliation, and sums.
"""

AS_RECEIVED = {"payload": ("headers", "body")}
"""Columns with responses as received, which may contain payment links and people's names: hidden from readers."""


def grant_rights(connection: Connection) -> None:
    """Grant each existing role what it needs and revoke everything else, in the caller's transaction."""
    tables = _relations(connection, "r")
    views = _relations(connection, "v")
    if not tables:
        return
    for role in (WRITER, READER, AUDITOR, *ADDED):
        if connection.scalar(text("select to_regrole(:role) is not null"), {"role": role}):
            for statement in _statements(role, tables, views):
                connection.execute(text(statement))


def _statements(role: str, tables: dict[str, list[str]], views: dict[str, list[str]]) -> list[str]:
    """Return the statements that revoke all rights of one role, then grant those that it needs."""
    start = [
        f"revoke all on all tables in schema {SCHEMA} from {role}",
        f"revoke all on all sequences in schema {SCHEMA} from {role}",
        f"grant usage on schema {SCHEMA} to {role}",
    ]
    hidden = AS_RECEIVED if role in (READER, REVIEWER) else {}
    read = [f"grant select on {SCHEMA}.{name} to {role}" for name in (*tables, *views) if name not in hidden]
    for name in hidden.keys() & tables.keys():
        shown = ", ".join(column for column in tables[name] if column not in hidden[name])
        read.append(f"grant select ({shown}) on {SCHEMA}.{name} to {role}")
    others = {VERSION_TABLE, *chain.from_iterable(ADDED.values())}
    added = [name for name in tables if name not in others] if role == WRITER else ADDED.get(role, ())
    add = [f"grant insert on {SCHEMA}.{name} to {role}" for name in added if name in tables]
    if role != WRITER:
        return start + read + add
    # after a downgrade, a table or a column of it may be missing
    there = {name: [column for column in UPDATED[name] if column in tables[name]] for name in UPDATED if name in tables}
    change = [f"grant update ({', '.join(columns)}) on {SCHEMA}.{name} to {role}" for name, columns in there.items()]
    return start + read + add + change


def _relations(connection: Connection, kind: str) -> dict[str, list[str]]:
    """Return the columns of each existing table (``r``) or view (``v``)."""
    rows = connection.execute(
        text(
            "select c.relname, array_agg(a.attname::text order by a.attnum) as columns from pg_class c "
            "join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped "
            "where c.relnamespace = to_regnamespace(:schema) and c.relkind = :kind group by c.relname order by 1"
        ),
        {"schema": SCHEMA, "kind": kind},
    )
    return {row.relname: row.columns for row in rows}
