"""
Add accruals, their reversals and true-ups, and the views that lay them beside what was billed.

Revision: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPEND_ONLY = ("accrual", "accrual_part", "accrual_reversal", "true_up", "true_up_document")

# The newest proposal of a month is the one in force, blocked or not.
CURRENT_ACCRUAL = """
create view billing.current_accrual as
select distinct on (vendor, account, month) a.*, a.cut_off - a.as_of as age
from billing.accrual a
order by vendor, account, month, accrual_id desc
"""

# What is booked, by the month it is about. The sum of `amount` is the accrual until the month is billed and the bill
# afterwards. A true-up is no entry of its own: it is what reversal and bills come to, so it has a column of its own.
# A version of an invoice books what it changes: the first its total, a later one the difference to the one before.
ACCRUAL_LEDGER = """
create view billing.accrual_ledger as
with version as (
    select r.vendor, r.account, r.record_id, v.record_key, v.version, v.recorded_at,
           i.month, i.currency, i.total, i.issued_at
    from billing.record r
    join billing.record_version v using (record_key)
    join billing.invoice i using (record_key, version)
    where r.kind = 'invoice'
), posting as (
    select vendor, account, month, currency, record_id, record_key, version,
           case when version = 1 then coalesce(issued_at, recorded_at) else recorded_at end as posted_at, total
    from version
    union all
    select n.vendor, n.account, o.month, o.currency, n.record_id, n.record_key, n.version, n.recorded_at, -o.total
    from version n
    join version o on o.record_key = n.record_key and o.version = n.version - 1
)
select vendor, account, month, currency, 'accrual' as entry, (month + interval '1 month' - interval '1 day')::date
           as booked_on,
       amount, null::numeric as true_up, accrual_id, null as invoice_id, null::integer as version
from billing.accrual
where state = 'PROPOSED'
union all
select a.vendor, a.account, a.month, a.currency, 'reversal', r.reversed_on, r.amount, null, accrual_id, null, null
from billing.accrual_reversal r
join billing.accrual a using (accrual_id)
union all
select p.vendor, p.account, p.month, coalesce(p.currency, m.currency), 'actual',
       (max(p.posted_at) at time zone 'UTC')::date, sum(p.total), null, null, p.record_id, p.version
from posting p
left join billing.account_month m using (vendor, account, month)
group by p.vendor, p.account, p.month, coalesce(p.currency, m.currency), p.record_id, p.record_key, p.version
having p.version = 1 or sum(p.total) <> 0
union all
select a.vendor, a.account, a.month, t.currency, 'true_up',
       (coalesce((select max(p.posted_at) from billing.true_up_document d join posting p using (record_key, version)
                  where d.true_up_id = t.true_up_id), t.recorded_at) at time zone 'UTC')::date,
       null, t.amount, accrual_id, null, null
from billing.true_up t
join billing.accrual a using (accrual_id)
"""

# Of each month the accrual in force and its newest true-up. Averages are statistics: they are not booked.
ACCRUAL_QUALITY = """
create view billing.accrual_quality as
select vendor, account, currency, count(*) as months,
       avg(abs(amount)) as mean_absolute_error, avg(abs(percent)) as mean_absolute_percent,
       avg(amount) as bias, avg(percent) as bias_percent,
       max(abs(amount)) as worst_error, (array_agg(month order by abs(amount) desc, month))[1] as worst_month
