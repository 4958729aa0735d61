"""The billing database as a reviewer sees it: a login that reads, and adds explanations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException
from sqlalchemy import URL, Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from billing.errors import ConfigurationError, StorageError
from billing.payloads import exact_json

CONN_ID = "billing_review_db"
READERS = 8
STATEMENT_SECONDS = 15


def connect() -> Iterator[Connection]:
    """
    Yield a connection whose transaction reads only and sees one state of the database.

    :raises ConfigurationError: there is no usable connection ``billing_review_db``.
    :raises StorageError: the database cannot be reached, or refuses.
    """
    with _transaction("set transaction isolation level repeatable read read only") as connection:
        yield connection


@contextmanager
def writing() -> Iterator[Connection]:
    """Yield a connection whose transaction is committed at the end; errors as ``connect``."""
    with _transaction("set transaction read write") as connection:
        yield connection


@contextmanager
def _transaction(kind: str) -> Iterator[Connection]:
    try:
        with _engine().begin() as connection:
            connection.execute(text(kind))
            connection.execute(text(f"set local statement_timeout to '{STATEMENT_SECONDS}s'"))
            connection.execute(text("set local time zone 'UTC'"))
            yield connection
    except DBAPIError as error:
        reason = " ".join(str(error.orig).split()).rstrip(".")
        raise StorageError(f"the billing database (connection {CONN_ID}) failed: {reason}") from error


@cache
def _engine() -> Engine:
    """Return the engine of this process: a page asks several times in one connection."""
    try:
        given = BaseHook.get_connection(CONN_ID)
    except AirflowNotFoundException as error:
        raise ConfigurationError(
            f"there is no Airflow connection {CONN_ID}: pages read by a login of the role billing_reviewer "
            "(docs/install.md says how to make it)"
        ) from error
    if given.conn_type != "postgres" or not given.host or not given.schema:
        raise ConfigurationError(f"connection {CONN_ID} must be of type postgres and have host and database")
    url = URL.create(
        "postgresql+psycopg2", given.login, given.password, given.host, given.port, given.schema,
        query={name: str(value) for name, value in given.extra_dejson.items()},
    )  # fmt: skip
    return create_engine(
        url,
        pool_size=READERS,
        max_overflow=0,
        pool_pre_ping=True,
        hide_parameters=True,
        client_encoding="utf8",
        json_deserializer=exact_json.loads_text,
        connect_args={"connect_timeout": 5, "application_name": "tieout-pages"},
    )
