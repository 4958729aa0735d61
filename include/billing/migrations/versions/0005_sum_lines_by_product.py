"""
Keep the sums of lines by product and month, so that years of bills are not added up anew for every question.

Revision: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Whose sums they are stays; what they come to moves with every version that is stored.
KEEP_IDENTITY = """
create trigger identity before update of vendor, month, currency, product or delete or truncate
on billing.product_month for each statement execute function billing.refuse_change()
"""

SUM_WHAT_IS_THERE = """
insert into billing.product_month (vendor, month, currency, product, lines, amount)
select r.vendor, i.month, coalesce(i.currency, ''), coalesce(l.product, ''), count(*), sum(l.amount)
from billing.record r
join billing.invoice i on (i.record_key, i.version) = (r.record_key, r.current_version)
join billing.invoice_line l on (l.record_key, l.version) = (r.record_key, r.current_version)
group by 1, 2, 3, 4
"""


def upgrade() -> None:
    op.create_table(
        "product_month",
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False, comment="empty where the invoice names none"),
        sa.Column("product", sa.Text(), nullable=False, comment="empty where the line names none"),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.Numeric(), nullable=False),
        sa.PrimaryKeyConstraint("vendor", "month", "currency", "product", name=op.f("product_month_pkey")),
        schema="billing",
    )
    op.execute(SUM_WHAT_IS_THERE)
    op.execute(KEEP_IDENTITY)


def downgrade() -> None:
    op.drop_table("product_month", schema="billing")
