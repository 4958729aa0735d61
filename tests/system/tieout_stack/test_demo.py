"""``make demo`` as a user types it, less the installation: from the command line, with everything real."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tieout_stack.processes import session_members
from tieout_stack.state import StateFolder

ROOT = Path(__file__).resolve().parents[3]
# what a user's shell may have set; none of it is for the demo
SHELL = {
    "PGHOSTADDR": "203.0.113.1",
    "PGOPTIONS": "-c statement_timeout=1",
    "PGSSLMODE": "verify-full",
    "AIRFLOW__CORE__EXECUTOR": "SequentialExecutor",
    "AIRFLOW_CONN_BILLING_DB": "postgres://elsewhere.invalid",
    "PYTHONPATH": "/nonexistent",
    "PYTHONWARNINGS": "error",
    "http_proxy": "http://203.0.113.1:3128",
    "ALL_PROXY": "socks5://203.0.113.1:1",
    "SSL_CERT_FILE": "/nonexistent",
    "TZ": "Pacific/Kiritimati",
    "LC_ALL": "xx_YY.UTF-8",
    "HOME": "/proc/nowhere",
    "OTEL_TRACES_EXPORTER": "otlp",
}
MINUTES = 60.0


@pytest.fixture(scope="module")
def state(open_module_folder):
    """One state folder for all of this file: the first demo makes it, the others find it."""
    return StateFolder(open_module_folder / "state")


def command(state: StateFolder, *arguments: str) -> list[str]:
    return [sys.executable, "-I", "-X", "utf8", "-m", "tieout_stack", "--state", str(state.root), *arguments]


def run(state: StateFolder, *arguments: str, **shell: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(state, *arguments),
        env=os.environ | shell,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=10 * MINUTES,
    )


@contextmanager
def started_demo(state: StateFolder, until: str) -> Iterator[subprocess.Popen[str]]:
    """A demo that has printed a line which holds ``until``."""
    demo = subprocess.Popen(
        command(state, "demo"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )
    try:
        for line in demo.stdout:
            if until in line:
                break
        else:
            pytest.fail(f"the demo ended before it said {until!r}: {demo.stderr.read()}")
        yield demo
    finally:
        demo.kill()
        demo.communicate()


def leaders(state: StateFolder) -> dict[str, int]:
    """The processes that a demo wrote down, by name."""
    return {row["name"]: row["pid"] for row in json.loads(state.processes.read_text(encoding="utf-8"))}


def assert_nothing_runs(state: StateFolder, started: dict[str, int]) -> None:
    assert {name: session_members(pid) for name, pid in started.items()} == {name: [] for name in started}
    assert not (state.postgres / "data" / "postmaster.pid").exists()


def assert_one_sentence(message: str) -> None:
    assert message.startswith("tieout: ")
    assert message.count("\n") == 1
    assert "Traceback" not in message


def test_every_account_is_in_the_table_and_most_are_reconciled(state):
    """From an empty folder to the table, whatever the shell has set; then nothing runs. Planted errors are found."""
    demo = run(state, "demo", "--exit", **SHELL)
    assert demo.returncode == 0, demo.stdout + demo.stderr
    rows = [line.split() for line in demo.stdout.splitlines()]
    status_of = {f"{row[0]}/{row[1]}": row[-1] for row in rows if row[:1] in (["fastly"], ["genesys_cloud"])}
    entries = yaml.safe_load((ROOT / "include" / "accounts.yaml").read_text(encoding="utf-8"))["accounts"]
    assert {f"{entry['vendor']}/{entry['name']}" for entry in entries} == status_of.keys()
    assert sum(status not in {"exceptions", "blocked"} for status in status_of.values()) > len(status_of) / 2
    planted = [line.split()[0] for line in demo.stdout.partition("for the controls to find:\n")[2].splitlines()[:2]]
    assert "reconciled" not in {status_of[account] for account in planted}, planted
    assert leaders(state) == {}
    assert_nothing_runs(state, {})


def test_the_database_can_be_asked_while_a_demo_runs_and_changes_nothing(state):
    """With psql's own options; before, without a demo, in one sentence."""
    assert_one_sentence(run(state, "sql", "-c", "select 1").stderr)
    with started_demo(state, until="simulated vendors"):
        counted = run(state, "sql", "-At", "-c", "select count(*) > 0 from billing.current_invoice")
        assert (counted.returncode, counted.stdout, counted.stderr) == (0, "t\n", "")
        refused = run(state, "sql", "-c", "create table billing.mine (id int)")
        assert refused.returncode == 1
        assert "permission denied" in refused.stderr
    run(state, "down")


