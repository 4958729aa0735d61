"""The schema version that this code needs. Small on purpose: every task asks, and Alembic takes long to import."""

from __future__ import annotations

from sqlalchemy import Connection, text

from billing.errors import StorageError
from billing.storage.tables import SCHEMA

REVISION = "0003"


def check_revision(connection: Connection) -> None:
    """
    Refuse to work on a schema of another version.

    :raises StorageError: says which version is there, which is needed and which command mends it.
    """
    known = connection.scalar(text("select to_regclass(:name)"), {"name": f"{SCHEMA}.alembic_version"})
    found = connection.scalar(text(f"select version_num from {SCHEMA}.alembic_version")) if known else None
    if found != REVISION:
        raise StorageError(
            f"the billing database is at schema version {found or 'none'}, this code needs {REVISION}: run "
            "`python -m billing.storage.migrate` with the owner's URL, or install the Tieout version that made it"
        )
