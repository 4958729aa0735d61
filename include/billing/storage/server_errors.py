"""The server's errors as ours, each in one sentence: what happened, what to do, and whether a retry helps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import psycopg2
from sqlalchemy import Engine, ExceptionContext, event

from billing.errors import BillingError, ConfigurationError, PayloadError, StorageError

_READ_ONLY, _NO_RIGHT = "25006", "42501"
_CANNOT_HOLD = ("22", "54")  # classes of SQLSTATE: a value is not valid, or beyond one of the server's limits

# while it connects, a server gives no SQLSTATE: known by its words, where it speaks English
_REFUSED = ("password authentication failed", "permission denied", "does not exist", "no pg_hba.conf entry")
_CHECK_CONNECTION = "Check host, login, password and database of the connection; a retry helps only then"

TASK_LOGIN = "give connection billing_db a login of the role billing_writer, or run `python -m billing.storage.migrate`"
CLOSING_LOGIN = "give connection billing_close_db a login of the role billing_closer"
MIGRATION_LOGIN = "migrate with the login that owns the database, or one in the role billing_owner"


def raise_our_errors(engine: Engine, login: str) -> None:
    """
    Let an engine raise the server's errors as ours; those that only a bug causes stay as they are.

    :param login: what to do if the login lacks a right.
    """
    event.listen(engine, "handle_error", partial(_raise, login))


@contextmanager
def server_errors() -> Iterator[None]:
    """
    Raise the server's errors as ``task_engine`` does, for COPY: it uses the driver's cursor, not SQLAlchemy.

    :raises StorageError: the server is gone, is full, is read-only, or has ended the transaction.
    :raises PayloadError: it cannot hold a value.
    :raises ConfigurationError: the login lacks a right.
    """
    try:
        yield
    except psycopg2.Error as error:
        if ours := _ours(error, TASK_LOGIN):
            raise ours from error
        raise


def _raise(login: str, context: ExceptionContext) -> None:
    if ours := _ours(context.original_exception, login, lost=context.is_disconnect):
        raise ours from context.original_exception


def _ours(error: BaseException, login: str, *, lost: bool = False) -> BillingError | None:
    """Return the sentence for an error; None for one that is a bug. libpq names host, port and user, no password."""
    code = getattr(error, "pgcode", None) or ""
    reason = " ".join(str(error).split()).rstrip(".")
    first = str(error).partition("\n")[0].rstrip(".")
    if code == _READ_ONLY:
        return StorageError(
            f"the billing database (connection billing_db) is read-only: {first}. Connect to the primary server, e.g. "
            "by target_session_attrs read-write in the connection's extra, or end what makes it read-only; then run "
            "the task again"
        )
    if code == _NO_RIGHT:
        return ConfigurationError(f"the login of the billing database lacks a right: {first}; {login}")
    if code.startswith(_CANNOT_HOLD):
        return PayloadError(f"Postgres cannot hold a value: {first}; a retry is useless")
    if isinstance(error, psycopg2.InterfaceError):  # raised by the rollback; the error before it has the cause
        reason = "the connection was lost"
    elif not (lost or isinstance(error, psycopg2.OperationalError)):
        return None
    then = _CHECK_CONNECTION if any(words in reason for words in _REFUSED) else "The task may be run again"
    return StorageError(f"the billing database (connection billing_db) failed: {reason}. {then}")
