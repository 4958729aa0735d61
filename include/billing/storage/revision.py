"""The schema version that this code needs. Small on purpose: every task asks, and Alembic takes long to import."""

from __future__ import annotations

from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from billing.errors import StorageError
from billing.storage.tables import SCHEMA

REVISION = "0001"

MIGRATION_LOCK = "hashtextextended('billing migrations', 0)"
"""A migration holds this advisory lock alone, a task's transaction beside others."""

_UNDEFINED_TABLE = "42P01"


def check_revision(connection: Connection) -> None:
    """
    Refuse to work on a schema of another version.

    :raises StorageError: says which version is there, which is needed and which command fixes it.
    """
    known = connection.scalar(text("select to_regclass(:name)"), {"name": f"{SCHEMA}.alembic_version"})
    version = text(f"select version_num from {SCHEMA}.alembic_version")  # noqa: S608 (our own constant)
    found = connection.scalar(version) if known else None
    _check(found)


def hold_revision(connection: Connection) -> None:
    """
    Keep the schema as it is until the transaction that begins here ends, or refuse as ``check_revision`` does.

    A migration waits for the transactions in flight, and they for it: nobody writes to a schema that is changing, and
    a task that has outlived a migration is refused at its next transaction. As every transaction takes this lock
    before any other, the wait cannot go round in a circle.
    """
    try:  # one message, two statements: the version is read once the lock is there
        found = connection.exec_driver_sql(
            f"select pg_advisory_xact_lock_shared({MIGRATION_LOCK}); select version_num from {SCHEMA}.alembic_version"  # noqa: S608 (the same)
        ).scalar()
    except ProgrammingError as error:
        if getattr(error.orig, "pgcode", None) != _UNDEFINED_TABLE:
            raise
        found = None
    _check(found)


def _check(found: str | None) -> None:
    if found != REVISION:
        raise StorageError(
            f"the billing database is at schema version {found or 'none'}, this code needs {REVISION}: run "
            "`python -m billing.storage.migrate` with the owner's URL, or install the Tieout version that made it"
        )
