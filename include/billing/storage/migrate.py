"""
Bring the billing database's schema to the version this code needs.

    python -m billing.storage.migrate postgresql+psycopg2://user:password@host/billing
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from billing.errors import BillingError, StorageError
from billing.storage.engine import engine_from_url
from billing.storage.server_errors import MIGRATION_LOGIN, raise_our_errors

URL_VARIABLE = "TIEOUT_BILLING_URL"
_MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def upgrade(url: str, revision: str = "head") -> None:
    """
    Create or upgrade schema ``billing``, in one transaction; does nothing if it is at that revision already.

    :raises StorageError: the database cannot hold what vendors write, is read-only, or is of a newer Tieout.
    :raises ConfigurationError: the login lacks a right.
    """
    _run(url, lambda config: command.upgrade(config, revision))


def downgrade(url: str, revision: str) -> None:
    """Downgrade the schema to a revision; ``base`` removes all of it, rows included."""
    _run(url, lambda config: command.downgrade(config, revision))


def head() -> str:
    """Return the newest schema version; ``REVISION`` in ``billing.storage.revision`` must be the same."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    if revision is None:
        raise StorageError("the installation is incomplete: it contains no migrations; install tieout again")
    return revision


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _run(url: str, step: Callable[[Config], None]) -> None:
    config = _config()
    engine = engine_from_url(url)
    raise_our_errors(engine, MIGRATION_LOGIN)
    with engine.begin() as connection:
        _check_encoding(connection)
        config.attributes["connection"] = connection
        try:
            step(config)
        except CommandError as error:  # e.g. the schema was created by a newer Tieout
            raise StorageError(f"the billing database cannot be migrated: {error}") from error


def _check_encoding(connection: Connection) -> None:
    """
    Raise an error unless the database can hold every text that a vendor may write.

    :raises StorageError: names its encoding.
    """
    encoding = connection.scalar(
        text("select pg_encoding_to_char(encoding) from pg_database where datname = current_database()")
    )
    if encoding != "UTF8":
        raise StorageError(
            f"the billing database has the encoding {encoding}, which cannot hold what vendors write: create another "
            "one with `create database … encoding 'UTF8' template template0` and migrate that"
        )


def main() -> None:
    """Upgrade the database named on the command line or, so that no password shows there, in TIEOUT_BILLING_URL."""
    url = sys.argv[1] if len(sys.argv) > 1 else os.environ.get(URL_VARIABLE)
    if not url:
        sys.exit(f"give the database's URL as the argument or in {URL_VARIABLE}")
    try:
        upgrade(url)
    except (BillingError, SQLAlchemyError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
