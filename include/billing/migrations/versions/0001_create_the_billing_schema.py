"""
Create the billing schema, by the files of sql/0001 in the order of their names.

Rights are not part of a revision: ``env.py`` grants them after every migration (``billing/storage/rights.py``).

Revision: 0001
Revises: None
"""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQL = Path(__file__).resolve().parent.parent / "sql" / revision


def upgrade() -> None:
    for name in ("1_tables", "2_indexes", "3_views", "4_triggers", "5_explanations", "6_closing", "7_alerts"):
        _run(name)


def downgrade() -> None:
    _run("downgrade")


def _run(name: str) -> None:
    statements = (SQL / f"{name}.sql").read_text(encoding="utf-8")
    # without parameters, so that the driver leaves a % as it is
    op.get_bind().exec_driver_sql(statements, execution_options={"no_parameters": True})
