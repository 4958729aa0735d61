"""Connections to the billing database, always by psycopg2."""

from __future__ import annotations

from sqlalchemy import URL, Engine, NullPool, create_engine, make_url

from billing import exact_json


def engine_from_url(url: str | URL) -> Engine:
    """
    Make an engine with the psycopg2 dialect named, whatever else is installed.

    Each task is a process of its own with one short piece of work: no pool is kept. Times are read in UTC.
    """
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg2"),
        poolclass=NullPool,
        client_encoding="utf8",  # whatever PGCLIENTENCODING says
        json_serializer=exact_json.dumps,
        json_deserializer=exact_json.loads_text,
        connect_args={"connect_timeout": 10, "application_name": "tieout", "options": "-c timezone=UTC"},
    )
