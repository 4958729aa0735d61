"""Real receivers of alerts on loopback: a webhook and a mail server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from tieout_stack.ports import free_ports


@dataclass
class Webhook:
    """Receives Apprise's JSON messages; ``status`` is what it answers."""

    status: int = 200
    messages: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def bodies(self) -> str:
        """All that was received, as one text."""
        return "\n".join(message["message"] for message in self.messages)


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    """A webhook that accepts everything."""
    made = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if made.status == 200:
                made.messages.append(body)
            self.send_response(made.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"json://127.0.0.1:{server.server_address[1]}/hook/t0ken-4711-abcdef"
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


@dataclass
class Mailbox:
    """Receives mail by SMTP."""

    messages: list[Any] = field(default_factory=list)
    url: str = ""

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802 (aiosmtpd's name)
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mail server that accepts everything."""
    made = Mailbox()
    (port,) = free_ports(1)
    controller = Controller(made, hostname="127.0.0.1", port=port)
    controller.start()
    made.url = (
        f"mailto://127.0.0.1:{port}/?smtp=127.0.0.1&mode=insecure&from=tieout@example.com&to=controller@example.com"
    )
    yield made
    controller.stop()
