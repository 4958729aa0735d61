"""What each role of the billing database must not do, tried by a login of that role, in a real Postgres."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import errors
from sqlalchemy import make_url, text

from billing.storage import migrate
from billing.storage.engine import engine_from_url
from billing.storage.rights import (
    ADDED,
    AS_RECEIVED,
    AUDITOR,
    CLOSER,
    READER,
    REVIEWER,
    UPDATED,
    VERSION_TABLE,
    WRITER,
)
from billing.storage.roles import URL_VARIABLE, create_roles
from billing.storage.tables import MUTABLE_TABLES, metadata
from tieout_stack.logins import ensure_login
from tieout_stack.postgres import PostgresServer

TABLES = sorted(table.name for table in metadata.tables.values())
OWNER = "billing_owner"
REFUSED = (errors.InsufficientPrivilege, errors.InvalidSchemaName)

Ask = Callable[..., list[tuple[object, ...]]]


@pytest.fixture(scope="module")
def database(postgres: PostgresServer) -> Iterator[str]:
    """A database as an administrator prepares it, migrated by a login of the owner's role; gives the owner's URL."""
    name = f"roles_{secrets.token_hex(4)}"
    postgres.create_database(name)
    create_roles(postgres.url(name))
    with engine_from_url(postgres.url(name)).begin() as connection:
        for role in (OWNER, WRITER, READER, REVIEWER, CLOSER, AUDITOR):
            ensure_login(connection, f"test_{role}", role, role)
    url = postgres.url(name, f"test_{OWNER}", OWNER)
    migrate.upgrade(url)
    yield url
    postgres.drop_database(name)


@pytest.fixture
def as_role(database: str) -> Iterator[Callable[[str], Ask]]:
    """Open a connection by a login of a role; each statement is a transaction."""
    opened = []

    def connect(role: str) -> Ask:
        url = make_url(database).set(drivername="postgresql", username=f"test_{role}", password=role)
        connection = psycopg2.connect(url.render_as_string(hide_password=False))
        connection.autocommit = True
        opened.append(connection)

        def send(statement: str, *values: object) -> list[tuple[object, ...]]:
            with connection.cursor() as cursor:
                cursor.execute(statement, values or None)
                return cursor.fetchall() if cursor.description else []

        return send

    yield connect
    for connection in opened:
        connection.close()


@pytest.fixture
def owner(as_role):
    return as_role(OWNER)


@pytest.fixture
def writer(as_role):
    return as_role(WRITER)


@pytest.fixture
def reader(as_role):
    return as_role(READER)


def column_of(table: str) -> str:
    return list(metadata.tables[f"billing.{table}"].c)[-1].name


def changes(table: str) -> list[str]:
    """Every way to change or to remove a table's rows."""
    column = column_of(table)
    return [
        f"update billing.{table} set {column} = {column}",
        f"delete from billing.{table}",
        f"truncate billing.{table} cascade",
        f"merge into billing.{table} t using (select 1) s on true when matched then delete",
    ]


# -- rows


@pytest.mark.parametrize("table", sorted(set(TABLES) - MUTABLE_TABLES))
@pytest.mark.parametrize("role", [WRITER, READER, REVIEWER, CLOSER, AUDITOR])
def test_nobody_changes_evidence(as_role, role, table):
    """Not by right: the statement is refused before the table's trigger is asked."""
    send = as_role(role)
    for statement in changes(table):
        with pytest.raises(errors.InsufficientPrivilege, match="permission denied"):
            send(statement)
    with pytest.raises(errors.InsufficientPrivilege, match=r"must be owner|permission denied"):
        send(f"alter table billing.{table} disable trigger all")


@pytest.mark.parametrize("table", TABLES)
def test_the_owner_meets_the_trigger(owner, table):
    """Who owns a table has every right to its rows; a trigger refuses all the same, empty table or not."""
    if table in MUTABLE_TABLES:
        key = metadata.tables[f"billing.{table}"].c.vendor.name
        statements = [f"update billing.{table} set {key} = {key}", *changes(table)[1:]]
    else:
        statements = changes(table)
    for statement in statements:
        with pytest.raises(errors.InsufficientPrivilege, match=r"billing\.\w+ is evidence: (UPDATE|DELETE|TRUNCATE)"):
            owner(statement)


