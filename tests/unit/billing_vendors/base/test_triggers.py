"""Triggers on a real event loop, against a real server."""

import asyncio
import json
import time
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from airflow._shared.module_loading import import_string
from airflow.triggers.base import TaskSuccessEvent

from billing.errors import (
    BillingError,
    ConfigurationError,
    NotReady,
    PayloadError,
    RouteRetired,
    VendorRejected,
    VendorUnavailable,
)
from billing_vendors.base.client.transport import Limits
from billing_vendors.base.polling import PollSchedule
from billing_vendors.base.triggers import VendorTrigger, error_of, event_of
from billing_vendors.fastly.probes import EstimateProbe, PostedProbe

ESTIMATE = {
    "customer_id": "abc",
    "invoice_id": "MTD1",
    "billing_start_date": "2026-10-01T00:00:00Z",
    "billing_end_date": "2026-10-10T00:00:00Z",
    "monthly_transaction_amount": "1.50",
    "transaction_line_items": [],
}
READY = {"body": json.dumps(ESTIMATE).encode()}
MAKING = {"status": 202, "body": b'{"title": "Accepted", "status": "202"}'}
NO_INVOICE = {"body": b'{"data": [], "meta": {"next_cursor": ""}}'}


def page_of(invoice_id: str, month: str, cursor: str) -> dict[str, bytes]:
    invoice = {"invoice_id": invoice_id, "billing_start_date": f"{month}-01"}
    return {"body": json.dumps({"data": [invoice], "meta": {"next_cursor": cursor}}).encode()}


@pytest.fixture
def trigger(conn_id, monkeypatch):
    """Make a trigger that waits for an estimate (or for an invoice) with pauses of a few milliseconds."""
    monkeypatch.setattr("billing_vendors.fastly.probes._ONE_ATTEMPT", Limits(attempts=1, first_pause_seconds=0.01))

    def make(
        *, probe=EstimateProbe, ends_task=True, deadline_seconds=30.0, absent_seconds=None, **changes
    ) -> VendorTrigger:
        now = datetime.now(UTC)
        poll_schedule = PollSchedule(
            first_poke_at=now,
            deadline=now + timedelta(seconds=deadline_seconds),
            absent_after=None if absent_seconds is None else now + timedelta(seconds=absent_seconds),
            shortest_seconds=0.02,
            longest_seconds=0.05,
        )
        arguments = {
            "conn_id": conn_id,
            "probe": probe(customer_id="abc", api="v3", month="2026-10").to_json(),
            "poll_schedule": poll_schedule.to_json(),
            "vendor": "fastly",
            "account": "acme",
            "month": "2026-10",
            "attempts": 1,
            "last_seen": "estimate not ready (HTTP 202)",
            "next_poke_at": now.isoformat(),
            "ends_task": ends_task,
        }
        return VendorTrigger(**{**arguments, **changes})

    return make


async def event_from(trigger: VendorTrigger):
    async with aclosing(trigger.run()) as events:
        return await anext(events)


def test_what_is_stored_builds_the_same_trigger(trigger):
    made = trigger()
    path, arguments = made.serialize()
    again = import_string(path)(**json.loads(json.dumps(arguments)))
    assert again.serialize() == (path, arguments)


def test_what_is_stored_is_plain_json_without_the_secret(trigger):
    """A Decimal would lose its digits there; json refuses it."""
    stored = json.dumps(trigger().serialize())
    assert "open-sesame" not in stored


async def test_it_looks_until_the_vendor_is_ready_and_ends_the_task(trigger, server):
    server.responses({"status": 502}, MAKING, {"status": 503}, MAKING, READY)
    event = await event_from(trigger())
    assert isinstance(event, TaskSuccessEvent)
    assert event.xcoms == {"return_value": {"state": "ready", "account": "acme", "month": "2026-10", "attempts": 4}}
    assert len(server.seen) == 5


@pytest.mark.parametrize(
    "reply",
    [
        {"body": b"<html>back in 5 minutes</html>", "media_type": "text/html"},
        {"body": b'{"customer_id": "x'},
        {"body": b""},
        {"status": 204, "body": b""},
        {"body": b'{"code": "internal.server.error", "message": "x", "status": 500}'},
    ],
)
async def test_a_broken_response_is_waited_out(trigger, server, reply):
    server.responses(*[reply] * 5, READY)
    assert isinstance(await event_from(trigger()), TaskSuccessEvent)


async def test_a_listing_goes_on_where_the_vendor_was_busy(trigger, server):
    """Every third request is refused: a look that starts from the first page each time would never end."""
    pages = [page_of(f"{n}", month="2026-09" if n < 5 else "2026-10", cursor=f"c{n}") for n in range(6)]
    busy = {"status": 429, "headers": {"Retry-After": "0"}}
    server.responses(*pages[:2], busy, *pages[2:4], busy, *pages[4:])

    event = await event_from(trigger(probe=PostedProbe))

    assert event.xcoms["return_value"]["attempts"] == 2
    asked = [target.partition("cursor=")[2] for target in server.targets]
    assert asked == ["", "c0", "c1", "c1", "c2", "c3", "c3", "c4"]


