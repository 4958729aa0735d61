"""
A wire between the product and a server that counts what goes over it, and can stop the world at any message.

It stands outside the product and knows only the protocols: HTTP/1.1 and Postgres's. Both are conversations of question
and answer, so each connection is served by one thread that takes turns.
"""

from __future__ import annotations

import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

BEFORE, TORN, ANSWERED, HALF_ANSWERED = "before", "torn", "answered", "half answered"


class Closed(Exception):
    """One side has gone."""


@dataclass(frozen=True)
class Event:
    """One message of the client, by its number on this wire; counted from 0."""

    number: int
    label: str


class Side:
    """One end's bytes, read in whole messages."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._buffer = b""

    def take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._more()
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken

    def take_until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            self._more()
        return self.take(self._buffer.index(mark) + len(mark))

    def _more(self) -> None:
        try:
            got = self.connection.recv(1 << 20)
        except OSError:
            got = b""
        if not got:
            raise Closed
        self._buffer += got

    def send(self, message: bytes) -> None:
        try:
            self.connection.sendall(message)
        except OSError:
            raise Closed from None

    def close(self) -> None:
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        self.connection.close()


class RequestFlow(Protocol):
    """One connection's protocol."""

    def request(self, client: Side) -> tuple[bytes, str]:
        """Read one message of the client and label it; "" is not counted."""

    def response(self, request: bytes, server: Side) -> bytes:
        """Read all that the server says to it; nothing if it says nothing."""


class Http:
    """HTTP/1.1 with Content-Length, as our client and the simulator speak it."""

    def request(self, client: Side) -> tuple[bytes, str]:
        head = client.take_until(b"\r\n\r\n")
        method, target, _ = head.split(b" ", 2)
        return head + client.take(_length(head)), f"{method.decode()} {target.split(b'?')[0].decode()}"

    def response(self, _question: bytes, server: Side) -> bytes:
        head = server.take_until(b"\r\n\r\n")
        return head + server.take(_length(head))


def _length(head: bytes) -> int:
    found = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
    return int(found[1]) if found else 0


class Postgres:
    """Postgres's protocol 3 without TLS: simple queries and COPY, as psycopg2 speaks it."""

    def __init__(self) -> None:
        self._started = False
        self.backend = 0

    def request(self, client: Side) -> tuple[bytes, str]:
        if not self._started:
            size = client.take(4)
            rest = client.take(struct.unpack("!i", size)[0] - 4)
            self._started = rest[:2] != b"\x04\xd2"  # a wish for TLS or GSS comes before the real beginning
            return size + rest, "connect" if self._started else ""
        head = client.take(5)
        body = client.take(struct.unpack("!i", head[1:])[0] - 4)
        return head + body, _statement(head[:1], body)

    def response(self, request: bytes, server: Side) -> bytes:
        if not self._started:
            return server.take(1)
        if request[:1] in {b"d", b"X"}:
            return b""
        said = b""
        while True:
            head = server.take(5)
            body = server.take(struct.unpack("!i", head[1:])[0] - 4)
            said += head + body
            kind = head[:1]
            if kind == b"K":
                self.backend = struct.unpack("!i", body[:4])[0]
            if kind in {b"Z", b"G"} or (kind == b"R" and struct.unpack("!i", body[:4])[0] in {3, 5, 10, 11}):
                return said


def _statement(kind: bytes, body: bytes) -> str:
    """Label a message: ``insert billing.payload``, ``copy billing.invoice_line``, ``copied rows``, ``commit``."""
    if kind == b"Q":
        text = " ".join(body.rstrip(b"\0").decode(errors="replace").split())
        verb = text.partition(" ")[0].lower()
        found = re.search(r"\b(?:into|update|copy|from) (billing\.\w+)", text, re.IGNORECASE)
        return f"{verb} {found[1]}" if found else verb
    return {b"d": "copied rows", b"c": "copy done", b"p": "password", b"X": ""}.get(kind, kind.decode())


@dataclass
class WireProxy:
    """
    Listens on loopback and hands everything on to ``port``.

    :ivar events: the client's messages, in order.
    :ivar stop_at: number of the message at which ``stop`` is called, and at which of its moments.
    :ivar stop: what is to happen then, e.g. a kill; afterwards this connection is closed, unless it gives True.
    """

    port: int
    protocol: Callable[[], RequestFlow]
    events: list[Event] = field(default_factory=list)
    stop_at: tuple[int, str] | None = None
    stop: Callable[[RequestFlow], bool | None] = lambda _conversation: None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.own_port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def restart_count(self) -> None:
        """Forget what was seen and let everything pass."""
        with self._lock:
            self.events, self.stop_at = [], None

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client = Side(connection)
        try:
            server = Side(socket.create_connection(("127.0.0.1", self.port)))
        except OSError:
            client.close()
            return
        server.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        flow = self.protocol()
        with suppress(Closed):
            for _ in self._turns(flow, client, server):
                pass
        client.close()
        server.close()

    def _turns(self, flow: RequestFlow, client: Side, server: Side) -> Iterator[None]:
        while True:
            request, label = flow.request(client)
            event = self._count(label)
            if self._stops(event, BEFORE, flow):
                return
            if event and self.stop_at == (event.number, TORN):
                server.send(request[: len(request) // 2])
                self._stops(event, TORN, flow)
                return
            server.send(request)
            response = flow.response(request, server)
            if self._stops(event, ANSWERED, flow):
                return
            if event and self.stop_at == (event.number, HALF_ANSWERED):
                client.send(response[: len(response) // 2])
                self._stops(event, HALF_ANSWERED, flow)
                return
            client.send(response)
            yield

    def _count(self, label: str) -> Event | None:
        if not label:
            return None
        with self._lock:
            event = Event(len(self.events), label)
            self.events.append(event)
        return event

    def _stops(self, event: Event | None, moment: str, flow: RequestFlow) -> bool:
        if event is None or self.stop_at != (event.number, moment):
            return False
        return not self.stop(flow)