def test_a_second_demo_is_refused_and_a_dead_component_ends_the_first(state):
    """Both in one sentence; the second one names the log file."""
    with started_demo(state, until="simulated vendors") as demo:
        second = run(state, "demo")
        assert second.returncode == 1
        assert_one_sentence(second.stderr)
        assert f"already runs here (process {demo.pid})" in second.stderr

        started = leaders(state)
        os.kill(started["vendor-simulator"], signal.SIGKILL)
        message = demo.communicate(timeout=MINUTES)[1]
        assert demo.returncode == 1
        assert_one_sentence(message)
        assert str(state.logs / "vendor-simulator.log") in message
    assert_nothing_runs(state, started)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_signal_stops_everything(state, number):
    """Here while Airflow is starting; with the code that shells expect."""
    with started_demo(state, until="simulated vendors") as demo:
        started = leaders(state)
        demo.send_signal(number)
        assert demo.communicate(timeout=MINUTES)[1] == ""
        assert demo.returncode == 128 + number
    assert_nothing_runs(state, started)


def test_down_stops_what_a_killed_demo_left(state):
    """Postgres and all others still run when it comes."""
    with started_demo(state, until="simulated vendors") as demo:
        demo.kill()
        demo.wait()
        started = leaders(state)
        assert all(session_members(pid) for pid in started.values())
        down = run(state, "down")
    assert (down.returncode, down.stderr) == (0, "")
    assert "vendor-simulator" in down.stdout
    assert "postgres" in down.stdout
    assert_nothing_runs(state, started)


def test_down_ends_a_running_demo(state):
    """As Ctrl-C would; the demo's own exit code tells that it did not get to the end."""
    with started_demo(state, until="simulated vendors") as demo:
        started = leaders(state)
        down = run(state, "down")
        assert (down.returncode, down.stderr) == (0, "")
        assert demo.wait(timeout=MINUTES) == 128 + signal.SIGTERM
    assert_nothing_runs(state, started)


def test_a_taken_port_is_told_at_once(state):
    """Before anything is started."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        demo = run(state, "demo", "--port", str(port))
    assert demo.returncode == 1
    assert_one_sentence(demo.stderr)
    assert f"Port {port} for the Airflow UI is taken" in demo.stderr


def test_a_disk_that_takes_no_more_is_told(open_folder):
    """A limit on the size of files stands in for it: to initdb both are a write that fails."""
    state = StateFolder(open_folder / "state")
    limited = ["/bin/sh", "-c", 'ulimit -f 2000 && exec "$@"', "sh", *command(state, "demo", "--exit")]
    began = time.monotonic()
    demo = subprocess.run(limited, capture_output=True, text=True, check=False, timeout=MINUTES)
    assert demo.returncode == 1
    assert_one_sentence(demo.stderr)
    assert "Postgres could not create its data folder" in demo.stderr
    assert str(state.logs / "postgres.log") in demo.stderr
    assert time.monotonic() - began < MINUTES
    assert not (state.postgres / "data").exists()


def test_down_removes_the_data_on_demand(state):
    """Last of this file: it takes the folder that the others share."""
    assert run(state, "down", "--delete").returncode == 0
    assert not state.root.exists()
