"""The schema: from nothing to the version this code needs, and back."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from billing.errors import StorageError
from billing.storage import migrate
from billing.storage.engine import engine_from_url
from billing.storage.revision import REVISION, check_revision
from billing.storage.tables import SCHEMA, metadata
from tieout_stack.postgres import PostgresServer

SYSTEM = Path("/usr/lib/postgresql/15/bin")


def query(url, statement):
    with engine_from_url(url).begin() as connection:
        rows = connection.execute(text(statement))
        return [tuple(row) for row in rows] if rows.returns_rows else []


def objects(url):
    """List what schema billing holds: tables, views, functions, triggers, constraints and indexes by name."""
    return query(
        url,
        f"""
        select 'relation', relname, relkind::text from pg_class where relnamespace = to_regnamespace('{SCHEMA}')
        union all select 'function', proname, '' from pg_proc where pronamespace = to_regnamespace('{SCHEMA}')
        union all select 'trigger', tgrelid::regclass::text, tgname from pg_trigger where not tgisinternal
        union all select 'constraint', conname, pg_get_constraintdef(oid) from pg_constraint
                  where connamespace = to_regnamespace('{SCHEMA}')
        order by 1, 2, 3
        """,
    )


@pytest.fixture(scope="module")
def postgres_15() -> Iterator[PostgresServer]:
    """A server of the oldest version we promise, from the system's packages."""
    folder = Path(tempfile.mkdtemp(prefix="tieout-postgres-15-"))
    folder.chmod(0o755)
    try:
        with PostgresServer(folder, bin_dir=SYSTEM, durable=False) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["embedded 18", pytest.param("system 15", marks=pytest.mark.long)])
def url(request):
    """An empty database on the newest and on the oldest server."""
    if request.param == "embedded 18":
        yield request.getfixturevalue("billing_url")
        return
    server = request.getfixturevalue("postgres_15")
    server.create_database("empty")
    yield server.url("empty")
    server.drop_database("empty")


@pytest.mark.long
def test_the_servers_are_the_ones_we_mean(postgres_15, billing_url):
    assert query(postgres_15.url("postgres"), "show server_version_num")[0][0].startswith("15")
    assert query(billing_url, "show server_version_num")[0][0].startswith("18")


def disagreements(url):
    """Name what Alembic finds different between models and database, and each column of another exact type."""
    options = {
        "include_schemas": True,
        "include_name": lambda name, kind, _parents: kind != "schema" or name == SCHEMA,
        "version_table_schema": SCHEMA,
        "compare_type": True,
        "compare_server_default": True,
    }
    with engine_from_url(url).connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
        # Alembic takes numeric(12, 2) for numeric
        wanted = {
            (table.name, column.name, column.type.compile(connection.dialect).lower())
            for table in metadata.tables.values()
            for column in table.columns
        }
    there = query(
        url,
        "select c.relname, a.attname, format_type(a.atttypid, a.atttypmod) from pg_attribute a "
        f"join pg_class c on c.oid = a.attrelid where c.relnamespace = to_regnamespace('{SCHEMA}') "
        "and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped and c.relname <> 'alembic_version'",
    )
    kinds = [change[0][0] if isinstance(change, list) else change[0] for change in found]
    return sorted(kinds) + sorted(str(column) for column in wanted ^ set(there))


def test_upgrade_from_empty_gives_what_the_models_say(url):
    """Tables, columns, their types and nullability, keys, indexes, unique constraints: not one difference."""
    migrate.upgrade(url)
    assert disagreements(url) == []


def test_the_comparison_can_fail(billing_url):
    """A number that is cut, a missing column and a missing index are all seen."""
    migrate.upgrade(billing_url)
    query(billing_url, "drop view billing.current_usage_line")
    query(billing_url, "alter table billing.usage_line alter column rate type numeric(12, 2), drop column unit")
    query(billing_url, "drop index billing.fetch_latest_idx")
    assert disagreements(billing_url) == [
        "add_column",
        "add_index",
        "('usage_line', 'rate', 'numeric')",
        "('usage_line', 'rate', 'numeric(12,2)')",
        "('usage_line', 'unit', 'text')",
    ]


def test_a_second_upgrade_changes_nothing(url):
    migrate.upgrade(url)
    before = objects(url)
    migrate.upgrade(url)
    assert objects(url) == before
    assert len(before) > 100


def test_downgrade_to_base_leaves_nothing_and_upgrade_brings_it_back(url):
    migrate.upgrade(url)
    before = objects(url)
    migrate.downgrade(url, "base")
    assert {name for kind, name, _ in objects(url) if kind in {"relation", "function"}} == {
        "alembic_version",
        "alembic_version_pkc",
    }
    migrate.upgrade(url)
    assert objects(url) == before