from (
    select a.vendor, a.account, a.month, t.currency, t.amount, t.percent,
           row_number() over (partition by t.accrual_id order by t.true_up_id desc) as newest
    from billing.current_accrual a
    join billing.true_up t using (accrual_id)
) of_month
where newest = 1 and amount is not null
group by vendor, account, currency
"""

VIEWS = ("current_accrual", "accrual_ledger", "accrual_quality")


def upgrade() -> None:
    op.create_table(
        "accrual",
        sa.Column("accrual_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=True),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=True, comment="when the basis was read"),
        sa.Column("extrapolated", sa.Boolean(), nullable=False),
        sa.Column("cut_off", sa.DateTime(timezone=True), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("inputs_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("dag_run", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state in ('PROPOSED', 'BLOCKED')", name=op.f("accrual_state_check")),
        sa.CheckConstraint("basis in ('month_to_date_snapshot', 'period_charges')", name=op.f("accrual_basis_check")),
        sa.CheckConstraint(
            "(state = 'PROPOSED') = (amount is not null and as_of is not null)", name=op.f("accrual_amount_check")
        ),
        sa.CheckConstraint("octet_length(inputs_sha256) = 32", name=op.f("accrual_inputs_sha256_check")),
        sa.PrimaryKeyConstraint("accrual_id", name=op.f("accrual_pkey")),
        schema="billing",
    )
    op.create_index(
        "accrual_month_idx", "accrual", ["vendor", "account", "month", "accrual_id"], unique=False, schema="billing"
    )
    op.create_table(
        "accrual_part",
        sa.Column("accrual_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("snapshot_id", sa.BigInteger(), nullable=True),
        sa.Column("record_key", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("whole", sa.Numeric(), nullable=False, comment="what the source says"),
        sa.Column("amount", sa.Numeric(), nullable=False, comment="the month's part, in whole minor units"),
        sa.CheckConstraint(
            "num_nonnulls(snapshot_id, record_key) = 1 and num_nonnulls(record_key, version) <> 1",
            name=op.f("accrual_part_source_check"),
        ),
        sa.ForeignKeyConstraint(
            ["accrual_id"], ["billing.accrual.accrual_id"], name=op.f("accrual_part_accrual_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["snapshot_id"], ["billing.month_to_date.snapshot_id"], name=op.f("accrual_part_snapshot_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["record_key", "version"],
            ["billing.record_version.record_key", "billing.record_version.version"],
            name=op.f("accrual_part_record_key_version_fkey"),
        ),
        sa.PrimaryKeyConstraint("accrual_id", "position", name=op.f("accrual_part_pkey")),
        schema="billing",
    )
    op.create_table(
        "accrual_reversal",
        sa.Column("accrual_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("reversed_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False, comment="the accrual's, with the opposite sign"),
        sa.Column("dag_run", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cause in ('billed', 'superseded')", name=op.f("accrual_reversal_cause_check")),
        sa.ForeignKeyConstraint(
            ["accrual_id"], ["billing.accrual.accrual_id"], name=op.f("accrual_reversal_accrual_id_fkey")
        ),
        sa.PrimaryKeyConstraint("accrual_id", name=op.f("accrual_reversal_pkey")),
        schema="billing",
    )
    op.create_table(
        "true_up",
        sa.Column("true_up_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("accrual_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("actual", sa.Numeric(), nullable=True),
        sa.Column("amount", sa.Numeric(), nullable=True),
        sa.Column("percent", sa.Numeric(), nullable=True),
        sa.Column("days", sa.Integer(), nullable=True, comment="from the cut-off to the day of the last document"),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("dag_run", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("num_nonnulls(actual, amount) <> 1", name=op.f("true_up_amount_check")),
        sa.ForeignKeyConstraint(["accrual_id"], ["billing.accrual.accrual_id"], name=op.f("true_up_accrual_id_fkey")),
        sa.PrimaryKeyConstraint("true_up_id", name=op.f("true_up_pkey")),
        schema="billing",
    )
    op.create_index(op.f("true_up_accrual_id_idx"), "true_up", ["accrual_id"], unique=False, schema="billing")
    op.create_table(
        "true_up_document",
        sa.Column("true_up_id", sa.BigInteger(), nullable=False),
        sa.Column("record_key", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["true_up_id"], ["billing.true_up.true_up_id"], name=op.f("true_up_document_true_up_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["record_key", "version"],
            ["billing.record_version.record_key", "billing.record_version.version"],
            name=op.f("true_up_document_record_key_version_fkey"),
        ),
        sa.PrimaryKeyConstraint("true_up_id", "record_key", name=op.f("true_up_document_pkey")),
        schema="billing",
    )
    for table in APPEND_ONLY:
        op.execute(
            f"create trigger append_only before update or delete or truncate on billing.{table} "
            "for each statement execute function billing.refuse_change()"
        )
    for view in (CURRENT_ACCRUAL, ACCRUAL_LEDGER, ACCRUAL_QUALITY):
        op.execute(view)


def downgrade() -> None:
    for view in reversed(VIEWS):
        op.execute(f"drop view billing.{view}")
    for table in reversed(APPEND_ONLY):
        op.drop_table(table, schema="billing")
