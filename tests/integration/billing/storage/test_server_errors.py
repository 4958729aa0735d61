"""What the server refuses is said in one sentence: what happened, what to do, and whether a retry helps."""

import secrets
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from billing.errors import ConfigurationError, PayloadError, StorageError
from billing.storage import tables as t
from billing.storage.copy import copy_rows
from billing.storage.engine import engine_from_url, task_engine
from billing.storage.migrate import upgrade

ODD = {
    "datestyle": "'SQL, DMY'",
    "standard_conforming_strings": "off",
    "bytea_output": "escape",
    "search_path": "''",
    "extra_float_digits": "-15",
    "intervalstyle": "iso_8601",
    "default_transaction_isolation": "serializable",
    "timezone": "'America/New_York'",
    "client_encoding": "latin1",
    "lc_numeric": "'C'",
    "default_transaction_deferrable": "on",
}


@pytest.fixture
def alter(ledger):
    """Change a default of the database, as its administrator may."""
    name = make_url(ledger.url).database
    return lambda change: ledger.rows(f'alter database "{name}" {change}')


def add_fetch(connection):
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    values = {"purpose": "month", "vendor": "v", "account": "a", "month": moment.date(), "dag_run": "r"}
    connection.execute(t.fetch.insert().values(**values, started_at=moment, completed_at=moment))


def copy_line(connection):
    columns = ("record_key", "version", "position", "description", "amount", "attributes")
    copy_rows(connection, t.invoice_line, columns, [(1, 1, 1, "x", 1, {})])


@pytest.mark.parametrize("write", [add_fetch, copy_line])
def test_a_read_only_server_is_said_to_be_one(tasks_url, alter, write):
    alter("set default_transaction_read_only to on")
    engine = task_engine(tasks_url)
    with pytest.raises(StorageError, match=r"is read-only: cannot execute .*target_session_attrs"), engine.begin() as c:
        write(c)
    engine.dispose()


@pytest.mark.parametrize("write", [add_fetch, copy_line])
def test_a_login_without_the_right_is_told_which_one_has_it(person_url, write):
    engine = task_engine(person_url)
    told = r"lacks a right: permission denied for table .*billing_writer"
    with pytest.raises(ConfigurationError, match=told), engine.begin() as connection:
        write(connection)
    engine.dispose()


def test_a_value_that_no_retry_will_store_is_not_called_a_passing_failure(tasks_url):
    engine = task_engine(tasks_url)
    with pytest.raises(PayloadError, match="a retry is useless"), engine.begin() as connection:
        connection.execute(text("select repeat('9', 200000)::numeric"))
    engine.dispose()


@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"database": "nowhere"}, {"username": "nobody"}])
def test_a_connection_that_is_refused_is_to_be_checked(tasks_url, wrong):
    engine = task_engine(make_url(tasks_url).set(**wrong))
    with (
        pytest.raises(StorageError, match=r"\(connection billing_db\) failed: .*\. Check host") as refused,
        engine.begin(),
    ):
        pass
    assert "a retry helps only then" in str(refused.value)


def test_what_only_a_bug_causes_stays_as_it_is(tasks_url):
    engine = task_engine(tasks_url)
    with pytest.raises(DBAPIError, match="nowhere"), engine.begin() as connection:
        connection.execute(text("select * from nowhere"))
    engine.dispose()


def test_odd_settings_of_the_server_change_nothing(ledger, make, alter, tasks_url):
    invoice = make.invoice("10.10", issued_at=datetime(2026, 11, 2, 4, tzinfo=UTC), attributes={"a": "\\x41 'Ж\\'"})
    plain = ledger.store(make.month(invoice))
    for name, setting in ODD.items():
        alter(f"set {name} to {setting}")
    other = replace(invoice, lines=(replace(invoice.lines[0], description="\\ 'Ж' \\x"),))
    assert ledger.store(make.month(invoice), "again").changes == ()
    assert ledger.store(make.month(other), "other").changes[0].cause == "vendor"
    assert ledger.store(make.month(other), "other again").changes == ()
    assert plain.changes[0].cause == "new"
    engine = task_engine(tasks_url)
    with engine.begin() as connection:
        shown = [connection.scalar(text(f"show {name}")) for name in ("timezone", "datestyle", "transaction_isolation")]
    engine.dispose()
    assert shown == ["UTC", "ISO, MDY", "read committed"]


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_that_cannot_hold_what_vendors_write_is_refused(postgres, encoding):
    name = f"test_{secrets.token_hex(6)}"
    administrator = engine_from_url(postgres.url("postgres")).execution_options(isolation_level="AUTOCOMMIT")
    with administrator.connect() as connection:
        connection.execute(text(f"create database {name} template template0 encoding '{encoding}' locale 'C'"))
    with pytest.raises(StorageError, match=f"has the encoding {encoding}, .*encoding 'UTF8' template template0"):
        upgrade(postgres.url(name))
    with engine_from_url(postgres.url(name)).connect() as connection:
        assert connection.scalar(text("select to_regnamespace('billing')")) is None
    postgres.drop_database(name)


def test_a_migration_says_what_hinders_it(ledger, alter, person_url, billing_url):
    with pytest.raises(ConfigurationError, match=r"lacks a right: permission denied .*; migrate with the login"):
        upgrade(person_url)
    name = make_url(billing_url).database
    ledger.rows(f'alter database "{name}" set default_transaction_read_only to on')
    with pytest.raises(StorageError, match="is read-only"):
        upgrade(billing_url)
