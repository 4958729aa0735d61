"""Airflow's own API application with the pages in it, some months of both vendors behind, and users of each role."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import yaml
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from tieout_stack.logins import PAGES, TASKS

ROLES = ("viewer", "user", "op", "admin")
ACCOUNTS = {"fastly": ("acme-media", "kumo-games"), "genesys_cloud": ("nord-contact",)}
MONTHS = ("2026-09", "2026-10")


@dataclass(frozen=True)
class Stored:
    """The months that the pages show."""

    engine: Engine
    administrator: Engine

    def rows(self, query: str, **values: object) -> list[tuple[object, ...]]:
        """Read as the administrator, who sees everything."""
        with self.administrator.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query), values)]

    def collect(self, vendor: str, account: str, month: str) -> None:
        """Do what the tasks fetch and reconcile do."""
        from airflow.sdk.execution_time.context import set_current_context

        from billing_vendors.base.tasks.fetch import fetch_month
        from billing_vendors.base.tasks.reconcile import reconcile_fetched
        from billing_vendors.registry import vendor_named

        class Run:
            run_id = f"manual__{month}"

        with set_current_context({"dag_run": Run}):
            found = vendor_named(vendor)
            reconcile_fetched(found, account, fetch_month(found, account, month, again=True))


@pytest.fixture(scope="module")
def environment(postgres, migrated_template, simulator, airflow_home, tmp_path_factory) -> Iterator[str]:
    """Connections, accounts and documents of this module; gives the URL of its database."""
    name = "billing_ui"
    postgres.create_database(name, template=migrated_template)
    url = make_url(postgres.url(name))
    folder = tmp_path_factory.mktemp("billing_ui")
    entries = [each for each in simulator.world.accounts() if each["name"] in ACCOUNTS[each["vendor"]]]
    (folder / "accounts.yaml").write_text(yaml.safe_dump({"accounts": entries}), encoding="utf-8")
    logins = {"billing_db": TASKS, "billing_review_db": PAGES}
    databases = {
        conn_id: {
            "conn_type": "postgres",
            "host": url.host,
            "port": url.port,
            "login": login,
            "password": login,
            "schema": url.database,
        }
        for conn_id, login in logins.items()
    }
    with pytest.MonkeyPatch.context() as patch:
        for conn_id, connection in (dict(simulator.connections()) | databases).items():
            patch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection))
        patch.setenv("TIEOUT_ACCOUNTS", str(folder / "accounts.yaml"))
        patch.setenv("TIEOUT_DOCUMENTS", str(folder / "documents"))
        patch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", ",".join(f"{role}:{role}" for role in ROLES))
        patch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", str(folder / "passwords.json"))
        yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture(scope="module")
def stored(environment) -> Iterator[Stored]:
    """Two months of three accounts, one of them with an error that a control found."""
    from billing_ui import database

    engine = create_engine(environment, poolclass=NullPool)
    found = Stored(engine, engine)
    for vendor, accounts in ACCOUNTS.items():
        for account in accounts:
            for month in MONTHS:
                found.collect(vendor, account, month)
    yield found
    database._engine().dispose()
    database._engine.cache_clear()
    engine.dispose()


@pytest.fixture(scope="module")
def app(stored):
    """The application that `airflow api-server` serves."""
    from airflow.api_fastapi.app import create_app, purge_cached_app

    purge_cached_app()
    made = create_app(apps="core")
    yield made
    purge_cached_app()


@pytest.fixture(scope="module")
def as_role(app):
    """Makes a client that is signed in with a role; None is not signed in."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from starlette.testclient import TestClient

    def make(role: str | None) -> TestClient:
        client = TestClient(app, base_url="http://airflow.test", follow_redirects=False)
        if role:
            token = get_auth_manager().generate_jwt(SimpleAuthManagerUser(username=role, role=role))
            client.headers["Authorization"] = f"Bearer {token}"
        return client

    return make
