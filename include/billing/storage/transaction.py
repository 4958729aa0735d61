"""What each transaction sets for itself, whatever the server, the database, the login or a pooler has as default."""

from __future__ import annotations

from sqlalchemy import Connection

# not standard_conforming_strings: how the driver writes a string depends on what it was at the connection's start
SETTINGS = (
    # a lock is waited for first, and the rows are read afterwards: they must be those of that moment
    "set transaction isolation level read committed; "
    "set local timezone to 'UTC'; "
    "set local datestyle to 'ISO, MDY'; "
    "set local client_encoding to 'UTF8'"
)


def begin_transaction(connection: Connection) -> None:
    """Set what every transaction needs; they are reset when it ends."""
    connection.exec_driver_sql(SETTINGS)
