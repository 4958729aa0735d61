"""The simulator as a process, and what it prints."""

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from vendor_simulator.months import Month
from vendor_simulator.world import World

COMMAND = [sys.executable, "-m", "vendor_simulator"]
EVERYWHERE = "0.0.0.0"  # noqa: S104 (what the simulator must refuse)
CONTROL = "control-token-of-this-test"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., tuple[subprocess.Popen[str], str]]]:
    """Start a server, wait for its ready file; stop it in the end."""
    started = []

    def start(*arguments: str) -> tuple[subprocess.Popen[str], str]:
        ready = tmp_path / "ready.json"
        command = [*COMMAND, "serve", "--ready-file", str(ready), *arguments]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        deadline = time.monotonic() + 30
        while not ready.exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        members = json.loads(ready.read_text())
        assert members["pid"] == process.pid
        return process, members["base_url"]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def send(url: str, method: str, path: str, headers: dict[str, str], body: str = "") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def control(url: str, method: str, path: str, value: object = None, token: str = CONTROL) -> tuple[int, Any]:
    body = "" if value is None else json.dumps(value)
    status, text = send(url, method, f"/_simulator/{path}", {"X-Simulator-Token": token}, body)
    return status, json.loads(text) if status == 200 else text


def ask(url: str, path: str) -> int:
    token = World(7).connections(url)["fastly_acme_media"]["password"]
    return send(url, "GET", path, {"Fastly-Key": token})[0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_announces_itself_answers_and_ends_on_a_signal(serve, tmp_path, number):
    process, url = serve()
    assert ask(url, "/billing/v3/invoices") == 200
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (0, "")
    assert out == f"vendor simulator at {url}\n"
    assert not (tmp_path / "ready.json").exists()


def test_serve_takes_settings_and_a_clock(serve):
    _, url = serve("--now", "2024-03-15T12:00:00Z", "--estimate-asks", "0")
    assert ask(url, "/billing/v3/invoices/month-to-date") == 200
    assert ask(url, "/billing/v3/invoices/4011120") == 404  # of April 2024


def test_a_taken_port_is_one_sentence(serve):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("serve", "--port", str(port))
    assert done.returncode == 1
    assert done.stderr.startswith(f"cannot listen on 127.0.0.1:{port}: ")
    assert done.stderr.count("\n") == 1


def test_other_machines_are_kept_out_unless_allowed(serve):
    done = run("serve", "--host", EVERYWHERE)
    assert (done.returncode, done.stderr) == (
        2,
        f"{EVERYWHERE} can be reached from other machines; --allow-remote permits that\n",
    )
    process, _ = serve("--host", EVERYWHERE, "--allow-remote")
    assert process.poll() is None


def test_control_routes_exist_with_a_token_alone(serve):
    _, url = serve()
    assert control(url, "GET", "stats", token="")[0] == 404


def test_control_routes_count_plan_faults_set_the_clock_and_restate(serve):
    _, url = serve("--control-token", CONTROL)
    assert control(url, "GET", "stats", token="wrong")[0] == 401
    assert ask(url, "/billing/v3/invoices") == 200
    stats = control(url, "GET", "stats")[1]
    assert (stats["operations"], stats["accounts"]) == ({"fastly.v3.invoices": 1}, {"acme-media": 1})
    assert (sum(stats["minutes"].values()), stats["most_in_flight"]) == (1, 1)
    assert stats["vendors"] == {"fastly": {"most_in_flight": 1, "most_of_an_account_in_a_minute": 1}}

    status, planned = control(url, "POST", "faults", [{"kind": "status", "status": 503, "times": 2}])
    assert (status, planned[0]["kind"], planned[0]["times"]) == (200, "status", 2)
    assert [ask(url, "/billing/v3/invoices") for _ in range(3)] == [503, 503, 200]
    assert control(url, "GET", "faults")[1][0]["met"] == 2
    assert control(url, "POST", "faults", {"kind": "gremlin"})[0] == 400
    assert control(url, "DELETE", "faults") == (200, [])

    assert control(url, "POST", "now", {"now": "2024-03-15T12:00:00Z"})[1] == {"now": "2024-03-15T12:00:00+00:00"}
    assert ask(url, "/billing/v3/invoices/4011120") == 404
    assert control(url, "POST", "now", {"now": None})[0] == 200
    assert control(url, "POST", "now", {})[0] == 400
    assert ask(url, "/billing/v3/invoices/4011120") == 200

    assert control(url, "POST", "restate", {"vendor": "fastly", "invoice_id": "4011120"})[0] == 200
    assert control(url, "POST", "restate", {"vendor": "fastly", "invoice_id": "1"})[0] == 400
    month = {"account": "acme-media", "month": "2024-05"}
    assert control(url, "POST", "plant", {"kind": "F1", **month})[1]["control"] == "F1"
    assert control(url, "POST", "plant", {"kind": "F24", **month}) == (200, None)
    assert control(url, "POST", "plant", {"kind": "F99", **month})[0] == 400
    assert control(url, "POST", "expire-tokens")[0] == 200
    assert control(url, "DELETE", "stats")[0] == 200
    assert control(url, "GET", "stats")[1]["requests"] == 0


def test_truth_is_printed_with_every_digit():
    rows = json.loads(run("truth", "--from", "2026-09", "--to", "2026-10").stdout)
    world = World(7)
    for row in rows:
        found = {t.invoice_id: t for t in world.truth(row["vendor"], row["account"], Month.parse(row["month"]))}
        true = found[row["invoice_id"]]
        assert (Decimal(row["total"]), row["lines"], row["currency"]) == (true.total, true.lines, true.currency)
    assert {row["account"] for row in rows} == {each["name"] for each in world.accounts()}


def test_planted_errors_are_printed():
    rows = json.loads(run("planted", "--from", "2023-11", "--to", "2026-10").stdout)
    assert len(rows) == 72
    assert set(rows[0]) == {"vendor", "account", "month", "document", "control", "sentence"}
    assert run("planted", "--from", "2023-13", "--to", "2026-10").returncode == 2


def test_accounts_are_printed_as_accounts_yaml():
    accounts = yaml.safe_load(run("accounts").stdout)["accounts"]
    assert accounts == World(7).accounts()
    common = {"name", "vendor", "conn_id", "currency", "first_month", "posting_day"}
    for account in accounts:
        own = (
            {"customer_id", "api"}
            if account["vendor"] == "fastly"
            else {"organization_id", "trustor_organization_id", "bill_to"}
        )
        assert set(account) - {"parent_pay", "commitments"} == common | own
        assert isinstance(account["first_month"], str)


def test_connections_are_printed_with_the_url_they_reach():
    connections = json.loads(run("connections", "--base-url", "http://127.0.0.1:9").stdout)
    assert len(connections) == 13
    genesys = connections["genesys_nord_contact"]
    assert genesys["extra"] == {"api_host": "http://127.0.0.1:9", "login_host": "http://127.0.0.1:9"}
    assert connections["fastly_acme_media"]["host"] == "http://127.0.0.1:9"
    assert all(set(each) == {"conn_type", "host", "login", "password", "extra"} for each in connections.values())
