"""All that the handlers of one running simulator share."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from vendor_simulator.web.faults import FaultPlan
from vendor_simulator.web.jobs import Jobs
from vendor_simulator.web.settings import Settings
from vendor_simulator.web.stats import Stats
from vendor_simulator.world import World

ESTIMATE_LIFE = timedelta(hours=4)


@dataclass
class State:
    """
    World, clock, settings, faults and counts.

    :param fixed_now: the moment it is for the simulator, aware; None for the real time.
    """

    world: World
    settings: Settings = field(default_factory=Settings)
    fixed_now: datetime | None = None
    faults: FaultPlan = field(default_factory=FaultPlan)
    stats: Stats = field(default_factory=Stats)
    estimates: Jobs = field(default_factory=lambda: Jobs(ESTIMATE_LIFE))
    reports: Jobs = field(default_factory=Jobs)
    tokens: dict[str, tuple[str, float]] = field(default_factory=dict)

    def now(self) -> datetime:
        """Tell the time, aware, UTC."""
        return self.fixed_now or datetime.now(UTC)
