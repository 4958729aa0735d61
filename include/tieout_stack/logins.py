"""The local stack's logins to its billing database: tasks, a person who only reads, the pages, and closing."""

from collections.abc import Mapping

from psycopg2.extensions import encrypt_password
from sqlalchemy import Connection, text

from billing.storage.engine import engine_from_url
from billing.storage.rights import CLOSER, READER, REVIEWER, WRITER
from billing.storage.roles import create_roles

TASKS = "tieout_tasks"
PERSON = "tieout_person"
PAGES = "tieout_pages"
CLOSING = "tieout_closing"
ROLE_OF = {TASKS: WRITER, PERSON: READER, PAGES: REVIEWER, CLOSING: CLOSER}


def prepare_roles(administrator_url: str, passwords: Mapping[str, str]) -> None:
    """
    Create the database's roles and our logins, or set the passwords of existing logins.

    :param administrator_url: of the billing database, with a superuser's login.
    :param passwords: by login, for each of ``ROLE_OF``.
    """
    create_roles(administrator_url)
    with engine_from_url(administrator_url).begin() as connection:
        for login, role in ROLE_OF.items():
            ensure_login(connection, login, passwords[login], role)


def ensure_login(connection: Connection, login: str, password: str, role: str) -> None:
    """Create a login that has a role's rights, or set the password of an existing one."""
    if connection.scalar(text("select to_regrole(quote_ident(:login)) is null"), {"login": login}):
        _run(connection, "create role %I", login)
    # hashed here: a statement may be seen in the server's log
    hashed = encrypt_password(password, login, connection.connection.driver_connection, "scram-sha-256")
    _run(connection, "alter role %I login password %L", login, hashed)
    _run(connection, "grant %I to %I", role, login)


def _run(connection: Connection, statement: str, *names: str) -> None:
    """Run a statement that takes no bound values; the server quotes its arguments."""
    places = ", ".join(f":n{position}" for position in range(len(names)))
    values = {f"n{position}": name for position, name in enumerate(names)}
    quoted = connection.scalar(text(f"select format(:statement, {places})"), {"statement": statement, **values})
    connection.exec_driver_sql(str(quoted))
