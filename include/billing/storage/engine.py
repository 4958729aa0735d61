"""
Connections to the billing database, always by psycopg2.

Nothing depends on a startup option or on the state of a session: behind a connection pooler each transaction may get
another connection of the server. What a transaction needs it sets for itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, QueuePool, create_engine, event, make_url

from billing.payloads import exact_json
from billing.storage.revision import hold_revision
from billing.storage.server_errors import TASK_LOGIN, raise_our_errors
from billing.storage.transaction import begin_transaction


def engine_from_url(url: str | URL, *, keep_open: bool = False) -> Engine:
    """
    Create an engine with the psycopg2 dialect, whatever other drivers are installed. Times are read in UTC.

    :param keep_open: keep one connection open between transactions, for a task that has many: connecting takes
        longer than storing a response. It is tested before each use, as it may have been idle during a vendor request.
    """
    return _engine(url, begin_transaction, keep_open=keep_open)


def task_engine(url: str | URL, login: str = TASK_LOGIN) -> Engine:
    """
    Create the engine of a task: one connection; migrations wait for each of its transactions.

    Two listeners of SQLAlchemy do the rest, wherever the code begins a transaction: ``hold_revision`` at each begin,
    and ``raise_our_errors`` at each error.

    :param login: what to do if the login lacks a right.
    :raises StorageError: at each use, if the schema has another version, the server is read-only, or it is gone, is
        full, or has ended the transaction: the task may be run again.
    :raises ConfigurationError: the login lacks a right.
    """
    engine = _engine(url, hold_revision, keep_open=True)
    raise_our_errors(engine, login)
    return engine


def _engine(url: str | URL, begin: Callable[[Connection], None], *, keep_open: bool) -> Engine:
    pool: dict[str, Any] = {"poolclass": NullPool}
    if keep_open:
        pool = {"poolclass": QueuePool, "pool_size": 1, "pool_pre_ping": True}
    address = make_url(url).set(drivername="postgresql+psycopg2")
    given = {"connect_timeout": 10, "application_name": "tieout", "client_encoding": "utf8"}
    engine = create_engine(
        address,
        **pool,
        use_native_hstore=False,  # no column of ours is one; looking for the type costs each connection a query
        hide_parameters=True,  # an error names the statement; a vendor's response stays out of logs
        json_serializer=exact_json.dumps,
        json_deserializer=exact_json.loads_text,
        connect_args={name: value for name, value in given.items() if name not in address.query},
    )
    event.listen(engine, "begin", begin)
    return engine
