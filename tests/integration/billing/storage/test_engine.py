"""Connections: how many are made, and what becomes of one that the server has closed meanwhile."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from billing.storage.engine import engine_from_url


def server_process(engine):
    with engine.begin() as connection:
        return connection.scalar(text("select pg_backend_pid()"))


@pytest.fixture(params=[False, True], ids=["by itself", "kept open"])
def keep_open(request):
    return request.param


@pytest.fixture
def engine(billing_url, keep_open):
    engine = engine_from_url(billing_url, keep_open=keep_open)
    yield engine
    engine.dispose()


def test_only_a_kept_connection_serves_the_next_transaction(engine, keep_open):
    assert (server_process(engine) == server_process(engine)) is keep_open


def test_a_connection_that_was_closed_by_the_server_is_made_anew(engine, billing_url):
    first = server_process(engine)
    with engine_from_url(billing_url).connect() as other:
        other.execute(text("select pg_terminate_backend(:pid, 5000)"), {"pid": first})

    assert server_process(engine) != first


def test_times_are_in_utc_and_numbers_in_json_exact(engine):
    with engine.connect() as connection:
        assert connection.scalar(text("show timezone")) == "UTC"
        assert str(connection.scalar(text("select '0.1000'::jsonb"))) == "0.1000"


def test_an_error_holds_no_more_of_a_value_than_postgres_itself_quotes(billing_url):
    """A parameter may be a vendor's answer, and an error goes into a log."""
    with engine_from_url(billing_url).begin() as connection:
        connection.execute(text("create table kept (n int not null, body text)"))
    with engine_from_url(billing_url).begin() as connection, pytest.raises(IntegrityError) as raised:
        connection.execute(text("insert into kept values (null, :body)"), {"body": "x" * 100 + "answer-canary"})
    assert "Failing row contains" in str(raised.value)
    assert "answer-canary" not in str(raised.value)
