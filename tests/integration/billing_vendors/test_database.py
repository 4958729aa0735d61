"""The connection ``billing_db``: what it may say, and what it is told if it may not."""

import json

import pytest
from sqlalchemy import make_url, text

from billing.errors import ConfigurationError, StorageError
from billing_vendors.base.tasks.database import BILLING_CONN_ID, billing_engine


@pytest.fixture
def connect(tasks_url, monkeypatch):
    """Name the database by an Airflow connection with some fields changed; return its engine."""
    engines = []

    def connected(host=None, **extra):
        url = make_url(tasks_url)
        place = {"host": host or url.host, "port": url.port, "login": url.username, "password": url.password}
        connection = {"conn_type": "postgres", **place, "schema": url.database, "extra": extra}
        monkeypatch.setenv(f"AIRFLOW_CONN_{BILLING_CONN_ID.upper()}", json.dumps(connection))
        engines.append(billing_engine())
        return engines[-1]

    yield connected
    for engine in engines:
        engine.dispose()


def test_several_hosts_and_the_one_that_is_wanted_may_be_named(connect):
    """The first host that accepts writes is used."""
    engine = connect("127.0.0.2,127.0.0.1", target_session_attrs="read-write", connect_timeout=5, sslmode="prefer")
    with engine.begin() as connection:
        assert connection.scalar(text("show transaction_read_only")) == "off"


def test_a_server_that_does_not_accept_writes_is_not_used(connect):
    with pytest.raises(StorageError, match=r"session is not read-only|not read-only"):
        connect(target_session_attrs="read-only")


@pytest.mark.parametrize("extra", [{"options": "-c x=y"}, {"client_secret": "hidden-value"}])
def test_any_other_parameter_is_refused_by_name(connect, extra):
    with pytest.raises(ConfigurationError, match=f"target_session_attrs.*unknown: {next(iter(extra))}") as refused:
        connect(**extra)
    assert "hidden-value" not in str(refused.value)
