"""Wait in the triggerer: a thousand waits share one event loop, one HTTP session and one read of each connection."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
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
from billing_vendors.base.polling import End, Look, Observation, Patience, Wait


class VendorTrigger(BaseTrigger):
    """
    Look until the vendor is ready, then end the task, or wake it with the error that ended the wait.

    All arguments are plain JSON; they are stored in the database while the task waits. A trigger may run twice, and
    starts from the top in another triggerer: it only reads.

    :param look: see :meth:`billing_vendors.base.polling.Look.to_json`.
    :param patience: see :meth:`billing_vendors.base.polling.Patience.to_json`.
    :param account: for messages and for the XCom, as ``month``.
    :param looks: how many looks the sensor took; what it saw last is ``last_seen``.
    :param next_look_at: ISO 8601, UTC; not before.
    :param ends_task: end the task from here, which saves starting a worker; errors always wake it.
    """

    def __init__(
        self,
        *,
        conn_id: str,
        look: dict[str, Any],
        patience: dict[str, Any],
        vendor: str,
        account: str,
        month: str,
        looks: int,
        last_seen: str,
        next_look_at: str,
        ends_task: bool = True,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow's
        self.conn_id = conn_id
        self.look = look
        self.patience = patience
        self.vendor = vendor
        self.account = account
        self.month = month
        self.looks = looks
        self.last_seen = last_seen
        self.next_look_at = next_look_at
        self.ends_task = ends_task

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Give class path and arguments."""
        names = (
            "conn_id", "look", "patience", "vendor", "account", "month", "looks", "last_seen", "next_look_at",
            "ends_task",
        )  # fmt: skip
        cls = type(self)
        return f"{cls.__module__}.{cls.__qualname__}", {name: getattr(self, name) for name in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look until it is over."""
        try:
            wait, end = await self._wait()
        except BillingError as error:
            yield _event(event_of(error))
            return
        xcom = outcome(end, self.account, self.month, wait.looks)
        yield _success(xcom) if self.ends_task else _event(xcom)

    async def _wait(self) -> tuple[Wait, End]:
        from billing_vendors.base.client.async_transport import loop_state  # noqa: PLC0415 (sensors need the class alone)

        look = Look.from_json(self.look)
        subject = f"{self.vendor}/{self.account} for {self.month}"
        patience = Patience.from_json(self.patience)
        wait = Wait(look.thing, subject, patience, looks=self.looks, last_seen=self.last_seen)
        hook = look.hook(self.conn_id)
        due = datetime.fromisoformat(self.next_look_at)
        async with loop_state().session():  # held between looks, so that the connection to the vendor stays open
            await asyncio.sleep(_first_pause_seconds(due, patience))
            while True:
                seen: Observation | VendorUnavailable
                try:
                    seen = await hook.ahold(look.take())
                except VendorUnavailable as error:
                    seen = error
                heard = wait.heard(seen, datetime.now(UTC))
                if not isinstance(heard, datetime):
                    return wait, heard
                due = heard
                self.log.info("%s: look %s saw %s; next at %s", subject, wait.looks, wait.last_seen, due)
                await asyncio.sleep((due - datetime.now(UTC)).total_seconds())


def _first_pause_seconds(due: datetime, patience: Patience) -> float:
    """Wait until the look is due; if it is overdue, as after a restart, keep a thousand triggers apart."""
    left = (due - datetime.now(UTC)).total_seconds()
    return left if left > 0 else random.uniform(0, patience.shortest_seconds)  # noqa: S311 (spreads load)


def _event(payload: dict[str, Any]) -> TriggerEvent:
    return TriggerEvent(payload)  # type: ignore[no-untyped-call]  # Airflow's


def _success(xcom: dict[str, Any]) -> TaskSuccessEvent:
    event = TaskSuccessEvent(xcoms={"return_value": xcom})
    event.payload = xcom  # where a trigger runs inline (dag.test), the task is resumed with it
    return event


def outcome(end: End, account: str, month: str, looks: int) -> dict[str, Any]:
    """Give what a wait hands on through XCom: no money, no vendor text."""
    return {"state": end, "account": account, "month": month, "looks": looks}


def read_outcome(xcom: str | dict[str, Any]) -> dict[str, Any]:
    """
    Read the XCom of a wait in a task that needs it.

    Airflow 3.3.2 hands on what a trigger pushes as JSON text, and what a worker pushes as the value itself.
    """
    outcome: dict[str, Any] = json.loads(xcom) if isinstance(xcom, str) else xcom
    return outcome


def event_of(error: BillingError) -> dict[str, Any]:
    """Put an error into a trigger's event."""
    return {"error": type(error).__name__, "message": str(error), "status": getattr(error, "status", None)}


_REJECTIONS = {kind.__name__: kind for kind in (VendorRejected, RouteRetired)}
_OTHERS = {kind.__name__: kind for kind in (ConfigurationError, NotReady, PayloadError, VendorUnavailable)}


def error_of(event: dict[str, Any]) -> BillingError:
    """Take the error out of a trigger's event, in its own class."""
    name, message = event["error"], event["message"]
    if name in _REJECTIONS:
        return _REJECTIONS[name](message, status=event["status"])
    return _OTHERS.get(name, BillingError)(message)
