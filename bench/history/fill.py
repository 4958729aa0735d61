"""
Years of bills straight into the tables of schema ``billing``, by SQL alone, with every constraint and trigger on.

Two vendors share the accounts. One invoice an account and month; one in fifty was restated and has a second version;
each month has 25 control results, one in a hundred of which is an exception.
"""

from __future__ import annotations

from dataclasses import dataclass

import psycopg2

PRODUCTS = 50
RESULTS = 25
LAST_MONTH = "2026-10-01"

_HASH = "sha256((f.fetch_id || 'x')::bytea)"
_STATEMENTS = (
    """
    insert into billing.fetch (purpose, vendor, account, month, dag_run, started_at, completed_at)
    select 'month', case when a %% 2 = 0 then 'fastly' else 'genesys_cloud' end, 'account-' || to_char(a, 'FM000'),
        (date %(last)s - m * interval '1 month')::date, 'fill', now(), now()
    from generate_series(0, %(months)s - 1) m, generate_series(1, %(accounts)s) a
    order by m desc, a
    """,
    """
    insert into billing.record (vendor, account, record_type, record_id, current_version)
    select vendor, account, 'invoice', 'INV' || fetch_id, 1 + (fetch_id %% 50 = 0)::int from billing.fetch
    order by fetch_id
    """,
    f"""
    insert into billing.record_version
        (record_key, version, cause, content_sha256, fetch_id, dag_run, recorded_at)
    select r.record_key, v, case when v = 1 then 'new' else 'vendor' end, {_HASH}, f.fetch_id, 'fill', now()
    from billing.record r join billing.fetch f on r.record_id = 'INV' || f.fetch_id,
        generate_series(1, r.current_version) v
    """,
    """
    insert into billing.invoice_line (record_key, version, position, description, amount, product, product_group,
        region, usage_type, quantity, unit, rate, attributes)
    select v.record_key, v.version, n, 'Product ' || n %% %(products)s, round((n * 7919 %% 99991) / 100.0, 2),
        'Product ' || n %% %(products)s, 'Group ' || n %% 5, 'Region ' || n / %(products)s, 'requests',
        (n * 104729 %% 999983) / 10000.0, 'requests', 0.0075, '{}'
    from billing.record_version v, generate_series(1, %(lines)s) n
    order by v.fetch_id, v.version, n
    """,
    """
    insert into billing.invoice (record_key, version, invoice_id, month, period_evidence, kind, currency, total,
        issued_at, service_start, service_end, statement_number, attributes)
    select r.record_key, v.version, r.record_id, f.month, 'filled', 'invoice', 'USD', sums.total,
        f.month + interval '33 days', f.month, f.month + interval '1 month', 'ST' || f.fetch_id, '{}'
    from billing.record_version v join billing.record r using (record_key) join billing.fetch f using (fetch_id),
        lateral (select sum(amount) as total from billing.invoice_line l
            where l.record_key = v.record_key and l.version = v.version) sums
    """,
    f"""
    insert into billing.reconciliation (vendor, account, month, inputs_sha256, results_sha256, code_version, fetch_id,
        dag_run, recorded_at)
    select vendor, account, month, {_HASH}, {_HASH}, 'fill', fetch_id, 'fill', now() from billing.fetch f
    order by fetch_id
    """,
    """
    insert into billing.control_result (reconciliation_id, position, control_id, subject, state, expected, actual,
        difference, bound, currency, operands, explanation, severity, rule_sha256)
    select r.reconciliation_id, n, 'F' || n, case when n < 10 then 'INV' || r.fetch_id else r.month::text end,
        case when (r.fetch_id * 25 + n) %% 100 = 7 then 'EXCEPTION' when n > 20 then 'NOT_APPLICABLE' else 'PASS' end,
        100.10, 100.10, 0, 0.01, 'USD', '{"lines": "100.10", "header": "100.10"}', 'expected 100.10, found 100.10',
        'exception', sha256(n::text::bytea)
    from billing.reconciliation r, generate_series(1, %(results)s) n order by r.reconciliation_id, n
    """,
    """
    insert into billing.account_month (vendor, account, month, reconciliation_id, fetch_id, currency,
        first_stored_at, last_seen_at)
    select vendor, account, month, reconciliation_id, fetch_id, 'USD', now(), now() from billing.reconciliation
    """,
    # as the migration that made the table
    """
    insert into billing.product_month (vendor, month, item_key, currency, product, named_at, lines, amount)
    select vendor, month, sha256(convert_to(currency || product, 'UTF8')), currency, product, now(), count(*),
        sum(amount)
    from billing.current_invoice_line l
    join (select record_key, version, month, currency from billing.current_invoice) i using (record_key, version)
    group by 1, 2, 3, 4, 5
    """,
)

_PLAIN = (
    """
    create table plain.invoice as
    select r.vendor, r.account, i.invoice_id, i.month, i.kind, i.currency, i.total, i.issued_at, i.service_start,
        i.service_end, i.statement_number
    from billing.record r join billing.invoice i on (i.record_key, i.version) = (r.record_key, r.current_version)
    """,
    """
    create table plain.invoice_line as
    select i.invoice_id, l.position, l.line_id, l.description, l.amount, l.product, l.product_group, l.region,
        l.usage_type, l.quantity, l.unit, l.rate, l.service_start, l.service_end, l.credit_coupon
    from billing.current_invoice_line l join billing.invoice i using (record_key, version)
    """,
    "alter table plain.invoice add primary key (invoice_id)",
    "create index on plain.invoice (month)",
    "alter table plain.invoice_line add primary key (invoice_id, position)",
)


@dataclass(frozen=True)
class Extent:
    """How much there is to read."""

    months: int
    accounts: int
    lines: int


def fill(connection: psycopg2.extensions.connection, extent: Extent) -> None:
    """Fill an empty schema ``billing``, and two plain tables with the same current rows."""
    values = {"last": LAST_MONTH, "products": PRODUCTS, "results": RESULTS} | vars(extent)
    with connection, connection.cursor() as cursor:
        for statement in _STATEMENTS:
            cursor.execute(statement, values)
        cursor.execute("create schema plain")
        for statement in _PLAIN:
            cursor.execute(statement)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze")
