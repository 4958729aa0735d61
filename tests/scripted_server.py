"""A vendor that answers from a script, byte for byte, and the Airflow connections to it."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml


@dataclass
class Reply:
    """
    One answer.

    :param declared_length: Content-Length to send instead of the true one; the connection closes before it is kept.
    :param drip_seconds: pause after each byte of the body.
    :param hang_seconds: pause before anything is sent.
    :param vanish: close the connection without an answer.
    """

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = "application/json"
    declared_length: int | None = None
    drip_seconds: float = 0.0
    hang_seconds: float = 0.0
    vanish: bool = False

    def head(self) -> bytes:
        length = len(self.body) if self.declared_length is None else self.declared_length
        lines = [f"HTTP/1.1 {self.status} Said", f"Content-Length: {length}", f"Content-Type: {self.media_type}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


@dataclass(frozen=True)
class Seen:
    """One request as it arrived: header names in lower case, the time in monotonic seconds."""

    target: str
    headers: dict[str, str]
    body: bytes
    at: float


class ScriptedServer:
    """Answers requests in the script's order; the last reply is repeated for ever."""

    def __init__(self) -> None:
        self.script = [Reply()]
        self.seen: list[Seen] = []
        self.connections = 0
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def responses(self, *replies: dict[str, Any]) -> None:
        self.script = [Reply(**reply) for reply in replies]

    @property
    def targets(self) -> list[str]:
        return [seen.target for seen in self.seen]

    def close(self) -> None:
        with suppress(OSError):  # closed before
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rb") as stream:
                while (seen := _request(stream)) is not None:
                    with self._lock:
                        self.seen.append(seen)
                        reply = self.script.pop(0) if len(self.script) > 1 else self.script[0]
                    if not _exchange(connection, reply):
                        return
        except OSError:
            return  # the client went away


def _request(stream) -> Seen | None:
    line = stream.readline().decode().split()
    if not line:
        return None
    headers = {}
    while header := stream.readline().decode().strip():
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", 0)))
    return Seen(line[1], headers, body, time.monotonic())


def _exchange(connection: socket.socket, reply: Reply) -> bool:
    """Send a reply; False ends the connection."""
    time.sleep(reply.hang_seconds)
    if reply.vanish:
        return False
    connection.sendall(reply.head())
    if reply.drip_seconds:
        for byte in reply.body:
            connection.sendall(bytes([byte]))
            time.sleep(reply.drip_seconds)
    else:
        connection.sendall(reply.body)
    return reply.declared_length is None


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A vendor on loopback that says what the test tells it to."""
    scripted = ScriptedServer()
    yield scripted
    scripted.close()


@pytest.fixture
def connect(monkeypatch) -> Callable[..., str]:
    """Define an Airflow connection; gives its id."""

    def define(conn_id: str = "fastly_test", **fields: Any) -> str:
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps({"conn_type": "fastly", **fields}))
        return conn_id

    return define


@pytest.fixture
def accounts_file(monkeypatch, tmp_path) -> Callable[..., None]:
    """Write the accounts that are in force during the test."""

    def write(*accounts: dict[str, Any]) -> None:
        path = tmp_path / "accounts.yaml"
        path.write_text(yaml.safe_dump({"accounts": list(accounts)}), encoding="utf-8")
        monkeypatch.setenv("TIEOUT_ACCOUNTS", str(path))

    return write
