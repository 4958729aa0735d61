"""How often a vendor is asked while something is wrong for hours: on simulated time, with the product's own figures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.matrix.faults.cells import busiest
from tests.matrix.faults.environment import Environment
from tests.matrix.faults.scenarios import MONTH, RUNNING

from billing.errors import NotReady, VendorUnavailable
from billing_vendors.base.client.transport import Limits
from billing_vendors.base.polling import PollSchedule, ProbeResult, Wait
from billing_vendors.base.sensors import VendorSensor
from billing_vendors.fastly.probes import EstimateProbe, PostedProbe
from billing_vendors.fastly.sensors import FastlyInvoicePostedSensor, FastlyMonthToDateSensor
from billing_vendors.genesys_cloud.probes import MonthReadyProbe
from billing_vendors.genesys_cloud.sensors import GenesysMonthReadySensor
from vendor_simulator.web.stats import Request

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
MAX_REQUESTS_A_MINUTE = 20
HASTY = Limits(read_seconds=0.1, total_seconds=0.2, attempts=1)

PROBES = {
    "fastly.v3.invoices": (FastlyInvoicePostedSensor, "fastly_acme_media", PostedProbe("xTRzc8", "v3", MONTH)),
    "fastly.v2.month": (FastlyInvoicePostedSensor, "fastly_legacy_press", PostedProbe("6hDllD", "v2", MONTH)),
    "fastly.v3.month_to_date": (FastlyMonthToDateSensor, "fastly_acme_media", EstimateProbe("xTRzc8", "v3", RUNNING)),
    "genesys.usage_report": (GenesysMonthReadySensor, "genesys_pacific_care", MonthReadyProbe(MONTH, "2023-01")),
    "genesys.contracts": (GenesysMonthReadySensor, "genesys_pacific_care", MonthReadyProbe(MONTH, "2023-01")),
    "genesys.token": (GenesysMonthReadySensor, "genesys_pacific_care", MonthReadyProbe(MONTH, "2023-01")),
}
FAULTS = {
    "429": {"kind": "status", "status": 429},
    "429-at-once": {"kind": "status", "status": 429, "retry_after": "0"},
    "429-days": {"kind": "status", "status": 429, "retry_after": "259200"},
    "503": {"kind": "status", "status": 503},
    "reset": {"kind": "reset"},
    "time-out": {"kind": "delay", "seconds": 30},
    "drip": {"kind": "drip", "seconds": 30},
}


def patience_of(sensor: VendorSensor, seconds: float) -> PollSchedule:
    """Give the patience of a sensor as its vendor's DAG makes it, for some hours."""
    deadline = START + timedelta(seconds=seconds)
    return PollSchedule(START, deadline, None, sensor.poke_interval, sensor.longest_interval)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("operation", PROBES)
def test_a_wait_asks_seldom_and_ends_at_its_deadline(operation: str, fault: str, environment: Environment) -> None:
    """What sensors and triggers drive, driven through two hours in an instant."""
    kind, conn_id, probe = PROBES[operation]
    wait = Wait(probe, "an account", patience_of(kind(task_id="w", account="a", month=MONTH), 7200.0))
    environment.simulator.faults.add(operation=operation, times=None, **FAULTS[fault])
    environment.simulator.stats.clear()
    requests: list[Request] = []
    now = START
    hook = probe.hook(conn_id)
    hook.limits = HASTY
    try:
        while True:
            seen: ProbeResult | VendorUnavailable
            try:
                seen = hook.call(probe.poke, hook)
            except VendorUnavailable as error:
                seen = error
            for request in environment.simulator.stats.requests:
                request.at = now
                requests.append(request)
            environment.simulator.stats.clear()
            due = wait.next_poll(seen, now)
            assert isinstance(due, datetime), "the fault was not met"
            now = due
    except NotReady as error:
        message = str(error)
    finally:
        environment.simulator.lift_faults()

    assert now <= wait.poll_schedule.deadline
    assert f"{wait.attempts} attempts" in message
    assert "last response: GET" in message or "last response: POST" in message
    name, most = busiest(requests)
    assert most <= MAX_REQUESTS_A_MINUTE, f"{name} was asked {most} times within a minute"
    assert wait.attempts >= (2 if fault == "429-days" else 10)
