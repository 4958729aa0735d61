"""Run migrations inside schema ``billing``, with a version table of their own there."""

from alembic import context
from sqlalchemy import Connection, text

from billing.storage.revision import MIGRATION_LOCK
from billing.storage.rights import grant_rights
from billing.storage.tables import SCHEMA, metadata


def _ours(name: str | None, kind: str, _parents: object) -> bool:
    """Return whether Alembic compares this object with the models: of all schemas, only ``billing``."""
    return kind != "schema" or name == SCHEMA


def _run(connection: Connection) -> None:
    """
    Run the migrations in the caller's transaction.

    Whatever is set ends with it: behind a connection pooler there is no session to keep a lock or a role in.
    """
    # two migrations at once wait for each other here, and each for the transactions of tasks
    connection.execute(text(f"select pg_advisory_xact_lock({MIGRATION_LOCK})"))
    if not connection.scalar(text("select to_regnamespace(:name)"), {"name": SCHEMA}):
        # asked first: "create schema if not exists" needs the right to create schemas even if the schema exists
        connection.execute(text(f"create schema {SCHEMA}"))
    _act_as_owner(connection)
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table_schema=SCHEMA,
        include_schemas=True,
        include_name=_ours,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
        grant_rights(connection)


def _act_as_owner(connection: Connection) -> None:
    """Set the role of the schema's owner, so that everything in it has one owner, whichever login migrates."""
    owner = connection.scalar(
        text("select nullif(pg_get_userbyid(nspowner), current_user) from pg_namespace where nspname = :name"),
        {"name": SCHEMA},
    )
    if owner is not None:
        quoted = connection.dialect.identifier_preparer.quote(owner)
        connection.execute(text(f"set local role {quoted}"))


_run(context.config.attributes["connection"])
