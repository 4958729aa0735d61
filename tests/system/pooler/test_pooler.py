"""
Everything works behind PgBouncer in transaction mode: roles, migrations, and a whole month of each vendor.

PgBouncer is the system's package. It closes a server connection after each transaction, so whatever a session would
have kept is gone at the next one.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
import yaml
from airflow.sdk.execution_time.context import set_current_context
from sqlalchemy import create_engine, make_url, text

from billing.certificate.sources import Subject, recomputed_statements, stored_statement
from billing.certificate.statement import first_difference
from billing.config.accounts import find_account, load_accounts
from billing.month import Month
from billing.reconciliation.reconciler import Rules
from billing.storage.document_store import document_reader
from billing.storage.engine import engine_from_url
from billing.storage.migrate import upgrade
from billing_vendors.base.tasks.database import BILLING_CONN_ID
from billing_vendors.base.tasks.fetch import fetch_month
from billing_vendors.base.tasks.reconcile import reconcile_fetched
from billing_vendors.registry import vendor_named
from tieout_stack.logins import ROLE_OF, TASKS, prepare_roles

ROOT = Path(__file__).resolve().parents[3]
ACCOUNTS = {"fastly": "acme-media", "genesys_cloud": "nord-contact"}
MONTH = "2026-08"
LOGINS = {login: login for login in ROLE_OF}
SETTINGS = """\
[databases]
* = host=127.0.0.1 port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = plain
auth_file = {folder}/users.txt
pool_mode = transaction
server_lifetime = 0
logfile = {folder}/log
pidfile = {folder}/pid
"""


@pytest.fixture
def pooled_url(postgres, billing_url):
    """URL of a fresh, empty database through PgBouncer, with an administrator's login."""
    folder = Path(tempfile.mkdtemp(prefix="tieout-pooler-"))
    folder.chmod(0o755)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    direct = make_url(billing_url)
    users = {direct.username: direct.password} | LOGINS
    (folder / "users.txt").write_text("".join(f'"{name}" "{password}"\n' for name, password in users.items()))
    (folder / "pgbouncer.ini").write_text(SETTINGS.format(server=direct.port, port=port, folder=folder))
    as_user = []
    if os.geteuid() == 0:  # PgBouncer refuses to run as root
        shutil.chown(folder, "nobody")
        as_user = ["-u", "nobody"]
    pooler = subprocess.Popen(["pgbouncer", "-q", *as_user, folder / "pgbouncer.ini"], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield direct.set(port=port).render_as_string(hide_password=False)
    finally:
        pooler.terminate()
        pooler.wait(30)
        shutil.rmtree(folder)


def _wait_for(port: int) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("PgBouncer does not listen")


@pytest.fixture
def documents(pooled_url, simulator, monkeypatch, tmp_path):
    """Two accounts, the simulator, the migrated database through PgBouncer as tasks see it, and a folder."""
    prepare_roles(pooled_url, LOGINS)
    upgrade(pooled_url)
    url = make_url(pooled_url)
    place = {"host": url.host, "port": url.port, "login": TASKS, "password": TASKS, "schema": url.database}
    connections = dict(simulator.connections()) | {BILLING_CONN_ID: {"conn_type": "postgres", **place}}
    for conn_id, connection in connections.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection))
    known = yaml.safe_load((ROOT / "include" / "accounts.yaml").read_text(encoding="utf-8"))["accounts"]
    few = tmp_path / "accounts.yaml"
    few.write_text(yaml.safe_dump({"accounts": [each for each in known if each["name"] in ACCOUNTS.values()]}))
    monkeypatch.setenv("TIEOUT_ACCOUNTS", str(few))
    monkeypatch.setenv("TIEOUT_DOCUMENTS", str(tmp_path / "documents"))
    return tmp_path / "documents"


def test_the_migrations_run_again_and_change_nothing(pooled_url):
    for _ in range(2):
        upgrade(pooled_url)
    tables = "select count(*) from information_schema.tables where table_schema = 'billing'"
    with create_engine(pooled_url).connect() as connection:
        assert connection.scalar(text(tables)) > 30
        assert connection.scalar(text("select current_user")) == make_url(pooled_url).username
        assert connection.scalar(text("select count(*) from pg_locks where locktype = 'advisory'")) == 0


@pytest.mark.parametrize("name", ACCOUNTS)
def test_a_month_is_fetched_stored_reconciled_and_certified(name, pooled_url, documents):
    class Run:
        run_id = "manual__pooler"

    vendor, account_name = vendor_named(name), ACCOUNTS[name]
    with set_current_context({"dag_run": Run}):
        fetch_id = fetch_month(vendor, account_name, MONTH, again=False)
        states = reconcile_fetched(vendor, account_name, fetch_id)
    assert states["PASS"] > 10
    with create_engine(pooled_url).connect() as connection:
        stored = text("select invoices from billing.account_month_summary where account = :a and total > 0")
        assert connection.scalar(stored, {"a": account_name}) >= 1
    account = find_account(load_accounts(name, vendor.settings_type), account_name)
    rules = Rules(vendor.load_implementation().derive, vendor.controls(), document_reader(documents))
    subject = Subject(name, account_name, Month.parse(MONTH))
    with engine_from_url(pooled_url).connect() as connection:
        recomputed, _ = recomputed_statements(connection, subject, account, rules)
        assert first_difference(stored_statement(connection, subject), recomputed) is None
