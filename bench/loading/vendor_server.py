"""
A vendor on loopback that is never the bottleneck: bytes rendered before the first request, one thread a connection.

Runs as a process of its own (``serving``). A path that begins with ``/changed`` is answered from a second rendering
with one changed line; ``/first`` from the first. ``/counts`` returns the request counts.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from loading import fastly_bill, genesys_bill
from loading.responder import COUNTS, Counts, Responder
from loading.truth import Truth

VARIANTS = ("first", "changed")
BILLS = {"fastly": fastly_bill, "genesys_cloud": genesys_bill}
_SEND_BUFFER = 4 * 1024 * 1024
_OUT_OF_THE_WAY = 1_000_000


@dataclass(frozen=True)
class Served:
    """
    A running server.

    :param truths: what it bills, by variant.
    :param listed_bytes: size of the responses that hold every line once.
    :param all_bytes: size of all responses.
    """

    vendor: str
    url: str
    truths: dict[str, Truth]
    listed_bytes: int
    all_bytes: int

    def counts(self) -> Counts:
        """Return the request counts of the server so far."""
        with urllib.request.urlopen(f"{self.url}{COUNTS}") as response:  # noqa: S310 (our own server)
            return Counts(**json.load(response))


@contextmanager
def serving(
    vendor: str, invoices: int, lines: int, *, allowed: int = _OUT_OF_THE_WAY, window: int = 60
) -> Iterator[Served]:
    """
    Serve a month inside the block.

    :param allowed: requests in a window of that many seconds.
    """
    command = [sys.executable, __file__, vendor, *map(str, (invoices, lines, allowed, window))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            told = json.loads(process.stdout.readline()) if process.stdout else {}
            truths = {name: Truth.of(texts) for name, texts in told.pop("truths").items()}
            yield Served(vendor, truths=truths, **told)
        finally:
            process.terminate()


def main() -> None:
    vendor, (invoices, lines, allowed, window) = sys.argv[1], map(int, sys.argv[2:])
    bill = BILLS[vendor]
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    rendered = {name: bill.render(f"{url}/{name}", invoices, lines, changed=name == "changed") for name in VARIANTS}
    first = rendered["first"]
    sizes = {"listed_bytes": first.listed_bytes, "all_bytes": sum(map(len, first.bodies.values()))}
    truths = {name: each.truth.texts() for name, each in rendered.items()}
    responder = Responder(rendered, bill.asked_for, allowed, window)
    print(json.dumps({"url": url, "truths": truths} | sizes), flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_serve, args=(connection, responder), daemon=True).start()


def _serve(connection: socket.socket, responder: Responder) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
    with suppress(OSError), connection, connection.makefile("rb") as stream:  # a client that went away is fine
        while target := _request(stream):
            head, body = responder.response(target)
            try:
                connection.sendall(head)
                connection.sendall(body)
            finally:
                responder.answered(target)


def _request(stream: BinaryIO) -> str | None:
    """Read one request and its body; return its target, None at the end of the connection."""
    line, length = stream.readline().decode().split(), 0
    while header := stream.readline().strip().lower():
        if header.startswith(b"content-length:"):
            length = int(header.partition(b":")[2])
    stream.read(length)
    return line[1] if line else None


if __name__ == "__main__":
    main()