async def test_a_broken_connection_is_waited_out(trigger, server):
    server.responses({"vanish": True}, {"vanish": True}, {"vanish": True}, READY)
    assert isinstance(await event_from(trigger()), TaskSuccessEvent)


async def test_it_can_leave_the_end_to_the_task(trigger, server):
    server.responses(READY)
    event = await event_from(trigger(ends_task=False))
    assert not isinstance(event, TaskSuccessEvent)
    assert event.payload == {"state": "ready", "account": "acme", "month": "2026-10", "attempts": 2}


@pytest.mark.parametrize("as_date", [False, True])
async def test_429_is_not_asked_again_before_the_vendor_allows(trigger, server, as_date):
    """The stock trigger asked 760 times in 3 seconds."""
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    server.responses({"status": 429, "headers": {"Retry-After": until if as_date else "1"}}, READY)
    await event_from(trigger())
    first, second = server.seen
    assert second.at - first.at >= (0.9 if as_date else 1.0)


async def test_429_without_retry_after_does_not_make_it_hurry(trigger, server):
    server.responses({"status": 429})
    event = await event_from(trigger(deadline_seconds=1.0))
    assert event.payload["error"] == "NotReady"
    assert len(server.seen) <= 1.0 / 0.018


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ({"status": 401, "body": b'{"msg": "bad"}'}, "VendorRejected"),
        ({"status": 422}, "VendorRejected"),
        ({"body": b"{}"}, "PayloadError"),
        ({"status": 302, "headers": {"Location": "https://example.org"}}, "VendorRejected"),
    ],
)
async def test_what_waiting_cannot_mend_wakes_the_task_at_once(trigger, server, reply, error):
    server.responses(MAKING, reply)
    event = await event_from(trigger())
    assert event.payload["error"] == error
    assert len(server.seen) == 2


async def test_a_body_of_a_202_under_status_200_is_not_ready(trigger, server):
    server.responses({**MAKING, "status": 200}, READY)
    event = await event_from(trigger())
    assert event.xcoms["return_value"]["attempts"] == 3


async def test_the_deadline_ends_it(trigger, server):
    server.responses(MAKING)
    event = await event_from(trigger(deadline_seconds=0.3))
    assert event.payload["error"] == "NotReady"
    assert "the month-to-date estimate of fastly/acme for 2026-10" in event.payload["message"]
    assert event.payload["message"].endswith("estimate not ready (HTTP 202)")


async def test_absence_is_an_answer_after_its_time(trigger, server):
    server.responses({"status": 503}, NO_INVOICE)
    event = await event_from(trigger(probe=PostedProbe, absent_seconds=0.2))
    assert event.xcoms["return_value"]["state"] == "absent"


async def test_a_restart_loses_nothing(trigger, server):
    """Cancelled in one triggerer, built from what is stored in another: the deadline is the same moment."""
    server.responses(MAKING)
    first = trigger(deadline_seconds=1.0)
    began = time.monotonic()
    running = asyncio.create_task(event_from(first))
    await asyncio.sleep(0.3)
    running.cancel()
    path, arguments = first.serialize()
    event = await event_from(import_string(path)(**json.loads(json.dumps(arguments))))
    assert event.payload["error"] == "NotReady"
    assert time.monotonic() - began >= 1.0
    assert arguments["poll_schedule"]["first_poke_at"][:19].replace("T", " ") in event.payload["message"]


async def test_it_looks_no_sooner_than_the_sensor_said(trigger, server):
    server.responses(READY)
    due = datetime.now(UTC) + timedelta(seconds=0.4)
    began = time.monotonic()
    await event_from(trigger(next_poke_at=due.isoformat()))
    assert server.seen[0].at - began >= 0.35


async def test_a_look_of_another_version_wakes_the_task(trigger):
    made = trigger()
    made.probe = {"class": "billing_vendors.fastly.probes.Gone", "fields": {}}
    event = await event_from(made)
    assert event.payload["error"] == "ConfigurationError"
    assert "clear the task" in event.payload["message"]


async def test_a_hundred_triggers_share_session_and_connection(trigger, server):
    server.responses(*[MAKING] * 150, READY)
    events = await asyncio.gather(*(event_from(trigger()) for _ in range(100)))
    assert all(isinstance(event, TaskSuccessEvent) for event in events)
    assert server.connections <= 50


@pytest.mark.parametrize(
    "error",
    [
        VendorRejected("no", status=403),
        RouteRetired("gone", status=410),
        PayloadError("odd"),
        NotReady("late"),
        ConfigurationError("wrong"),
        VendorUnavailable("busy"),
    ],
)
def test_an_error_keeps_its_class_and_words_on_the_way_to_the_task(error):
    again = error_of(json.loads(json.dumps(event_of(error))))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert getattr(again, "status", None) == getattr(error, "status", None)


def test_an_error_of_another_version_is_still_an_error():
    assert type(error_of({"error": "SomethingNew", "message": "x", "status": None})) is BillingError
