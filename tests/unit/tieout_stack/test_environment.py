"""What the user's shell has set reaches no process of the demo."""

import os
import subprocess
import sys

import pytest

from tieout_stack.environment import forget_database_settings, own_environment

SHELL = {
    "PGHOST": "elsewhere", "PGOPTIONS": "-c statement_timeout=1", "AIRFLOW_HOME": "/elsewhere",
    "AIRFLOW__CORE__EXECUTOR": "Other", "AIRFLOW_CONN_BILLING_DB": "postgres://elsewhere", "PYTHONPATH": "/elsewhere",
    "PYTHONWARNINGS": "error", "http_proxy": "http://elsewhere", "HTTPS_PROXY": "http://elsewhere", "NO_PROXY": "x",
    "SSL_CERT_FILE": "/elsewhere", "REQUESTS_CA_BUNDLE": "/elsewhere", "LC_ALL": "xx_YY.UTF-8", "LANG": "C",
    "OTEL_TRACES_EXPORTER": "otlp", "GUNICORN_CMD_ARGS": "--bogus", "UVICORN_PORT": "1",
}  # fmt: skip


@pytest.fixture
def shell(monkeypatch):
    for name, value in SHELL.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("shell")
def test_no_setting_of_the_shell_is_passed_on():
    assert SHELL.keys() & own_environment().keys() == set()


def test_what_names_the_user_and_our_own_settings_is_passed_on(monkeypatch):
    for name in ("HOME", "USER", "TMPDIR", "LD_LIBRARY_PATH", "TIEOUT_ACCOUNTS"):
        monkeypatch.setenv(name, "/mine")
    own = own_environment()
    assert {own[name] for name in ("HOME", "USER", "TMPDIR", "LD_LIBRARY_PATH", "TIEOUT_ACCOUNTS")} == {"/mine"}


def test_times_are_utc_and_text_is_utf_8_whatever_the_shell_says(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("LC_ALL", "C")
    seen = subprocess.run(
        [sys.executable, "-c", "import sys, time; print(time.tzname[0], sys.stdout.encoding, 'São')"],
        env=own_environment(),
        capture_output=True,
        check=True,
    )
    assert seen.stdout.decode("utf-8").split() == ["UTC", "utf-8", "São"]


@pytest.mark.usefixtures("shell")
def test_this_process_forgets_what_libpq_would_read():
    forget_database_settings()
    assert not [name for name in os.environ if name.startswith("PG")]
