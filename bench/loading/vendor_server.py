"""
A vendor on loopback that is never the bottleneck: bytes rendered before the first request, one thread a connection.

Runs as a process of its own (``serving``). A path that begins with ``/changed`` is answered from a second rendering
with one changed line; ``/first`` from the first.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import parse_qs, urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from loading import fastly_bill
from loading.truth import Truth

VARIANTS = ("first", "changed")
_SEND_BUFFER = 4 * 1024 * 1024


@dataclass(frozen=True)
class Served:
    """
    A running server.

    :param truths: what it bills, by variant.
    :param listed_bytes: size of the answers that hold every line once.
    :param all_bytes: size of all answers.
    """

    url: str
    truths: dict[str, Truth]
    listed_bytes: int
    all_bytes: int


@contextmanager
def serving(invoices: int, lines: int) -> Iterator[Served]:
    """Serve a month inside the block."""
    command = [sys.executable, __file__, str(invoices), str(lines)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as process:
        try:
            told = json.loads(process.stdout.readline()) if process.stdout else {}
            truths = {name: Truth.of(texts) for name, texts in told.pop("truths").items()}
            yield Served(truths=truths, **told)
        finally:
            process.terminate()


Answering = Callable[[str], memoryview | None]


def main() -> None:
    invoices, lines = map(int, sys.argv[1:])
    rendered = {name: fastly_bill.render(invoices, lines, changed=name == "changed") for name in VARIANTS}

    def answer(target: str) -> memoryview | None:
        parts = urlsplit(target)
        _, variant, path = parts.path.split("/", 2)
        return rendered[variant].bodies.get(fastly_bill.asked_for(f"/{path}", parse_qs(parts.query)))

    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    first = rendered["first"]
    told = {
        "url": f"http://127.0.0.1:{listener.getsockname()[1]}",
        "truths": {name: each.truth.texts() for name, each in rendered.items()},
        "listed_bytes": first.listed_bytes,
        "all_bytes": sum(len(body) for body in first.bodies.values()),
    }
    print(json.dumps(told), flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_serve, args=(connection, answer), daemon=True).start()


def _serve(connection: socket.socket, answer: Answering) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
    with suppress(OSError), connection, connection.makefile("rb") as stream:  # a client that went away is fine
        while target := _request(stream):
            body = answer(target)
            status = "404 Not Found" if body is None else "200 OK"
            body = memoryview(b"{}") if body is None else body
            head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode())
            connection.sendall(body)


def _request(stream: BinaryIO) -> str | None:
    """Read one request without a body; give its target, None at the end of the connection."""
    line = stream.readline().decode().split()
    while stream.readline().strip():
        pass
    return line[1] if line else None


if __name__ == "__main__":
    main()
