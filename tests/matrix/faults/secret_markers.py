"""Secrets that are looked for afterwards, in every place where one could have been left."""

from __future__ import annotations

import base64
import logging
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import structlog

from vendor_simulator.testing import Simulator
from vendor_simulator.web.stats import Request


@dataclass
class SecretMarkers:
    """
    The secrets of a run by what they are, e.g. ``Fastly token of acme-media``.

    The vendors' own are random texts that no other place has a reason to hold.
    """

    by_kind: dict[str, set[str]] = field(default_factory=dict)

    def add(self, kind: str, secret: str) -> None:
        """Look for a secret as it is, and as it stands in a URL."""
        assert len(secret) >= 16, f"{kind}: too short to be told from other text"
        self.by_kind.setdefault(kind, set()).update({secret, quote(secret, safe="")})

    def add_connections(self, connections: Mapping[str, Mapping[str, Any]]) -> None:
        """Look for tokens, and for client secrets alone and as they are sent to sign in."""
        for connection in connections.values():
            if connection["conn_type"] == "fastly":
                self.add("Fastly token", connection["password"])
            else:
                self.add("client secret", connection["password"])
                pair = f"{connection['login']}:{connection['password']}"
                self.add("client secret, base64", base64.b64encode(pair.encode()).decode())

    def add_issued(self, simulator: Simulator, requests: Iterable[Request]) -> None:
        """Look for what the simulator has issued: access tokens, and signatures of document links."""
        for token in list(simulator.state.tokens):
            self.add("access token", token)
        for request in requests:
            for signature in parse_qs(urlsplit(request.path).query).get("signature", []):
                self.add("link signature", signature)

    def leaks(self, texts: Mapping[str, str]) -> list[str]:
        """Name what texts give away, by their places."""
        return [
            f"{kind} in {place}"
            for place, text in texts.items()
            for kind, secrets in self.by_kind.items()
            if any(secret in text for secret in secrets)
        ]


class LogCapture(logging.Handler):
    """All that is logged while it listens, at every level: by the standard library's loggers and by Airflow's own."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record as a file would, with its traceback, and its parts."""
        self.lines.append(f"{self.format(record)} {record.args!r}")

    def __call__(self, _logger: object, _name: str, event: Any) -> Any:
        """Keep an event of structlog, and drop it."""
        error = event.get("exc_info")
        trace = "".join(traceback.format_exception(error)) if isinstance(error, BaseException) else ""
        self.lines.append(f"{event!r} {trace}")
        raise structlog.DropEvent

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.lines)


@contextmanager
def captured_logs() -> Iterator[LogCapture]:
    """Hear every logger, also those that are usually quiet."""
    import airflow.sdk.log  # noqa: F401 (configures the loggers, so it must be loaded before they change)

    captured = LogCapture()
    loggers = [
        logging.getLogger(),
        *map(
            logging.getLogger,
            ("airflow", "airflow.task", "billing", "billing_vendors", "aiohttp", "asyncio", "urllib3"),
        ),
    ]
    levels = [logger.level for logger in loggers]
    before = structlog.get_config()
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    loggers[0].addHandler(captured)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        processors=[structlog.contextvars.merge_contextvars, captured],
        cache_logger_on_first_use=False,
    )
    try:
        yield captured
    finally:
        structlog.configure(**before)
        loggers[0].removeHandler(captured)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def shown(error: BaseException | None) -> str:
    """Give all that an error could show: its text, its parts, its traceback, and the same of what lies behind it."""
    parts: list[str] = []
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        parts += [str(each), repr(each), repr(each.args), repr(vars(each)), "".join(traceback.format_exception(each))]
        waiting += [each.__cause__, each.__context__]
    return "\n".join(parts)


def command_lines() -> str:
    """Give the command line of every process that we may read."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
        except OSError:  # it has ended
            continue
    return "\n".join(lines)


def files_below(folder: Path) -> str:
    """Give names and contents of all files below a folder."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return "\n".join(f"{path} {path.read_bytes().decode('utf-8', 'replace')}" for path in files)
