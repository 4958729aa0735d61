"""``make audit``, alone and in ``make check``: with a service that answers, one that finds a fault, and with none."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

ROOT = Path(__file__).resolve().parents[3]
FAULT = {
    "id": "OSV-2026-1",
    "summary": "invented",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "jinja2"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.0"}]}],
            "versions": ["2.4.1"],
        }
    ],
}


class Service:
    """An advisory service on loopback, which knows what a test tells it to."""

    def __init__(self) -> None:
        self.faulty: dict[str, str | None] = {"jinja2": "2.4.1"}  # name: version; None is every one
        self.asked: set[str] = set()
        self.broken = False
        service = self

        class Handle(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                name, version = request["package"]["name"], request["version"]
                service.asked.add(name)
                known = name in service.faulty and service.faulty[name] in {None, version}
                body = json.dumps({"vulns": [FAULT]} if known else {}).encode()
                self.send_response(503 if service.broken and version != "2.4.1" else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handle)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1/query"
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def service():
    made = Service()
    yield made
    made.close()


def audit(url: str, *options: str) -> tuple[int, str]:
    environment = os.environ | {"TIEOUT_ADVISORIES": url, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    command = [sys.executable, ROOT / "tools" / "audit.py", *options]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stdout + done.stderr


def test_every_locked_package_is_asked_about(service):
    code, said = audit(service.url)
    assert (code, said.count("\n")) == (0, 1)
    assert "0 known vulnerabilities" in said
    locks = "".join(lock.read_text(encoding="utf-8") for lock in ROOT.glob("requirements*.lock"))
    assert {"sqlalchemy", "apache-airflow-core", "psycopg2-binary", "fpdf2", "celery", "pytest", "uv"} <= service.asked
    packages = set(re.findall(r"^([a-z0-9.-]+)==", locks, re.MULTILINE))
    assert len(service.asked) > len(packages) * 0.95  # those of other platforms are not


def test_a_known_fault_fails_and_is_named(service):
    service.faulty["jinja2"] = None
    code, said = audit(service.url, "--if-reachable")
    assert code == 1
    assert "jinja2" in said
    assert "OSV-2026-1, fixed in 99.0" in said


@pytest.mark.parametrize("fault", ["nobody there", "knows nothing", "breaks off"])
def test_nobody_to_ask_is_said_and_fails_only_who_wants_to_know(service, fault):
    """A machine without internet can still check; and a service that does not know an old fault is no service."""
    url = "http://127.0.0.1:9/v1/query" if fault == "nobody there" else service.url
    service.faulty = {} if fault == "knows nothing" else service.faulty
    service.broken = fault == "breaks off"
    for options, expected in (((), 2), (("--if-reachable",), 0)):
        code, said = audit(url, *options)
        assert code == expected
        assert said.startswith("NOT AUDITED: ")
