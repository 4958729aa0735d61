"""Faults: which requests they affect, how often, and how the response is changed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Any

KINDS = {
    "status": "answer `status` with the vendor's error body, and `retry_after` (seconds or an HTTP date) if given",
    "delay": "answer after `seconds`",
    "drip": "send the body in 20 pieces over `seconds`",
    "reset": "reset the connection before any byte of the answer",
    "refuse": "reset the connection, and refuse new ones until the fault is lifted",
    "cut": "announce the whole body and send half of it",
    "reset_body": "announce the whole body, send half of it and reset the connection",
    "truncated": "send half of the body as if it were the whole",
    "html": "answer 200 with a web page",
    "media_type": "send `text` as the Content-Type",
    "duplicate_key": "repeat the first member of the body with another value",
    "nan": "put NaN (or `text`: Infinity) for the first amount or quantity",
    "extra_field": "add members the contract does not know",
    "unknown_enum": "put `text` (or BrandNewValue) for the first enumerated member",
    "null_enum": "put null for the first enumerated member",
    "repeat_cursor": "give the same cursor again and again",
    "jump_back": "lead back to the second page from the third one on",
    "endless_cursor": "give one more cursor, for ever, to pages without rows",
    "endless_rows": "give one more cursor, for ever, to the rows of the first page",
    "shift_rows": "move the rows by `size` while they are read: later pages begin that many rows later, or earlier",
    "skip_page": "let the cursor jump over one page",
    "drop_rows": "leave out the last row of a page",
    "repeat_page": "send the rows of the first page again on later pages",
    "wrong_total": "count one row too many in the total",
    "accepted": "not ready yet: 202 or InProgress",
    "expire_tokens": "forget every token, then go on",
    "redirect": "answer 302 with Location `url`",
    "document_url": "let the document link be `url`",
    "document_host": "let the document link lead to the host `text` instead of ours",
    "oversize": "send `size` bytes of blanks before the body",
    "endless_body": "send blanks for as long as somebody reads",
    "gzip": "compress the body",
    "bomb": "send `size` bytes of blanks before the body, compressed to a thousandth",
    "bom": "send a byte order mark before the body",
    "charset": "encode the body in `text` (or UTF-16)",
    "text_numbers": "write every number with a fraction as a text",
    "word_for_number": "put `text` (or n/a) for the first amount or quantity",
    "number_for_text": "put 7 for the first text that is a currency, a description or the like",
    "null_list": "put null for the list",
    "camel_lines": "name line members as before SDK 5.6.0 (ProductName)",
    "get_names": "name charge members as SDK 228 to 241 did (getprepaidQuantity)",
    "retired": "the route is gone: `status` 404 or 410",
}


@dataclass(slots=True)
class Fault:
    """
    One fault.

    :param kind: one of ``KINDS``.
    :param operation: pattern of the operations it meets, such as ``fastly.v3.*``.
    :param path: pattern of path and query.
    :param account: only this account; empty for any.
    :param times: how many requests it affects; None for all.
    :param after: how many matching requests it skips first.
    :ivar met: how many requests it has affected.
    :ivar changed: how many correct responses it has changed: a kind may not fit a response.
    """

    kind: str
    operation: str = "*"
    path: str = "*"
    account: str = ""
    times: int | None = 1
    after: int = 0
    status: int = 503
    retry_after: str | None = None
    seconds: float = 1.0
    url: str = ""
    text: str = ""
    size: int = 1_000_000
    met: int = 0
    changed: int = 0
    memory: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault {self.kind!r}; known: {', '.join(KINDS)}")

    @classmethod
    def read(cls, members: dict[str, Any]) -> Fault:
        """
        Read a fault from JSON.

        :raises ValueError: an unknown kind or member.
        """
        unknown = set(members) - {f.name for f in fields(cls)} | set(members) & {"met", "changed", "memory"}
        if unknown or "kind" not in members:
            raise ValueError(f"a fault needs a kind and knows no {sorted(unknown)}")
        return cls(**members)

    def meets(self, operation: str, path: str, account: str) -> bool:
        """Return whether a request matches, regardless of the number left."""
        named = fnmatchcase(operation, self.operation) and fnmatchcase(path, self.path)
        return named and self.account in {"", account}


@dataclass
class FaultPlan:
    """The faults in force, tried in the order in which they were added; one request gets at most one fault."""

    _faults: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str, operation: str = "*", **members: Any) -> Fault:  # noqa: ANN401 (members of Fault)
        """
        Add a fault.

        :raises ValueError: an unknown kind or member.
        """
        fault = Fault.read({"kind": kind, "operation": operation, **members})
        with self._lock:
            self._faults.append(fault)
        return fault

    def take(self, operation: str, path: str, account_of: Callable[[], str]) -> Fault | None:
        """Return the fault of a request, and count it."""
        with self._lock:
            for fault in self._faults:
                if fault.times == 0 or not fault.meets(operation, path, account_of()):
                    continue
                if fault.after:
                    fault.after -= 1
                    continue
                if fault.times is not None:
                    fault.times -= 1
                fault.met += 1
                return fault
        return None

    def in_force(self, kind: str) -> bool:
        """Return whether a fault of this kind has not been lifted yet, regardless of the number left."""
        with self._lock:
            return any(fault.kind == kind for fault in self._faults)

    def clear(self) -> None:
        """Lift every fault."""
        with self._lock:
            self._faults.clear()

    def summary(self) -> list[dict[str, Any]]:
        """Return the faults in force as a JSON value."""
        with self._lock:
            return [
                {name: str(value) if isinstance(value, float) else value for name, value in asdict(fault).items()}
                | {"memory": None}
                for fault in self._faults
            ]
