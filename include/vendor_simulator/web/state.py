"""All that the handlers of one running simulator share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from vendor_simulator.web.faults import FaultPlan
from vendor_simulator.web.jobs import Jobs
from vendor_simulator.web.settings import Settings
from vendor_simulator.web.stats import Stats
from vendor_simulator.world import World

ESTIMATE_LIFE = timedelta(hours=4)
_LOOK_SECONDS = 0.01


@dataclass
class State:
    """
    World, clock, settings, faults and counts.

    :param fixed_now: the simulator's time, aware; None for the real time.
    :param listen: makes the server listen, or not; set by its creator.
    """

    world: World
    settings: Settings = field(default_factory=Settings)
    fixed_now: datetime | None = None
    faults: FaultPlan = field(default_factory=FaultPlan)
    stats: Stats = field(default_factory=Stats)
    estimates: Jobs = field(default_factory=lambda: Jobs(ESTIMATE_LIFE))
    reports: Jobs = field(default_factory=Jobs)
    tokens: dict[str, tuple[str, float]] = field(default_factory=dict)
    listen: Callable[[bool], Awaitable[None]] | None = None
    _opening: asyncio.Task[None] | None = None

    def now(self) -> datetime:
        """Return the time, aware, UTC."""
        return self.fixed_now or datetime.now(UTC)

    async def close_door(self) -> None:
        """Refuse connections until the fault that asks for it is lifted."""
        if self.listen is None:
            return
        await self.listen(False)
        self._opening = asyncio.get_running_loop().create_task(self._open_again(self.listen))

    async def _open_again(self, listen: Callable[[bool], Awaitable[None]]) -> None:
        while self.faults.in_force("refuse"):  # noqa: ASYNC110 (faults are lifted by other threads)
            await asyncio.sleep(_LOOK_SECONDS)
        await listen(True)
