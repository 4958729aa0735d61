"""Connections to the billing database, always by psycopg2."""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Engine, NullPool, QueuePool, create_engine, make_url

from billing import exact_json


def engine_from_url(url: str | URL, *, keep_open: bool = False) -> Engine:
    """
    Make an engine with the psycopg2 dialect named, whatever else is installed. Times are read in UTC.

    :param keep_open: keep one connection open between transactions, for a task that has many: to connect costs more
        than to store an answer. It is tried before each use, for it may have been idle while a vendor was asked.
    """
    pool: dict[str, Any] = {"poolclass": NullPool}
    if keep_open:
        pool = {"poolclass": QueuePool, "pool_size": 1, "pool_pre_ping": True}
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg2"),
        **pool,
        client_encoding="utf8",  # whatever PGCLIENTENCODING says
        json_serializer=exact_json.dumps,
        json_deserializer=exact_json.loads_text,
        connect_args={"connect_timeout": 10, "application_name": "tieout", "options": "-c timezone=UTC"},
    )
