"""Connections to the billing database, always by psycopg2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
from sqlalchemy import URL, Engine, ExceptionContext, NullPool, QueuePool, create_engine, event, make_url

from billing.errors import StorageError
from billing.payloads import exact_json
from billing.storage.revision import hold_revision


def engine_from_url(url: str | URL, *, keep_open: bool = False) -> Engine:
    """
    Create an engine with the psycopg2 dialect, whatever other drivers are installed. Times are read in UTC.

    :param keep_open: keep one connection open between transactions, for a task that has many: connecting takes
        longer than storing a response. It is tested before each use, as it may have been idle during a vendor request.
    """
    pool: dict[str, Any] = {"poolclass": NullPool}
    if keep_open:
        pool = {"poolclass": QueuePool, "pool_size": 1, "pool_pre_ping": True}
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg2"),
        **pool,
        use_native_hstore=False,  # no column of ours is one; looking for the type costs each connection a query
        client_encoding="utf8",  # whatever PGCLIENTENCODING says
        hide_parameters=True,  # an error names the statement; a vendor's response stays out of logs
        json_serializer=exact_json.dumps,
        json_deserializer=exact_json.loads_text,
        connect_args={"connect_timeout": 10, "application_name": "tieout", "options": "-c timezone=UTC"},
    )


def task_engine(url: str | URL) -> Engine:
    """
    Create the engine of a task: one connection; migrations wait for each of its transactions.

    Two listeners of SQLAlchemy do it, wherever the code begins a transaction: ``hold_revision`` at each begin, and
    ``_raise_storage_error`` at each error.

    :raises StorageError: at each use, if the schema has another version, or the server is gone, is full, or has
        ended the transaction: the task may be run again.
    """
    engine = engine_from_url(url, keep_open=True)
    event.listen(engine, "begin", hold_revision)
    event.listen(engine, "handle_error", _raise_storage_error)
    return engine


@contextmanager
def server_errors() -> Iterator[None]:
    """
    Raise the server's errors as ``task_engine`` does, for COPY: it uses the driver's cursor, not SQLAlchemy.

    :raises StorageError: the server is gone, is full, or has ended the transaction.
    """
    try:
        yield
    except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
        raise _storage_error(error) from error


def _raise_storage_error(context: ExceptionContext) -> None:
    error = context.original_exception
    if isinstance(error, psycopg2.OperationalError) or context.is_disconnect:
        raise _storage_error(error) from error


def _storage_error(error: BaseException) -> StorageError:
    """Return one sentence, without the statement's values. libpq names host, port, user and database, no password."""
    lost = isinstance(error, psycopg2.InterfaceError)  # raised by the rollback; the error before it has the cause
    reason = "the connection was lost" if lost else " ".join(str(error).split()).rstrip(".")
    return StorageError(f"the billing database (connection billing_db) failed: {reason}. The task may be run again")
