"""Fastly, as the DAGs and the storage see it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from billing_vendors.base.vendor import Vendor, VendorImplementation
from billing_vendors.fastly.connection import CONNECTION_TYPE
from billing_vendors.fastly.sensors import FastlyInvoicePostedSensor, FastlyMonthToDateSensor
from billing_vendors.fastly.settings import FastlySettings

if TYPE_CHECKING:
    from billing.controls.control import Control

RUNNING_MONTH = """
Waits until each account's month-to-date estimate is generated and appends it to `billing.month_to_date`. Accounts under
parent pay have no estimate; mark them `parent_pay: true`.
"""


def make_sensors(*, account: Any, month: Any) -> Sequence[BaseOperator]:  # noqa: ANN401 (a name, a template or a mapped argument)
    """Create the one sensor of an account and month; it uses a slot of the pool ``fastly`` only while it pokes."""
    return (
        FastlyInvoicePostedSensor(
            task_id="wait_for_invoice",
            account=account,
            month=month,
            pool="fastly",
            retries=3,
            retry_delay=timedelta(minutes=1),
            execution_timeout=timedelta(minutes=10),
        ),
    )


def make_estimate_sensor(*, account: Any, month: Any) -> BaseOperator:  # noqa: ANN401 (the same)
    """Create the sensor for the estimate of an account; skipped if a parent account pays."""
    return FastlyMonthToDateSensor(
        task_id="wait_for_estimate",
        account=account,
        month=month,
        pool="fastly",
        retries=3,
        retry_delay=timedelta(seconds=30),
        execution_timeout=timedelta(minutes=10),
    )


def load_implementation() -> VendorImplementation:
    """Import and return what the tasks do."""
    from billing_vendors.fastly import accrual, collect, derive, export  # noqa: PLC0415 (a plan does not need them)

    return VendorImplementation(
        collect=collect.collect,
        derive=derive.derive,
        propose_accrual=accrual.propose_accrual,
        collect_month_to_date=collect.collect_month_to_date,
        derive_month_to_date=derive.derive_month_to_date,
        export_terms=export.TERMS,
    )


def load_controls() -> Sequence[Control]:
    """Import and return what is checked of every month."""
    from billing_vendors.fastly.controls.catalogue import CONTROLS  # noqa: PLC0415 (only the task that reconciles needs it)

    return CONTROLS


FASTLY = Vendor(
    name="fastly",
    title="Fastly",
    control_prefix="F",
    settings_type=FastlySettings,
    connection_type=CONNECTION_TYPE,
    schedule="0 6 3 * *",
    make_sensors=make_sensors,
    load_implementation=load_implementation,
    load_controls=load_controls,
    running_month=RUNNING_MONTH,
    make_estimate_sensor=make_estimate_sensor,
)
