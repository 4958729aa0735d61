"""Both simulated vendors behind somebody who writes hostile texts into every answer on its way."""

from __future__ import annotations

import http.client
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit
from zlib import crc32

from tests.matrix.hostile.words import HOSTILE

SPOILT = frozenset(
    {
        *["description", "product_name", "product_group", "product_line", "region", "credit_coupon_code", "unit"],
        *["name", "unitOfMeasure", "grouping", "externalNumber", "poNumber", "purchaseOrderNumber", "service_name"],
    }
)
"""Members with words for people; what says how to go on (ids, cursors, states, dates) leads to refusals instead."""

WORDS = sorted(HOSTILE.values())
ROWS = ("invoice_id", "invoiceNumber", "dateInvoiced")


class HostileVendor:
    """
    Forwards to the simulator and rewrites what it answers; a text is always replaced by the same word.

    :ivar sent: the words that were put into answers.
    """

    def __init__(self, base_url: str) -> None:
        self.sent: set[str] = set()
        inner, hostile = urlsplit(base_url), self

        class Handle(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                hostile._forward(self, inner.hostname, inner.port)

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handle)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _forward(self, handle: BaseHTTPRequestHandler, host: str | None, port: int | None) -> None:
        body = handle.rfile.read(int(handle.headers.get("Content-Length", 0)))
        headers = {name: value for name, value in handle.headers.items() if name.lower() != "accept-encoding"}
        connection = http.client.HTTPConnection(host or "", port, timeout=60)
        connection.request(handle.command, handle.path, body, headers)
        response = connection.getresponse()
        content, kind = response.read(), response.headers.get("Content-Type", "")
        connection.close()
        if response.status == 200 and "json" in kind and "oauth" not in handle.path:
            content = json.dumps(self._corrupted(json.loads(content, parse_float=_Digits))).encode()
        handle.send_response(response.status)
        for name, value in response.headers.items():
            if name.lower() not in {"content-length", "connection", "transfer-encoding", "date", "server"}:
                handle.send_header(name, value)
        handle.send_header("Content-Length", str(len(content)))
        handle.end_headers()
        handle.wfile.write(content)

    def _corrupted(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._corrupted(member) for member in value]
        if not isinstance(value, dict):
            return value
        made = {name: self._corrupted(member) for name, member in value.items()}
        for name in SPOILT & made.keys():
            if isinstance(made[name], str):
                made[name] = WORDS[crc32(f"{name}{made[name]}".encode()) % len(WORDS)]
                self.sent.add(made[name])
        if any(name in made for name in ROWS):
            made |= {word[:80]: word for word in WORDS}
        return made


class _Digits(float):
    """A number that is written again with the very digits it came with."""

    def __new__(cls, text: str) -> _Digits:
        made = super().__new__(cls, text)
        made.text = text
        return made

    def __repr__(self) -> str:
        return self.text
