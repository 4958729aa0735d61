"""Wait in the triggerer: a thousand waits share one event loop, one HTTP session and one read of each connection."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from airflow.triggers.base import BaseTrigger, TaskSuccessEvent, TriggerEvent

from billing.errors import (
    BillingError,
    ConfigurationError,
    NotReady,
    PayloadError,
    RouteRetired,
    VendorRejected,
    VendorUnavailable,
)
from billing_vendors.base.polling import ATTEMPTS_PER_REQUEST, PollSchedule, Probe, Wait, WaitResult


class VendorTrigger(BaseTrigger):
    """
    Check until the vendor is ready, then end the task, or resume it with the error that ended the wait.

    All arguments are plain JSON; they are stored in the database while the task waits. A trigger may run twice, and
    starts from the top in another triggerer: it only reads.

    :param probe: see :meth:`billing_vendors.base.polling.Probe.to_json`.
    :param poll_schedule: see :meth:`billing_vendors.base.polling.PollSchedule.to_json`.
    :param account: for messages and for the XCom, as ``month``.
    :param attempts: how many attempts the sensor made; the last result is ``last_seen``.
    :param next_poke_at: ISO 8601, UTC; not before.
    :param ends_task: end the task from here, which saves starting a worker; errors always resume it.
    """

    def __init__(
        self,
        *,
        conn_id: str,
        probe: dict[str, Any],
        poll_schedule: dict[str, Any],
        vendor: str,
        account: str,
        month: str,
        attempts: int,
        last_seen: str,
        next_poke_at: str,
        ends_task: bool = True,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow's
        self.conn_id = conn_id
        self.probe = probe
        self.poll_schedule = poll_schedule
        self.vendor = vendor
        self.account = account
        self.month = month
        self.attempts = attempts
        self.last_seen = last_seen
        self.next_poke_at = next_poke_at
        self.ends_task = ends_task

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return class path and arguments."""
        names = (
            "conn_id", "probe", "poll_schedule", "vendor", "account", "month", "attempts", "last_seen", "next_poke_at",
            "ends_task",
        )  # fmt: skip
        cls = type(self)
        return f"{cls.__module__}.{cls.__qualname__}", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Check until the wait ends."""
        try:
            wait, end = await self._wait()
        except BillingError as error:
            yield _event(event_of(error))
            return
        xcom = xcom_payload(end, self.account, self.month, wait.attempts)
        yield _success(xcom) if self.ends_task else _event(xcom)

    async def _wait(self) -> tuple[Wait, WaitResult]:
        probe = Probe.from_json(self.probe)
        subject = f"{self.vendor}/{self.account} for {self.month}"
        poll_schedule = PollSchedule.from_json(self.poll_schedule)
        wait = Wait(probe, subject, poll_schedule, attempts=self.attempts, last_seen=self.last_seen)
        due = datetime.fromisoformat(self.next_poke_at)
        hook = probe.hook(self.conn_id)
        hook.limits = replace(hook.limits, attempts=ATTEMPTS_PER_REQUEST)
        async with hook:  # so that the connection to the vendor stays open between attempts
            await asyncio.sleep(_first_pause_seconds(due, poll_schedule))
            while isinstance(end := await wait.poke(hook), datetime):
                self.log.info("%s: attempt %s: %s; next check at %s", subject, wait.attempts, wait.last_seen, end)
                await asyncio.sleep((end - datetime.now(UTC)).total_seconds())
        return wait, end


def _first_pause_seconds(due: datetime, poll_schedule: PollSchedule) -> float:
    """Return the time until the next attempt; a random one if it is overdue, as after a restart, to spread the load."""
    left = (due - datetime.now(UTC)).total_seconds()
    return left if left > 0 else random.uniform(0, poll_schedule.shortest_seconds)  # noqa: S311 (spreads load)


def _event(payload: dict[str, Any]) -> TriggerEvent:
    return TriggerEvent(payload)  # type: ignore[no-untyped-call]  # Airflow's


def _success(xcom: dict[str, Any]) -> TaskSuccessEvent:
    event = TaskSuccessEvent(xcoms={"return_value": xcom})
    event.payload = xcom  # where a trigger runs inline (dag.test), the task is resumed with it
    return event


def xcom_payload(end: WaitResult, account: str, month: str, attempts: int) -> dict[str, Any]:
    """Return what a wait pushes to XCom: no money, no vendor text."""
    return {"state": end, "account": account, "month": month, "attempts": attempts}


def read_outcome(xcom: str | dict[str, Any]) -> dict[str, Any]:
    """
    Read the XCom of a wait in a task that needs it.

    Airflow 3.3.2 returns what a trigger pushed as JSON text, and what a worker pushed as the value itself.
    """
    xcom_payload: dict[str, Any] = json.loads(xcom) if isinstance(xcom, str) else xcom
    return xcom_payload


def event_of(error: BillingError) -> dict[str, Any]:
    """Return a trigger's event for an error."""
    return {"error": type(error).__name__, "message": str(error), "status": getattr(error, "status", None)}


_REJECTIONS = {kind.__name__: kind for kind in (VendorRejected, RouteRetired)}
_OTHERS = {kind.__name__: kind for kind in (ConfigurationError, NotReady, PayloadError, VendorUnavailable)}


def error_of(event: dict[str, Any]) -> BillingError:
    """Return the error of a trigger's event, in its own class."""
    name, message = event["error"], event["message"]
    if name in _REJECTIONS:
        return _REJECTIONS[name](message, status=event["status"])
    return _OTHERS.get(name, BillingError)(message)