def test_there_is_one_head_and_the_code_needs_it():
    """A second head would make "upgrade to the newest" mean two things."""
    scripts = ScriptDirectory(str(Path(migrate.__file__).parent.parent / "migrations"))
    assert scripts.get_heads() == [REVISION] == [migrate.head()]


def test_two_upgrades_at_once_do_not_meet(billing_url):
    """Two workers start on a new database: one migrates, the other waits and finds it done."""
    # processes of their own, as Alembic's context is one per process
    command = [sys.executable, "-m", "billing.storage.migrate"]
    environment = os.environ | {migrate.URL_VARIABLE: billing_url}
    running = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    results = [(process.communicate(timeout=120)[1], process.returncode) for process in running]
    assert results == [("", 0), ("", 0)]
    with engine_from_url(billing_url).connect() as connection:
        check_revision(connection)


def test_a_failed_migration_leaves_nothing_half_done(billing_url):
    """All of it is one transaction: what was there before is there after, and the next try succeeds."""
    query(billing_url, "create schema billing")
    query(billing_url, "create view billing.current_wallet as select 1 as taken")
    with pytest.raises(ProgrammingError, match="current_wallet"):
        migrate.upgrade(billing_url)
    assert [name for kind, name, _ in objects(billing_url) if kind == "relation"] == ["current_wallet"]
    query(billing_url, "drop view billing.current_wallet")
    migrate.upgrade(billing_url)


def test_a_role_without_the_right_to_create_schemas_migrates_the_schema_it_was_given(postgres, billing_url):
    """Where databases are administered by others, they create the schema and hand it over."""
    role = "given_" + postgres.url("x").rsplit(":", 1)[1].split("/")[0]
    query(billing_url, f"create role {role} login password 'given'")
    query(billing_url, f"create schema {SCHEMA} authorization {role}")
    try:
        migrate.upgrade(billing_url.replace(f"tieout:{postgres.password}", f"{role}:given"))
        assert query(
            billing_url, f"select tableowner from pg_tables where tablename = 'invoice' and schemaname = '{SCHEMA}'"
        ) == [(role,)]
    finally:
        query(billing_url, f"drop schema {SCHEMA} cascade")
        query(billing_url, f"drop role {role}")


def test_the_needed_version_is_accepted(migrated_url):
    with engine_from_url(migrated_url).connect() as connection:
        check_revision(connection)


@pytest.mark.parametrize("version", ["0000", "9999"])
def test_an_older_or_newer_version_is_refused(migrated_url, version):
    query(migrated_url, f"update {SCHEMA}.alembic_version set version_num = '{version}'")
    message = rf"at schema version {version}, this code needs {REVISION}.*storage.migrate"
    with engine_from_url(migrated_url).connect() as connection, pytest.raises(StorageError, match=message):
        check_revision(connection)


@pytest.mark.parametrize("preparation", ["select 1", f"create schema {SCHEMA}"])
def test_a_database_without_our_schema_is_refused(billing_url, preparation):
    query(billing_url, preparation)
    with engine_from_url(billing_url).connect() as connection, pytest.raises(StorageError, match="version none"):
        check_revision(connection)


def test_a_schema_that_was_taken_back_is_refused(migrated_url):
    migrate.downgrade(migrated_url, "base")
    with engine_from_url(migrated_url).connect() as connection, pytest.raises(StorageError, match="version none"):
        check_revision(connection)


def test_a_schema_of_a_newer_tieout_is_not_touched(migrated_url):
    query(migrated_url, f"update {SCHEMA}.alembic_version set version_num = '9999'")
    before = objects(migrated_url)
    with pytest.raises(StorageError, match=r"cannot be migrated.*9999"):
        migrate.upgrade(migrated_url)
    assert objects(migrated_url) == before


@pytest.mark.parametrize(
    ("url", "message"),
    [(None, "give the database's URL"), ("postgresql://nobody:hidden@127.0.0.1:9/none", "refused")],
    ids=["no URL", "no server"],
)
def test_the_command_says_in_a_sentence_what_is_wrong(url, message):
    """No traceback, and no password."""
    environment = {name: value for name, value in os.environ.items() if name != migrate.URL_VARIABLE}
    environment |= {migrate.URL_VARIABLE: url} if url else {}
    command = [sys.executable, "-m", "billing.storage.migrate"]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 1
    assert message in run.stderr
    assert "Traceback" not in run.stderr
    assert "hidden" not in run.stderr


def test_the_command_migrates(billing_url):
    environment = os.environ | {migrate.URL_VARIABLE: billing_url}
    subprocess.run([sys.executable, "-m", "billing.storage.migrate"], env=environment, check=True, timeout=60)
    with engine_from_url(billing_url).connect() as connection:
        check_revision(connection)