def test_what_tasks_may_update_is_named(owner):
    """Three tables, and of them the columns of rights.py; all other rights to change rows are the owner's alone."""
    granted = owner(
        "select table_name, column_name, grantee, privilege_type from information_schema.column_privileges "
        "where table_schema = 'billing' and privilege_type not in ('SELECT', 'INSERT', 'REFERENCES') "
        "and grantee <> %s",
        OWNER,
    )
    assert {(table, column) for table, column, _, _ in granted} == {
        (table, column) for table, columns in UPDATED.items() for column in columns
    }
    assert {(grantee, kind) for *_, grantee, kind in granted} == {(WRITER, "UPDATE")}
    assert UPDATED.keys() == MUTABLE_TABLES
    more = "('DELETE', 'TRUNCATE', 'TRIGGER', 'REFERENCES', 'MAINTAIN')"
    assert not owner(
        "select * from information_schema.table_privileges where table_schema = 'billing' "
        f"and grantee <> %s and privilege_type in {more}",
        OWNER,
    )


@pytest.mark.parametrize("table", TABLES)
def test_readers_add_nothing(as_role, table):
    own = [role for role, tables in ADDED.items() if table in tables] or [WRITER]
    for role in {READER, AUDITOR, WRITER, *ADDED} - {*own}:
        with pytest.raises(errors.InsufficientPrivilege, match="permission denied"):
            as_role(role)(f"insert into billing.{table} default values")


@pytest.mark.parametrize(("role", "table"), [(role, table) for role in ADDED for table in ADDED[role]])
def test_a_reviewer_adds_explanations_and_a_closer_events_and_no_other_task_does(as_role, role, table):
    """What is missing is a value, not a right."""
    with pytest.raises(errors.NotNullViolation):
        as_role(role)(f"insert into billing.{table} default values")


