"""What the tasks of the DAGs do with a vendor, and which of its endpoints each of them meets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from airflow.sdk.exceptions import TaskDeferred
from airflow.sdk.execution_time.context import set_current_context

from billing_vendors.base.client.transport import Limits
from billing_vendors.base.sensors import VendorSensor
from billing_vendors.base.tasks.fetch import fetch_month, keep_running_month, take_snapshot
from billing_vendors.base.tasks.reconcile import reconcile_fetched
from billing_vendors.base.vendor import Vendor
from billing_vendors.fastly.sensors import FastlyInvoicePostedSensor, FastlyMonthToDateSensor
from billing_vendors.fastly.vendor import FASTLY
from billing_vendors.genesys_cloud.sensors import GenesysMonthReadySensor
from billing_vendors.genesys_cloud.vendor import GENESYS_CLOUD

BEFORE, MONTH, RUNNING = "2026-07", "2026-08", "2026-11"

SHORT_WAIT, LONG_WAIT = 0.3, 20.0
"""Deadline of a wait whose fault does not pass, and of one whose fault does; seconds."""

# The product's own limits, but for pauses of hundredths of a second and bodies that a test can exceed.
LIMITS = Limits(connect_seconds=5, read_seconds=20, total_seconds=30, body_bytes=3_000_000, first_pause_seconds=0.01)


@dataclass(frozen=True)
class Endpoint:
    """
    One of the vendor's operations, as a scenario meets it.

    :param kind: what it answers: ``json``, ``listing`` (JSON in pages), ``job`` (JSON that may not be ready yet),
        ``token``, ``link``, or a ``file``.
    :param after: how many requests of the operation come before: v2 serves three forms of a bill on one route.
    :param page_limit: rows on a page, so that the listing has several.
    """

    operation: str
    kind: str
    name: str = ""
    after: int = 0
    page_limit: int = 0

    @property
    def id(self) -> str:
        """Its name in test ids."""
        return self.name or self.operation.rpartition(".")[2]


@dataclass(frozen=True)
class Outcome:
    """
    How a scenario ended.

    :param step: ``fetch``, ``prove`` or ``wait``: where the error came from; empty if there was none.
    :param handed_on: what went into XCom.
    """

    error: Exception | None = None
    step: str = ""
    handed_on: tuple[object, ...] = ()


@dataclass(frozen=True)
class Scenario:
    """
    What a task does for one account, or two tasks one after the other.

    :param run: does it, with limits; and waits no longer than some seconds, if it is a wait.
    :param stores: it leaves rows; else it only looks.
    :param soaked: endpoints, by id, that the short run leaves out: another scenario meets them in the same way.
    """

    name: str
    vendor: Vendor
    account: str
    endpoints: tuple[Endpoint, ...]
    run: Callable[[Scenario, Limits, float], Outcome]
    stores: bool = True
    soaked: frozenset[str] = frozenset()


class Run:
    """As much of a DAG run as the tasks ask for."""

    run_id = "manual__faults"


def _limited(vendor: Vendor, limits: Limits) -> Vendor:
    usual = vendor.load_implementation()
    given = ("collect", "collect_month_to_date", "collect_running_month")
    changed = {name: partial(getattr(usual, name), limits=limits) for name in given if getattr(usual, name)}
    return replace(vendor, load_implementation=lambda: replace(usual, **changed))


@contextmanager
def _in_task() -> Iterator[None]:
    with set_current_context({"dag_run": Run}):  # type: ignore[typeddict-item]
        yield


def fetch_and_prove(scenario: Scenario, limits: Limits, _seconds: float = 0.0, month: str = MONTH) -> Outcome:
    """Do what the tasks ``fetch`` and ``reconcile`` do."""
    step = "fetch"
    with _in_task():
        try:
            fetch_id = fetch_month(_limited(scenario.vendor, limits), scenario.account, month, again=True)
            step = "prove"
            states = reconcile_fetched(scenario.vendor, scenario.account, fetch_id)
        except Exception as error:  # noqa: BLE001 (the test judges it)
            return Outcome(error, step)
    return Outcome(handed_on=(fetch_id, states))


def snapshot(scenario: Scenario, limits: Limits, _seconds: float) -> Outcome:
    """Do what the task ``snapshot`` or ``keep_charges`` of the daily DAG does."""
    task = keep_running_month if scenario.vendor.has_running_month else take_snapshot
    with _in_task():
        try:
            return Outcome(handed_on=(task(_limited(scenario.vendor, limits), scenario.account, RUNNING),))
        except Exception as error:  # noqa: BLE001 (the test judges it)
            return Outcome(error, "fetch")


def _sensor(scenario: Scenario, seconds: float) -> VendorSensor:
    kinds = {
        "fastly": FastlyInvoicePostedSensor if "estimate" not in scenario.name else FastlyMonthToDateSensor,
        "genesys_cloud": GenesysMonthReadySensor,
    }
    month = RUNNING if "estimate" in scenario.name else MONTH
    return kinds[scenario.vendor.name](
        task_id="wait", account=scenario.account, month=month, poke_interval=0.02, timeout=seconds, retries=0
    )


def wait(scenario: Scenario, _limits: Limits, seconds: float) -> Outcome:
    """Do what the sensor does, and the triggerer after it."""
    sensor = _sensor(scenario, seconds)
    try:
        return Outcome(handed_on=(asyncio.run(_waited(sensor)),))
    except Exception as error:  # noqa: BLE001 (the test judges it)
        return Outcome(error, "wait")


async def _waited(sensor: VendorSensor) -> Any:
    try:
        return await asyncio.to_thread(sensor.execute, {})
    except TaskDeferred as deferred:
        path, arguments = deferred.trigger.serialize()
        assert path == "billing_vendors.base.triggers.VendorTrigger"
        event = await anext(type(deferred.trigger)(**arguments).run())
        return sensor.resume({}, event.payload)


V3 = (
    Endpoint("fastly.v3.invoices", "listing", page_limit=2),
    Endpoint("fastly.v3.invoice", "json"),
    Endpoint("fastly.v3.usage_metrics", "json"),
    Endpoint("fastly.v3.service_usage_metrics", "listing", page_limit=2),
)
V2 = (
    Endpoint("fastly.v2.month", "json"),
    Endpoint("fastly.v2.invoice", "json"),
    Endpoint("fastly.v2.invoice", "file", "csv", after=1),
    Endpoint("fastly.v2.invoice", "file", "pdf", after=2),
)
GENESYS = (
    Endpoint("genesys.token", "token"),
    Endpoint("genesys.contracts", "listing", page_limit=1),
    Endpoint("genesys.contract", "json"),
    Endpoint("genesys.billing_period", "json"),
    Endpoint("genesys.invoices", "listing", page_limit=8),
    Endpoint("genesys.invoice_lines", "listing", page_limit=2),
    Endpoint("genesys.invoice_document", "link"),
    Endpoint("genesys.download", "file"),
    Endpoint("genesys.usage_report", "job"),
    Endpoint("genesys.trustee_overview", "json"),
)
SCENARIOS = (
    Scenario("v3 month", FASTLY, "acme-media", V3, fetch_and_prove),
    Scenario("v2 month", FASTLY, "legacy-press", V2, fetch_and_prove),
    Scenario("genesys month", GENESYS_CLOUD, "pacific-care", GENESYS, fetch_and_prove),
    Scenario("v3 estimate", FASTLY, "acme-media", (Endpoint("fastly.v3.month_to_date", "job"),), snapshot),
    Scenario("v2 estimate", FASTLY, "legacy-press", (Endpoint("fastly.v2.month_to_date", "job"),), snapshot),
    Scenario(
        "genesys charges", GENESYS_CLOUD, "pacific-care", GENESYS[:4], snapshot, soaked=frozenset({"token", "contract"})
    ),
    Scenario("wait v3 invoice", FASTLY, "acme-media", (replace(V3[0], page_limit=1),), wait, stores=False),
    Scenario("wait v2 invoice", FASTLY, "legacy-press", V2[:1], wait, stores=False),
    Scenario(
        "wait v3 estimate", FASTLY, "acme-media", (Endpoint("fastly.v3.month_to_date", "job"),), wait, stores=False
    ),
    Scenario(
        "wait genesys month",
        GENESYS_CLOUD,
        "pacific-care",
        (*GENESYS[:2], GENESYS[4], GENESYS[8]),
        wait,
        stores=False,
    ),
)
