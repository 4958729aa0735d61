"""The billing database and the document folder, as configured in Airflow."""

from __future__ import annotations

import os
from pathlib import Path

from airflow.sdk import BaseHook, ObjectStoragePath
from airflow.sdk.exceptions import AirflowNotFoundException
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import URL, Engine

from billing.errors import ConfigurationError
from billing.pack.signature import private_key
from billing.storage.document_store import Folder
from billing.storage.engine import task_engine
from billing.storage.server_errors import CLOSING_LOGIN, TASK_LOGIN

BILLING_CONN_ID, CLOSING_CONN_ID, SIGNING_CONN_ID = "billing_db", "billing_close_db", "tieout_signing"
DOCUMENTS_VARIABLE = "TIEOUT_DOCUMENTS"
EXPORTS_VARIABLE = "TIEOUT_EXPORTS"
_LIBPQ_OPTIONS = frozenset(
    {
        *("sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "ssl_min_protocol_version", "channel_binding"),
        *("target_session_attrs", "load_balance_hosts", "gssencmode", "krbsrvname"),
        *("connect_timeout", "tcp_user_timeout", "keepalives", "keepalives_idle", "keepalives_interval"),
        *("keepalives_count", "application_name"),
    }
)
"""Connection parameters of libpq that may be in the extra; no other, as ``options`` would not survive a pooler."""


def billing_engine() -> Engine:
    """Create the engine of tasks that collect and reconcile; errors as ``closing_engine``."""
    return _engine(BILLING_CONN_ID, TASK_LOGIN)


def closing_engine() -> Engine:
    """
    Create the engine of tasks that close a month: its login adds events of closing, and no other task's login does.
    The schema is checked.

    :raises ConfigurationError: the connection is not a usable Postgres connection.
    :raises StorageError: the schema has another version, or Postgres rejects the login; later, at each use of the
        engine, for the same reasons.
    """
    return _engine(CLOSING_CONN_ID, CLOSING_LOGIN)


def signing_key() -> Ed25519PrivateKey | None:
    """
    Return the key that signs evidence packs: the password of the Airflow connection ``tieout_signing``, in PEM; a field
    of one line may hold ``\\n`` for its line breaks. None if there is no such connection.

    :raises ConfigurationError: it is no Ed25519 private key.
    """
    try:
        pem = BaseHook.get_connection(SIGNING_CONN_ID).password or ""
    except AirflowNotFoundException:
        return None
    try:
        return private_key(pem.replace("\\n", "\n").encode())
    except ConfigurationError as error:
        raise ConfigurationError(f"connection {SIGNING_CONN_ID}: {error}") from error


def _engine(conn_id: str, login: str) -> Engine:
    connection = BaseHook.get_connection(conn_id)
    options = connection.extra_dejson
    unknown = sorted(set(options) - _LIBPQ_OPTIONS)
    if connection.conn_type != "postgres" or not connection.host or not connection.schema or unknown:
        raise ConfigurationError(
            f"connection {conn_id}: it must be of type postgres with host and database, and its extra may "
            f"hold {', '.join(sorted(_LIBPQ_OPTIONS))}; unknown: {', '.join(unknown) or 'none'}"
        )
    engine = task_engine(
        URL.create(
            "postgresql+psycopg2",
            username=connection.login,
            password=connection.password,
            host=connection.host,
            port=connection.port,
            database=connection.schema,
            query={name: str(value) for name, value in options.items()},
        ),
        login,
    )
    with engine.begin():  # every transaction checks the version, so an empty one is enough
        return engine


def documents_folder() -> Folder:
    """
    Return the folder for vendors' files: ``TIEOUT_DOCUMENTS``, a local path or an Airflow object storage URL
    (``s3://conn_id@bucket/path``); by default ``documents`` in Airflow's home.

    Workers on several machines need one folder that all of them can reach.
    """
    return folder_of(os.environ.get(DOCUMENTS_VARIABLE), "documents")


def exports_folder() -> Folder:
    """Return the folder for exports: ``TIEOUT_EXPORTS``, as for vendors' files; by default ``exports``."""
    return folder_of(os.environ.get(EXPORTS_VARIABLE), "exports")


def folder_of(place: str | None, default: str) -> Folder:
    """Return a local folder, or one of an object storage URL; if no place is given, a folder in Airflow's home."""
    if place and "://" in place:
        return ObjectStoragePath(place)
    return Path(place) if place else Path(os.environ.get("AIRFLOW_HOME", "~/airflow")).expanduser() / default
