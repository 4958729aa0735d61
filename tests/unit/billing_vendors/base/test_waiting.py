"""When the next look is due, and when a wait is over."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from billing.errors import ConfigurationError, NotReady, VendorUnavailable
from billing_vendors.base.polling import PollSchedule, Probe, ProbeResult, Wait
from billing_vendors.fastly.probes import EstimateProbe

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PATIENCE = PollSchedule(START, deadline=START + timedelta(hours=12), shortest_seconds=10, longest_seconds=600)
WAITING = ProbeResult(ready=False, seen="estimate not ready (HTTP 202)")


def wait(**changes: object) -> Wait:
    values = {**PATIENCE.__dict__, **changes}
    return Wait(EstimateProbe("abc", "v3", "2026-10"), "fastly/acme for 2026-10", PollSchedule(**values))


@pytest.mark.parametrize(("waited", "pause"), [(0, 10), (10, 15), (60, 40), (1000, 510), (1180, 600), (9000, 600)])
def test_pauses_grow_with_the_wait_up_to_the_longest(waited, pause):
    now = START + timedelta(seconds=waited)
    for _ in range(50):
        assert 0.9 * pause <= (PATIENCE.next_poke_at(now, None) - now).total_seconds() <= 1.1 * pause


def test_a_thousand_waits_do_not_look_at_the_same_moment():
    assert len({PATIENCE.next_poke_at(START, None) for _ in range(1000)}) > 900


@pytest.mark.parametrize(("retry_after", "least"), [(5.0, 9.0), (120.0, 120.0), (3000.0, 3000.0), (86400.0, 3600.0)])
def test_the_vendors_retry_after_is_obeyed_up_to_an_hour(retry_after, least):
    for _ in range(50):
        pause = (PATIENCE.next_poke_at(START, retry_after) - START).total_seconds()
        assert least <= pause <= min(max(1.1 * retry_after, 11), 3600)


@pytest.mark.parametrize("moment", ["deadline", "absent_after"])
def test_the_last_look_falls_on_the_moment_that_decides(moment):
    now = START + timedelta(minutes=30)
    near = now + timedelta(seconds=30)
    poll_schedule = PollSchedule(**{**PATIENCE.__dict__, moment: near})
    assert poll_schedule.next_poke_at(now, None) == near


def test_patience_and_look_survive_json():
    poll_schedule = PollSchedule(START, START + timedelta(days=1), absent_after=START + timedelta(hours=1))
    assert PollSchedule.from_json(json.loads(json.dumps(poll_schedule.to_json()))) == poll_schedule
    probe = EstimateProbe(customer_id="abc", api="v3", month="2026-10")
    assert Probe.from_json(json.loads(json.dumps(probe.to_json()))) == probe


@pytest.mark.parametrize(
    "stored",
    [
        {"class": "billing_vendors.fastly.probes.Gone", "fields": {}},
        {"class": "billing_vendors.gone.Probe", "fields": {}},
        {"class": "billing_vendors.fastly.probes.EstimateProbe", "fields": {"renamed": 1}},
        {"class": "datetime.timedelta", "fields": {}},
    ],
)
def test_a_look_of_another_version_is_an_error_that_says_what_to_do(stored):
    with pytest.raises(ConfigurationError, match=r"clear the task|not a probe"):
        Probe.from_json(stored)


def test_ready_ends_the_wait_even_after_the_deadline():
    assert wait().next_poll(ProbeResult(True, "200"), START + timedelta(days=2)) == "ready"


def test_none_is_an_answer_only_from_absent_after_on():
    waiting = wait(absent_after=START + timedelta(hours=1))
    assert isinstance(waiting.next_poll(WAITING, START + timedelta(minutes=59)), datetime)
    assert waiting.next_poll(WAITING, START + timedelta(hours=1)) == "absent"


def test_a_vendor_that_is_down_does_not_prove_absence():
    waiting = wait(absent_after=START)
    down = VendorUnavailable("GET /x answered 503", status=503)
    assert isinstance(waiting.next_poll(down, START + timedelta(minutes=1)), datetime)


def test_the_deadline_says_what_was_waited_for_since_when_and_what_was_seen_last():
    waiting = wait()
    waiting.next_poll(WAITING, START)
    with pytest.raises(NotReady) as late:
        waiting.next_poll(ProbeResult(False, "200, status Pending"), START + timedelta(hours=12))
    assert str(late.value) == (
        "the month-to-date estimate of fastly/acme for 2026-10 was not ready after 2 attempts since "
        "2026-11-22 12:00:00 UTC; last response: 200, status Pending"
    )


def test_a_vendor_that_asks_to_wait_beyond_the_deadline_ends_the_wait():
    busy = VendorUnavailable("GET /x answered 429", retry_after=600, status=429)
    with pytest.raises(NotReady, match="GET /x answered 429"):
        wait(deadline=START + timedelta(minutes=5)).next_poll(busy, START)
