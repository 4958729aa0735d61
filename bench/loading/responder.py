"""The responses of a benchmark's vendor, and counts of its requests."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from urllib.parse import parse_qs, urlsplit

from loading.truth import Rendered

COUNTS = "/counts"
_NOTHING = memoryview(b"{}")

AskedFor = Callable[[str, dict[str, list[str]]], str]


@dataclass
class Counts:
    """
    How a server was used.

    :param most_at_once: the most requests that were being answered at one moment.
    :param most_in_window: the most requests that came in one window of the rate limit.
    :param refused: answered 429.
    """

    requests: int = 0
    most_at_once: int = 0
    most_in_window: int = 0
    refused: int = 0


class Responder:
    """
    Answers, and counts.

    :param rendered: by variant, the first part of every path.
    :param asked_for: returns the key of a body.
    :param allowed: requests in a window, reported as by Genesys Cloud; more are answered 429.
    :param window: in seconds; a new one begins with the first request after the old one.
    """

    def __init__(self, rendered: dict[str, Rendered], asked_for: AskedFor, allowed: int, window: int) -> None:
        self._rendered, self._asked_for = rendered, asked_for
        self._allowed, self._window = allowed, window
        self._lock, self._began = threading.Lock(), time.monotonic()
        self._at_once = self._in_window = 0
        self._counts = Counts()

    def response(self, target: str) -> tuple[bytes, memoryview]:
        """Return head and body of a response; ``answered`` must follow when they are sent."""
        parts = urlsplit(target)
        if parts.path == COUNTS:
            return self._answer("200 OK", {}, memoryview(json.dumps(asdict(self._counts)).encode()))
        _, variant, path = parts.path.split("/", 2)
        in_window, left = self._count()
        limits = {"inin-ratelimit-count": in_window, "inin-ratelimit-allowed": self._allowed}
        limits["inin-ratelimit-reset"] = left
        if in_window > self._allowed:
            self._counts.refused += 1
            return self._answer("429 Too Many Requests", limits | {"retry-after": left}, _NOTHING)
        body = self._rendered[variant].bodies.get(self._asked_for(f"/{path}", parse_qs(parts.query)))
        if body is None:
            return self._answer("404 Not Found", limits, _NOTHING)
        return self._answer("200 OK", limits, body)

    def answered(self, target: str) -> None:
        """Count that a response has been sent."""
        with self._lock:
            self._at_once -= target != COUNTS

    def _count(self) -> tuple[int, int]:
        """Count a request; return its number in the window, and the seconds until the next one."""
        with self._lock:
            now = time.monotonic()
            if now - self._began >= self._window:
                self._began, self._in_window = now, 0
            self._in_window += 1
            self._at_once += 1
            self._counts.requests += 1
            self._counts.most_at_once = max(self._counts.most_at_once, self._at_once)
            self._counts.most_in_window = max(self._counts.most_in_window, self._in_window)
            return self._in_window, int(self._window - (now - self._began)) + 1

    def _answer(self, status: str, headers: dict[str, int], body: memoryview) -> tuple[bytes, memoryview]:
        kind = "application/pdf" if bytes(body[:4]) == b"%PDF" else "application/json"
        lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode(), body
