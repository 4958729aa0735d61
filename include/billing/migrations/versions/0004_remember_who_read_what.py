"""
Remember out of which bytes, and by which code, a version was read, and what a month's results rest on; write and read
large accounts faster.

A month that is read again unchanged is known to be so without deriving and proving it. Rows are held to their version
once a statement and not once a row; the summary of months and the open results no longer cost more with every month.

Revision: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

COLUMNS = (
    ("record_version", "source_sha256", "of the bytes that held the record whole, where a list did"),
    ("record_version", "reader_sha256", "of the code and the configuration that read it"),
    ("account_month", "proved_sha256", "of all that the results rest on; null: to be proved again"),
)

ROWS = ("invoice_line", "contract_item", "charge", "wallet", "usage_line")

# Versions are never removed, so what holds when rows are written holds for ever.
CHECK_VERSIONS = """
create function billing.check_versions() returns trigger language plpgsql set search_path to pg_catalog, pg_temp as $$
begin
    if exists (
        select from (select distinct record_key, version from new_rows) n
        where not exists (
            select from billing.record_version v where (v.record_key, v.version) = (n.record_key, n.version)
        )
    ) then
        raise exception 'billing.%: rows of a version that is not there', tg_table_name
            using errcode = 'foreign_key_violation';
    end if;
    return null;
end $$
"""

SUMMARY_COLUMNS = """
select m.vendor, m.account, m.month, i.currency, i.invoices, i.lines, i.total,
       c.passed, c.exceptions, c.blocked, c.not_applicable,
       case when c.exceptions > 0 then 'exceptions'
            when c.blocked > 0 or c.passed + c.not_applicable = 0 then 'blocked'
            else 'proved' end as status,
       m.first_stored_at, m.last_seen_at
from billing.account_month m
"""

CONTROLS = """
cross join lateral (
    select count(*) filter (where state in ('PASS', 'PASS_WITHIN_ROUNDING', 'VARIANCE_TOLERATED')) as passed,
           count(*) filter (where state = 'EXCEPTION') as exceptions,
           count(*) filter (where state = 'BLOCKED') as blocked,
           count(*) filter (where state = 'NOT_APPLICABLE') as not_applicable
    from billing.control_result x
    where x.reconciliation_id = m.reconciliation_id
) c
"""

# Invoices once for all months; what a query does not ask for, the lines' number say, is not computed.
INVOICES_OF_ALL_MONTHS = """
join (
    select a.vendor, a.account, a.month, coalesce(v.currency, a.currency) as currency,
           count(v.record_key) as invoices, coalesce(sum(v.lines), 0)::bigint as lines,
           coalesce(sum(v.total), 0) as total
    from billing.account_month a
    left join (
        select r.vendor, r.account, n.month, n.currency, n.total, n.record_key,
               (select count(*) from billing.invoice_line l
                where l.record_key = n.record_key and l.version = n.version) as lines
        from billing.record r
        join billing.invoice n on n.record_key = r.record_key and n.version = r.current_version
    ) v on (v.vendor, v.account, v.month) = (a.vendor, a.account, a.month)
    group by a.vendor, a.account, a.month, coalesce(v.currency, a.currency)
) i on (i.vendor, i.account, i.month) = (m.vendor, m.account, m.month)
"""

INVOICES_OF_ONE_MONTH = """
cross join lateral (
    select coalesce(currency, m.currency) as currency, count(*) as invoices, sum(lines)::bigint as lines,
           sum(total) as total
    from (
        select v.currency, v.total,
               (select count(*) from billing.invoice_line l
                where l.record_key = v.record_key and l.version = v.version) as lines
        from billing.record r
        join billing.invoice v on v.record_key = r.record_key and v.version = r.current_version
        where r.vendor = m.vendor and r.account = m.account and r.kind = 'invoice' and v.month = m.month
    ) of_month
    group by coalesce(currency, m.currency)
    union all
    select m.currency, 0, 0, 0
    where not exists (
        select from billing.record r
        join billing.invoice v on v.record_key = r.record_key and v.version = r.current_version
        where r.vendor = m.vendor and r.account = m.account and r.kind = 'invoice' and v.month = m.month
    )
) i
"""


def upgrade() -> None:
    for table, name, comment in COLUMNS:
        op.add_column(table, sa.Column(name, sa.LargeBinary(), comment=comment), schema="billing")
        op.create_check_constraint(op.f(f"{table}_{name}_check"), table, f"octet_length({name}) = 32", schema="billing")
    op.execute(CHECK_VERSIONS)
    op.execute("revoke execute on function billing.check_versions() from public")
    for table in ROWS:
        op.execute(
            f"create trigger versions after insert on billing.{table} referencing new table as new_rows "
            "for each statement execute function billing.check_versions()"
        )
        op.drop_constraint(op.f(f"{table}_record_key_version_fkey"), table, schema="billing", type_="foreignkey")
    op.create_index(
        "control_result_open_idx",
        "control_result",
        ["reconciliation_id"],
        schema="billing",
        postgresql_where=sa.text("state in ('EXCEPTION', 'BLOCKED')"),
    )
    op.execute(
        f"create or replace view billing.account_month_summary as {SUMMARY_COLUMNS}{INVOICES_OF_ALL_MONTHS}{CONTROLS}"
    )


def downgrade() -> None:
    op.execute(
        f"create or replace view billing.account_month_summary as {SUMMARY_COLUMNS}{INVOICES_OF_ONE_MONTH}{CONTROLS}"
    )
    op.drop_index("control_result_open_idx", "control_result", schema="billing")
    for table in ROWS:
        op.create_foreign_key(
            op.f(f"{table}_record_key_version_fkey"),
            table,
            "record_version",
            ["record_key", "version"],
            ["record_key", "version"],
            source_schema="billing",
            referent_schema="billing",
        )
        op.execute(f"drop trigger versions on billing.{table}")
    op.execute("drop function billing.check_versions()")
    for table, name, _ in reversed(COLUMNS):
        op.drop_column(table, name, schema="billing")
