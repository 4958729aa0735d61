"""
Refuse to remove an account's month, or to say that it is another's.

Revision: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# What holds for a month moves on with each reading; that the month was stored, and when first, is evidence.
KEEP_IDENTITY = """
create trigger identity before update of vendor, account, month, first_stored_at or delete or truncate
on billing.account_month for each statement execute function billing.refuse_change()
"""


def upgrade() -> None:
    op.execute(KEEP_IDENTITY)
    # what a guard calls is looked up nowhere but in pg_catalog, and nobody else makes triggers of it
    op.execute("alter function billing.refuse_change() set search_path to pg_catalog, pg_temp")
    op.execute("revoke execute on function billing.refuse_change() from public")


def downgrade() -> None:
    op.execute("grant execute on function billing.refuse_change() to public")
    op.execute("alter function billing.refuse_change() reset search_path")
    op.execute("drop trigger identity on billing.account_month")
