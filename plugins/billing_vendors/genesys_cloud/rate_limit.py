"""
Slow down before the vendor's rate limit is hit.

Every response says how many requests of the current window are used, how many are allowed and when the next window
begins. The last tenth of the allowed requests is spread evenly over the rest of the window.
Source: developer.genesys.cloud, "Rate limits", checked 2026-11-22. The base hook handles 429 itself.
"""

from __future__ import annotations

from collections.abc import Mapping

COUNT, ALLOWED, RESET = "inin-ratelimit-count", "inin-ratelimit-allowed", "inin-ratelimit-reset"
HEADERS = frozenset({COUNT, ALLOWED, RESET})
_MAX_WINDOW_SECONDS = 120.0  # a minute is documented; a larger figure is ignored


class RateGate:
    """The rate limit of one connection, by its latest response. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._remaining = 0
        self._reserve = 0
        self._window_ends = float("-inf")

    def note(self, headers: Mapping[str, str], now: float) -> None:
        """Store the limits of a response; one without these headers changes nothing."""
        numbers = [headers.get(name, "") for name in (COUNT, ALLOWED, RESET)]
        if not all(number.isascii() and number.isdigit() and len(number) < 10 for number in numbers):
            return
        count, allowed, reset = map(int, numbers)
        self._remaining = allowed - count
        self._reserve = max(allowed // 10, 1)
        self._window_ends = now + min(reset, _MAX_WINDOW_SECONDS)

    def turn(self, now: float) -> float:
        """
        Count one request; return the seconds to wait before sending it.

        180 allowed, 30 s left: with 100 remaining 0 s, with 9 remaining 3 s, with none remaining 30 s.
        """
        left = self._window_ends - now
        if left <= 0:
            return 0.0
        self._remaining -= 1
        if self._remaining >= self._reserve:
            return 0.0
        return left / (self._remaining + 2) if self._remaining >= 0 else left
