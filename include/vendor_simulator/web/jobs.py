"""Things that take the vendor a while: asked for, asked for again, ready."""

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
    """Estimates and reports in the making, each under the key by which it is asked for again."""

    life: timedelta | None = None
    _jobs: dict[tuple[str, ...], _Job] = field(default_factory=dict)

    def ready_at(self, key: tuple[str, ...], now: datetime, asks: int, seconds: float) -> datetime | None:
        """
        Ask for a job once more; give the moment of its making, or None while it is not ready.

        :param now: the simulator's clock; what is ready stays as it was made until its life is over.
        :param asks: how often the answer is "not yet".
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
        """Forget everything that was made."""
        self._jobs.clear()

    def _too_old(self, job: _Job, now: datetime) -> bool:
        return job.ready_at is not None and self.life is not None and now - job.ready_at >= self.life