def test_the_schema_version_is_the_owners_alone(as_role):
    for role in (WRITER, READER, REVIEWER, CLOSER, AUDITOR):
        send = as_role(role)
        assert send(f"select version_num from billing.{VERSION_TABLE}") == [(migrate.head(),)]
        for statement in (
            f"update billing.{VERSION_TABLE} set version_num = '0'",
            f"delete from billing.{VERSION_TABLE}",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                send(statement)
        with pytest.raises(errors.InsufficientPrivilege):
            send(f"insert into billing.{VERSION_TABLE} values ('0')")


def test_the_numbering_of_rows_cannot_be_moved(as_role):
    """Set back, it would make every further row of the table fail."""
    for role in (WRITER, READER, REVIEWER, CLOSER, AUDITOR):
        for statement in (
            "select setval('billing.fetch_fetch_id_seq', 1)",
            "select nextval('billing.fetch_fetch_id_seq')",
            "alter sequence billing.fetch_fetch_id_seq restart",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                as_role(role)(statement)


# -- what was received


def test_readers_see_everything_but_answers_as_received(reader, as_role, owner):
    relations = owner("select table_name from information_schema.tables where table_schema = 'billing' ")
    for (name,) in relations:
        if name not in AS_RECEIVED:
            reader(f"select * from billing.{name}")
    for table, columns in AS_RECEIVED.items():
        for send in (reader, as_role(REVIEWER)):
            send(f"select sha256, size, request from billing.{table}")
            for column in (*columns, "*"):
                with pytest.raises(errors.InsufficientPrivilege, match="permission denied"):
                    send(f"select {column} from billing.{table}")
        as_role(AUDITOR)(f"select * from billing.{table}")


def test_no_way_around_shows_a_reader_an_answer(reader):
    for statement in (
        "select p from billing.payload p",
        "select to_jsonb(p) from billing.payload p",
        "select 1 from billing.payload where body = ''",
        "select 1 from billing.payload order by headers",
        "copy billing.payload to stdout",
        "table billing.payload",
        "select stavalues1 from pg_statistic where starelid = 'billing.payload'::regclass",
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            reader(statement)
    assert not reader("select * from pg_stats where tablename = 'payload' and attname in ('body', 'headers')")


# -- tables, functions, the server


DEFINITIONS = (
    "create table billing.mine (id int)",
    "create table public.mine (id int)",
    "create temporary table mine (id int)",
    "create schema mine",
    "create view billing.mine as select 1",
    "create function billing.mine() returns int language sql as 'select 1'",
    "create function public.mine() returns int language sql as 'select 1'",
    "create type billing.mine as (a int)",
    "create extension dblink",
    "create role mine",
    "create database mine",
    "create index on billing.invoice (total)",
    "create rule mine as on insert to billing.invoice do instead nothing",
    "create trigger mine before insert on billing.invoice execute function billing.refuse_change()",
    "create policy mine on billing.invoice",
    "create publication mine for all tables",
    "create event trigger mine on ddl_command_start execute function billing.refuse_change()",
    "alter table billing.invoice add column mine int",
    "alter table billing.invoice disable trigger append_only",
    "alter table billing.invoice disable trigger all",
    "alter table billing.invoice enable row level security",
    "alter table billing.invoice owner to current_user",
    "alter view billing.current_invoice owner to current_user",
    "create or replace view billing.current_invoice as select 1",
    "alter function billing.refuse_change() owner to current_user",
    "create or replace function billing.refuse_change() returns trigger language plpgsql as 'begin return new; end'",
    "drop trigger append_only on billing.invoice",
    "drop trigger identity on billing.record",
    "drop table billing.invoice",
    "drop schema billing cascade",
    "set session_replication_role = replica",
    "set role billing_owner",
    "set session authorization tieout",
    "alter role current_user superuser",
    "grant billing_owner to current_user",
    "select rolpassword from pg_authid",
    "select * from pg_shadow",
    "select pg_read_file('/etc/passwd')",
    "select lo_import('/etc/passwd')",
    "copy (select 1) to program 'true'",
    "copy billing.invoice from program 'true'",
    "copy (select 1) to '/tmp/mine'",
    "select pg_reload_conf()",
    "alter system set log_statement = 'all'",
    "do $$ begin lock table billing.invoice in access exclusive mode; end $$",
    "select pg_terminate_backend(min(pid)) from pg_stat_activity where usename = 'tieout'",
)


@pytest.mark.parametrize("role", [WRITER, READER, REVIEWER, CLOSER, AUDITOR])
def test_nobody_but_the_owner_changes_what_is_there_or_leaves_the_schema(as_role, role):
    send = as_role(role)
    allowed = []
    for statement in DEFINITIONS:
        try:
            send(statement)
        except REFUSED:
            continue
        allowed.append(statement)
    assert allowed == []
    send("grant select on billing.account_month to public")  # no error in SQL: a warning, and nothing is granted
    assert send("select has_table_privilege('public', 'billing.account_month', 'select')") == [(False,)]


def test_the_owner_leaves_the_schema_no_more_than_the_others(owner):
    """It may define what is in schema billing, and nothing beyond."""
    refused = [
        statement
        for statement in DEFINITIONS
        if "billing" not in statement or "replication" in statement or "program" in statement
    ]
    assert len(refused) > 20
    for statement in refused:
        with pytest.raises(REFUSED):
            owner(statement)


def test_no_function_lends_its_owners_rights(owner):
    """No SECURITY DEFINER; what a trigger calls looks names up in pg_catalog alone, and nobody else may call it."""
    functions = owner(
        "select proname, prosecdef, proconfig, has_function_privilege('public', oid, 'execute') from pg_proc "
        "where pronamespace = 'billing'::regnamespace order by proname"
    )
    assert [name for name, *_ in functions] == ["check_approver", "check_versions", "refuse_change"]
    assert {str(rest) for _, *rest in functions} == {"[False, ['search_path=pg_catalog, pg_temp'], False]"}


def test_a_search_path_of_ones_own_does_not_lead_past_the_guard(as_role, owner):
    """What could stand in front of the real names cannot be made; and the guard does not look there."""
    for role in (WRITER, OWNER):
        send = as_role(role)
        send("set search_path = pg_temp, public, billing, pg_catalog")
        for statement in ("create temporary table invoice (total numeric)", "create table public.invoice (total int)"):
            with pytest.raises(REFUSED):
                send(statement)
        with pytest.raises(errors.InsufficientPrivilege):
            send("update invoice set total = 0")
        with pytest.raises(errors.InsufficientPrivilege):
            send("delete from account_month")


def test_somebody_without_a_role_does_not_even_connect(postgres, database):
    with engine_from_url(postgres.url("postgres")).begin() as connection:
        connection.execute(text("create role test_nobody login password 'nobody'"))
    try:
        url = make_url(database).set(drivername="postgresql", username="test_nobody", password="nobody")
        with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
            psycopg2.connect(url.render_as_string(hide_password=False))
    finally:
        with engine_from_url(postgres.url("postgres")).begin() as connection:
            connection.execute(text("drop role test_nobody"))


# -- how they come about


def test_all_of_the_schema_is_the_owners_role(owner):
    assert owner(
        "select distinct pg_get_userbyid(relowner) from pg_class where relnamespace = 'billing'::regnamespace "
        "union select pg_get_userbyid(nspowner) from pg_namespace where nspname = 'billing' "
        "union select pg_get_userbyid(proowner) from pg_proc where pronamespace = 'billing'::regnamespace"
    ) == [(OWNER,)]


def test_a_table_of_a_later_migration_gets_its_rights(owner, writer, reader, database):
    """Every run of the migrations grants again, so one that adds a table needs no thought of roles."""
    owner("set role billing_owner")
    owner("create table billing.added_later (id bigint generated always as identity, words text)")
    try:
        for send in (writer, reader):
            with pytest.raises(errors.InsufficientPrivilege):
                send("select * from billing.added_later")
        migrate.upgrade(database)
        writer("insert into billing.added_later (words) values ('x')")
        assert reader("select words from billing.added_later") == [("x",)]
        with pytest.raises(errors.InsufficientPrivilege):
            writer("delete from billing.added_later")
    finally:
        owner("drop table billing.added_later")


def test_a_right_given_by_hand_is_taken_back_by_the_next_migration(owner, writer, database):
    owner("grant delete, update on billing.record to billing_writer")
    owner("grant select on billing.payload to billing_reader")
    migrate.upgrade(database)
    with pytest.raises(errors.InsufficientPrivilege, match="permission denied"):
        writer("delete from billing.record")
    assert owner("select has_table_privilege('billing_reader', 'billing.payload', 'select')") == [(False,)]


def test_a_schema_from_before_is_handed_over(postgres, billing_url):
    """One that a superuser migrated, before there were roles."""
    migrate.upgrade(billing_url)
    create_roles(billing_url)
    migrate.upgrade(billing_url)
    with engine_from_url(billing_url).connect() as connection:
        owners = connection.scalars(
            text(
                "select pg_get_userbyid(relowner) from pg_class where relnamespace = 'billing'::regnamespace "
                "union select pg_get_userbyid(proowner) from pg_proc where pronamespace = 'billing'::regnamespace"
            )
        ).all()
        assert owners == [OWNER]
        assert connection.scalar(text("select has_table_privilege('billing_writer', 'billing.invoice', 'insert')"))


@pytest.mark.parametrize(
    "bin_dir",
    [
        pytest.param(None, id="embedded 18"),
        pytest.param(Path("/usr/lib/postgresql/15/bin"), id="system 15", marks=pytest.mark.long),
    ],
)
def test_an_administrator_need_not_be_a_superuser(postgres, bin_dir):
    """Who may create roles and owns the database, as on a managed server, is enough; so from the oldest version on."""
    folder = postgres.folder.with_name(f"{postgres.folder.name}-{secrets.token_hex(4)}")
    try:
        with PostgresServer(folder, bin_dir=bin_dir, durable=False) as server:
            with engine_from_url(server.url("postgres")).begin() as connection:
                connection.execute(text("create role administrator login createrole password 'administrator'"))
            server.create_database("managed")
            with engine_from_url(server.url("managed")).begin() as connection:
                connection.execute(text("alter database managed owner to administrator"))
            url = server.url("managed", "administrator", "administrator")
            assert command(url) == (0, "")
            migrate.upgrade(url)
            assert command(url) == (0, "")
            with engine_from_url(url).connect() as connection:
                assert connection.scalar(text("select tableowner from pg_tables where tablename = 'invoice'")) == OWNER
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def command(url: str | None) -> tuple[int, str]:
    """Run the command; give its exit code and what it complained of."""
    environment = {URL_VARIABLE: url} if url else {}
    words = [sys.executable, "-m", "billing.storage.roles"]
    run = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    return run.returncode, run.stderr


@pytest.mark.parametrize(
    ("url", "message"),
    [(None, "give the database's URL"), ("postgresql://nobody:hidden@127.0.0.1:9/none", "refused")],
    ids=["no URL", "no server"],
)
def test_the_command_says_in_a_sentence_what_is_wrong(url, message):
    code, complaint = command(url)
    assert code == 1
    assert message in complaint
    assert "Traceback" not in complaint
    assert "hidden" not in complaint
