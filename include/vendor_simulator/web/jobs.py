"""Jobs that take the vendor a while: requested, requested again, ready."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(slots=True)
class _Job:
    asked_at: float
    asks: int = 0
    ready_at: datetime | None = None


@dataclass
class Jobs:
    """Estimates and reports that are being generated, each by the key of its request."""

    life: timedelta | None = None
    _jobs: dict[tuple[str, ...], _Job] = field(default_factory=dict)

    def ready_at(self, key: tuple[str, ...], now: datetime, asks: int, seconds: float) -> datetime | None:
        """
        Request a job again; return when it was generated, or None while it is not ready.

        :param now: the simulator's clock; a result does not change until it expires.
        :param asks: how often the response is "not ready".
        :param seconds: how long it takes at least, in real time.
        """
        job = self._jobs.get(key)
        if job is None or self._too_old(job, now):
            job = self._jobs[key] = _Job(time.monotonic())
        if job.ready_at is None:
            job.asks += 1
            if job.asks > asks and time.monotonic() - job.asked_at >= seconds:
                job.ready_at = now
        return job.ready_at

    def clear(self) -> None:
        """Delete all results."""
        self._jobs.clear()

    def _too_old(self, job: _Job, now: datetime) -> bool:
        return job.ready_at is not None and self.life is not None and now - job.ready_at >= self.life
