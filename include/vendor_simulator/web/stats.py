"""What was asked of the simulator, for tests that count."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

REQUESTS_KEPT = 10_000  # with their headers; the counts go on


@dataclass(slots=True)
class Request:
    """One request as it came, and what it was answered; ``status`` is 0 where the connection was cut."""

    at: datetime
    operation: str
    method: str
    path: str
    headers: dict[str, str]
    account: str = ""
    status: int = 0
    fault: str = ""


@dataclass
class Stats:
    """Counts since the start or the last ``clear``; safe to read from any thread."""

    requests: deque[Request] = field(default_factory=lambda: deque(maxlen=REQUESTS_KEPT))
    in_flight: int = 0
    most_in_flight: int = 0
    tokens_leaked: int = 0
    rate_limited: int = 0
    tokens_issued: int = 0
    _asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    _statuses: Counter[int] = field(default_factory=Counter)
    _minutes: Counter[str] = field(default_factory=Counter)
    _minutes_of: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _in_flight_of: Counter[str] = field(default_factory=Counter)
    _most_in_flight_of: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def counting(self, request: Request) -> Iterator[None]:
        """Record a request, and that it is being answered."""
        vendor, minute = request.operation.partition(".")[0], request.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
        with self._lock:
            self.requests.append(request)
            self._asked[request.operation, request.account] += 1
            self._minutes[minute] += 1
            self._minutes_of[vendor, request.account, minute] += 1
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
            self._in_flight_of[vendor] += 1
            self._most_in_flight_of[vendor] = max(self._most_in_flight_of[vendor], self._in_flight_of[vendor])
        try:
            yield
        finally:
            with self._lock:
                self._statuses[request.status] += 1
                self.in_flight -= 1
                self._in_flight_of[vendor] -= 1

    def count(self, operation: str, account: str | None = None) -> int:
        """Count the requests of one operation, of one account if named."""
        with self._lock:
            asked = self._asked.items()
            return sum(times for (name, who), times in asked if name == operation and account in {None, who})

    def clear(self) -> None:
        """Set all counts to zero."""
        with self._lock:
            for counts in (self._asked, self._statuses, self._minutes, self._minutes_of):
                counts.clear()
            self._most_in_flight_of = self._in_flight_of.copy()
            self.requests.clear()
            self.most_in_flight = self.in_flight
            self.tokens_leaked = self.rate_limited = self.tokens_issued = 0

    def summary(self) -> dict[str, Any]:
        """
        Sum up as a JSON value: per operation, per account, per status (0 = cut off) and per UTC minute.

        ``vendors`` has, for each, the most requests that were being answered at once, and the most that one account
        sent in one UTC minute.
        """
        with self._lock:
            operations: Counter[str] = Counter()
            accounts: Counter[str] = Counter()
            for (operation, account), times in self._asked.items():
                operations[operation] += times
                accounts[account] += times
            busiest: dict[str, int] = {}
            for (vendor, _, _), times in self._minutes_of.items():
                busiest[vendor] = max(busiest.get(vendor, 0), times)
            return {
                "requests": self._asked.total(),
                "operations": dict(operations),
                "accounts": dict(accounts),
                "statuses": {str(status): times for status, times in self._statuses.items()},
                "minutes": dict(self._minutes),
                "most_in_flight": self.most_in_flight,
                "vendors": {
                    vendor: {"most_in_flight": self._most_in_flight_of[vendor], "most_of_an_account_in_a_minute": times}
                    for vendor, times in busiest.items()
                },
                "rate_limited": self.rate_limited,
                "tokens_issued": self.tokens_issued,
                "tokens_leaked": self.tokens_leaked,
            }
