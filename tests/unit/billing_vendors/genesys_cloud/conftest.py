"""Genesys Cloud on loopback, answering from files; and what an account and its stored answers look like."""

import base64
import json
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import structlog
from structlog.testing import LogCapture

from billing.config.accounts import Account
from billing.month import Month
from billing.payloads.response import Response
from billing_vendors.genesys_cloud.settings import GenesysSettings

PAYLOADS = Path(__file__).parent / "payloads"
BILLING = "/api/v2/billing"
CLIENT_ID = "client-id-canary"
CLIENT_SECRET = "client-secret-canary"


@dataclass(frozen=True)
class Request:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    target: str = ""


@dataclass
class Reply:
    """
    One answer.

    :param chunks: more of the body, sent as long as somebody reads.
    """

    body: bytes = b"{}"
    status: int = 200
    media_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    chunks: Iterator[bytes] = field(default_factory=lambda: iter(()))
    length: int | None = None


def json_reply(document: object, status: int = 200, **headers: str) -> Reply:
    return Reply(json.dumps(document).encode(), status, headers=headers)


def read_payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def payload_reply(name: str, status: int = 200, **headers: str) -> Reply:
    return Reply(read_payload(name), status, headers=headers)


Handler = Callable[[Request], Reply]


class FakeGenesys:
    """
    Answers by path; a list of replies is used up from the front, its last one stays.

    Every token it gives is another one, and only the newest is accepted.
    """

    def __init__(self) -> None:
        self.seen: list[Request] = []
        self.tokens = 0
        self.expires_in = 86399
        self._routes: dict[str, list[Reply] | Handler] = {}
        fake = self

        class Handle(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # else head and body are 40 ms apart

            def do_GET(self) -> None:
                fake._serve(self)

            def do_POST(self) -> None:
                fake._serve(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handle)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def responses(self, path: str, *replies: Reply, by: Handler | None = None) -> None:
        self._routes[path] = by or list(replies)

    def billing(self, path: str, *replies: Reply, by: Handler | None = None) -> None:
        self.responses(BILLING + path, *replies, by=by)

    def asked(self, path: str) -> list[Request]:
        return [request for request in self.seen if request.path == BILLING + path]

    def _serve(self, handle: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handle.path)
        body = handle.rfile.read(int(handle.headers.get("Content-Length", 0)))
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in handle.headers.items()}
        request = Request(handle.command, parts.path, query, headers, body, handle.path)
        self.seen.append(request)
        _exchange(handle, self._reply(request))

    def _reply(self, request: Request) -> Reply:
        if request.path == "/oauth/token" and request.path not in self._routes:
            return self._token(request)
        if request.path.startswith(BILLING) and request.headers.get("authorization") != f"Bearer token-{self.tokens}":
            return payload_reply("error.unauthorized", 401)
        route = self._routes.get(request.path)
        if route is None:
            return json_reply({"message": "not found", "code": "not.found", "status": 404}, 404)
        if callable(route):
            return route(request)
        return route.pop(0) if len(route) > 1 else route[0]

    def _token(self, request: Request) -> Reply:
        pair = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {pair}" or request.body != b"grant_type=client_credentials":
            return payload_reply("oauth_error", 401)
        self.tokens += 1
        return json_reply(
            {"access_token": f"token-{self.tokens}", "token_type": "bearer", "expires_in": self.expires_in}
        )


def _exchange(handle: BaseHTTPRequestHandler, reply: Reply) -> None:
    try:
        handle.send_response(reply.status)
        handle.send_header("Content-Type", reply.media_type)
        if "Connection" not in reply.headers:  # a body without a length ends with its connection
            handle.send_header("Content-Length", str(len(reply.body) if reply.length is None else reply.length))
        for name, value in reply.headers.items():
            handle.send_header(name.replace("_", "-"), value)
        handle.end_headers()
        handle.wfile.write(reply.body)
        for chunk in reply.chunks:
            handle.wfile.write(chunk)
    except OSError:
        handle.close_connection = True  # the client went away


@pytest.fixture
def genesys() -> Iterator[FakeGenesys]:
    """The vendor on loopback."""
    fake = FakeGenesys()
    yield fake
    fake.close()


@pytest.fixture
def connect(monkeypatch, genesys) -> Callable[..., str]:
    """Make an Airflow connection to the fake vendor, unless told otherwise; gives its id."""

    def make(conn_id: str | None = None, **fields: Any) -> str:
        conn_id = conn_id or f"genesys_{genesys.url.rpartition(':')[2]}"
        connection = {
            "conn_type": "genesys_cloud",
            "login": CLIENT_ID,
            "password": CLIENT_SECRET,
            "extra": {"api_host": genesys.url},
        } | fields
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection))
        return conn_id

    return make


@pytest.fixture
def account() -> Account[GenesysSettings]:
    """The account of the recorded answers."""
    return make_account()


def make_account(conn_id: str = "genesys_billing", trustor: str | None = None) -> Account[GenesysSettings]:
    return Account(
        vendor="genesys_cloud",
        name="acme",
        conn_id=conn_id,
        currency="EUR",
        first_month=Month(2024, 1),
        posting_day=10,
        settings=GenesysSettings("9d7f0d63-95ae-4df7-8955-2bca7152ca19", "A-00000077", trustor),
    )


def stored(operation: str, path: str, body: bytes | object) -> Response:
    """One answer as it lies in the archive."""
    return Response(
        operation=operation,
        request=f"GET {BILLING}{path}",
        status=200,
        media_type="application/json",
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
        received_at=datetime(2026, 11, 22, tzinfo=UTC),
    )


class Logged:
    """All that was logged, at every level: by the standard library's loggers and by Airflow's own."""

    def __init__(self, caplog, captured) -> None:
        self._caplog = caplog
        self._captured = captured

    @property
    def text(self) -> str:
        return self._caplog.text + "".join(f"{entry}\n" for entry in self._captured.entries)


@pytest.fixture
def logged(caplog) -> Iterator[Logged]:
    """Listen to everything; Airflow's loggers have levels and an output of their own."""
    import airflow.sdk.log  # noqa: F401 (configures the loggers, so it must be loaded before they change)

    for logger in (None, "airflow", "airflow.task", "aiohttp", "asyncio"):
        caplog.set_level(logging.DEBUG, logger=logger)
    before = structlog.get_config()
    captured = LogCapture()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG), processors=[captured])
    yield Logged(caplog, captured)
    structlog.configure(**before)
