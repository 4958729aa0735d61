"""A Tieout of the future: its schema is one version further on than this code knows."""

from __future__ import annotations

import shutil
from pathlib import Path

from alembic import command
from alembic.config import Config

from billing.storage import migrate
from billing.storage.engine import engine_from_url
from billing.storage.revision import REVISION

NEXT = "9999"
# it touches the tables in another order than a task does, and each with the strongest lock
MIGRATION = f'''
"""Revision: {NEXT}"""

from alembic import op

revision, down_revision, branch_labels, depends_on = "{NEXT}", "{REVISION}", None, None
TABLES = ("control_result", "account_month", "record", "fetch", "payload")


def upgrade():
    for table in TABLES:
        op.execute(f"alter table billing.{{table}} add column of_the_future integer")


def downgrade():
    for table in TABLES:
        op.execute(f"alter table billing.{{table}} drop column of_the_future")
'''


def make_migrations(folder: Path) -> Path:
    """Copy the migrations and add one."""
    made = folder / "migrations"
    shutil.copytree(Path(migrate.__file__).parent.parent / "migrations", made)
    (made / "versions" / f"{NEXT}_the_future.py").write_text(MIGRATION, encoding="utf-8")
    return made


def move(url: str, migrations: str, revision: str) -> None:
    """Bring a database to a revision, as the command of that version does; for a process of its own."""
    config = Config()
    config.set_main_option("script_location", migrations)
    config.set_main_option("path_separator", "os")
    with engine_from_url(url).begin() as connection:
        config.attributes["connection"] = connection
        (command.upgrade if revision == NEXT else command.downgrade)(config, revision)
