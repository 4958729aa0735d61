"""The schema version that this code needs. Without Alembic, which is slow to import: every task checks the version."""

from __future__ import annotations

import psycopg2.errors
from sqlalchemy import Connection
from sqlalchemy.exc import ProgrammingError

from billing.errors import StorageError
from billing.storage.tables import SCHEMA
from billing.storage.transaction import SETTINGS

REVISION = "0001"

MIGRATION_LOCK = "hashtextextended('billing migrations', 0)"
"""The advisory lock that a migration holds exclusively, and each transaction of a task shared."""

_LOCK = f"select pg_advisory_xact_lock_shared({MIGRATION_LOCK})"
_VERSION = f"select version_num from {SCHEMA}.alembic_version"  # noqa: S608 (our own constant)


def check_revision(connection: Connection) -> None:
    """
    Raise an error unless the schema has the version that this code needs.

    :raises StorageError: names the version found, the version needed and the command that migrates.
    """
    _check(_read_version(connection, _VERSION))


def hold_revision(connection: Connection) -> None:
    """
    Set what every transaction needs, block migrations until the one that begins here ends, then check the version as
    ``check_revision`` does.

    A migration waits for the transactions in flight, and they wait for it: no task writes to a schema that is changing,
    and a task that was running during a migration fails at its next transaction. Every transaction takes this lock
    before any other lock, so there is no deadlock.
    """
    # in one message: the version is read after the lock is granted, at the cost of one round trip
    _check(_read_version(connection, f"{SETTINGS}; {_LOCK}; {_VERSION}"))


def _read_version(connection: Connection, statement: str) -> str | None:
    """Return the result of the statement; None if there is no version table."""
    try:
        return connection.exec_driver_sql(statement).scalar()
    except ProgrammingError as error:
        if isinstance(error.orig, psycopg2.errors.UndefinedTable):
            return None
        raise


def _check(found: str | None) -> None:
    if found != REVISION:
        raise StorageError(
            f"the billing database is at schema version {found or 'none'}, this code needs {REVISION}: run "
            "`python -m billing.storage.migrate` with the owner's URL, or install the Tieout version that made it"
        )
