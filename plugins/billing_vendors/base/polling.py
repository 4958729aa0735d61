"""
Wait for a vendor: one probe, when the next one is due, and when the wait ends.

Sensors (in a worker) and triggers (in the triggerer) use the same objects: both call ``Wait.poke``.
"""

from __future__ import annotations

import dataclasses
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from billing.errors import BrokenResponse, ConfigurationError, NotReady, VendorUnavailable

if TYPE_CHECKING:
    from billing_vendors.base.client.client import VendorClient
    from billing_vendors.base.hooks import VendorHook

MAX_RETRY_AFTER = timedelta(hours=1)

# In the triggerer, which has no task to hold: a probe of many requests goes on where the vendor was busy, instead of
# starting from its first request again each time.
ATTEMPTS_PER_REQUEST = 3

WaitResult = Literal["ready", "absent"]


@dataclass(frozen=True)
class ProbeResult:
    """
    The result of one probe.

    :param ready: True only if what the task waits for is clearly there.
    :param seen: the vendor's status and state in a few words, e.g. ``estimate not ready (HTTP 202)``.
    :param may_be_absent: the vendor may never produce it, see :attr:`PollSchedule.absent_after`.
    """

    ready: bool
    seen: str
    may_be_absent: bool = True


@dataclass(frozen=True)
class Probe:
    """
    One check of a vendor. A vendor's subclass is a frozen dataclass whose fields are strings, numbers or booleans:
    they are sent to the triggerer as JSON. No secret, no Decimal.

    :cvar thing: what is waited for, for messages: ``the month-to-date estimate``.
    """

    thing: ClassVar[str]

    def hook(self, conn_id: str) -> VendorHook:
        """Create the hook of the probe; it does not retry, as the next attempt follows anyway."""
        raise NotImplementedError

    async def poke(self, client: VendorClient) -> ProbeResult:
        """
        Send the probe's requests and return the result.

        Do not catch ``VendorUnavailable`` or ``BrokenResponse``: the wait goes on. Any other error ends the wait.
        """
        raise NotImplementedError

    def to_json(self) -> dict[str, Any]:
        """Return class path and fields, as a trigger stores them."""
        return {"class": f"{type(self).__module__}.{type(self).__qualname__}", "fields": dataclasses.asdict(self)}

    @staticmethod
    def from_json(stored: dict[str, Any]) -> Probe:
        """
        Rebuild a probe from its class path and fields.

        :raises ConfigurationError: it was stored by a version of this code whose probes had other names or fields.
        """
        module, _, name = str(stored["class"]).rpartition(".")
        try:
            probe_class = getattr(import_module(module), name)
            probe = probe_class(**stored["fields"])
        except (ImportError, AttributeError, TypeError) as error:
            raise ConfigurationError(
                f"{stored['class']} is not a probe of this version: clear the task ({error})"
            ) from error
        if not isinstance(probe, Probe):
            raise ConfigurationError(f"{stored['class']} is not a probe")
        return probe


@dataclass(frozen=True)
class PollSchedule:
    """
    How long to wait and how often to check. All times are absolute and UTC, so that a restart changes nothing.

    :param first_poke_at: when the first attempt was made.
    :param deadline: when waiting ends in ``NotReady``.
    :param absent_after: from then on a missing document ends the wait as ``absent``; None = never.
    :param shortest_seconds: pause after the first attempt. Pauses grow with the wait, by half of what has passed:
        15, 22, 34, 51 s…
    :param longest_seconds: no pause is longer, unless the vendor asks for it.
    """

    first_poke_at: datetime
    deadline: datetime
    absent_after: datetime | None = None
    shortest_seconds: float = 15.0
    longest_seconds: float = 900.0

    def next_poke_at(self, now: datetime, retry_after: float | None) -> datetime:
        """
        Return when the next attempt is due: never sooner than the vendor asked, up to an hour.

        Never much later than the deadline or ``absent_after``, so that the last attempt is not missed.
        """
        waited = (now - self.first_poke_at).total_seconds()
        pause = min(self.shortest_seconds + waited / 2, self.longest_seconds)
        due = now + timedelta(seconds=pause * random.uniform(0.9, 1.1))  # noqa: S311 (keeps a thousand apart)
        for moment in (self.deadline, self.absent_after):
            if moment is not None and now < moment < due:
                due = moment
        if retry_after is None:
            return due
        asked = min(timedelta(seconds=retry_after * random.uniform(1.0, 1.1)), MAX_RETRY_AFTER)  # noqa: S311 (the same)
        return max(due, now + asked)

    def to_json(self) -> dict[str, Any]:
        """Return the fields as plain JSON."""
        stored = dataclasses.asdict(self)
        return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in stored.items()}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Read what ``to_json`` returned."""
        moments = {"first_poke_at", "deadline", "absent_after"}
        values: dict[str, Any] = {k: datetime.fromisoformat(v) if k in moments and v else v for k, v in stored.items()}
        return cls(**values)


@dataclass
class Wait:
    """
    One wait in progress.

    :param probe: what is checked.
    :param subject: vendor, account and month, for messages.
    :param attempts: how many were made; after a triggerer's restart the count continues from the stored number.
    :param last_seen: the last result, for messages.
    """

    probe: Probe
    subject: str
    poll_schedule: PollSchedule
    attempts: int = 0
    last_seen: str = "nothing"

    async def poke(self, client: VendorClient) -> WaitResult | datetime:
        """
        Check once; return ``ready``, ``absent``, or when the next attempt is due.

        :raises NotReady: the deadline has passed, or no further attempt is due before it.
        :raises BillingError: any error other than ``VendorUnavailable`` and ``BrokenResponse``; it ends the wait.
        """
        seen: ProbeResult | VendorUnavailable | BrokenResponse
        try:
            seen = await self.probe.poke(client)
        except (VendorUnavailable, BrokenResponse) as error:
            seen = error
        return self.next_poll(seen, datetime.now(UTC))

    def next_poll(self, seen: ProbeResult | VendorUnavailable | BrokenResponse, now: datetime) -> WaitResult | datetime:
        """
        Store the result of an attempt; return ``ready``, ``absent``, or when the next attempt is due.

        If the vendor is unavailable or its response broken, nothing is known: the wait goes on.

        :raises NotReady: the deadline has passed, or no further attempt is due before it.
        """
        self.attempts += 1
        poll_schedule = self.poll_schedule
        if isinstance(seen, ProbeResult):
            self.last_seen = seen.seen
            if seen.ready:
                return "ready"
            if seen.may_be_absent and poll_schedule.absent_after is not None and now >= poll_schedule.absent_after:
                return "absent"
        else:
            self.last_seen = str(seen)
        if now >= poll_schedule.deadline:
            raise self.timed_out()
        due = poll_schedule.next_poke_at(now, seen.retry_after if isinstance(seen, VendorUnavailable) else None)
        if due > poll_schedule.deadline:
            raise self.timed_out()
        return due

    def timed_out(self) -> NotReady:
        """Return the error of a wait that took too long."""
        since = self.poll_schedule.first_poke_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        return NotReady(
            f"{self.probe.thing} of {self.subject} was not ready after {self.attempts} attempts since {since} UTC; "
            f"last response: {self.last_seen}"
        )
