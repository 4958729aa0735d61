"""Acme, as the DAGs and the storage see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from billing_vendors.acme.connection import CONNECTION_TYPE
from billing_vendors.acme.sensors import AcmeInvoicePostedSensor
from billing_vendors.acme.settings import AcmeSettings
from billing_vendors.base.vendor import Vendor, VendorImplementation

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator

    from billing.controls.control import Control


def make_sensors(**arguments: Any) -> Sequence[BaseOperator]:  # noqa: ANN401 (the sensor's own arguments)
    """Create the one sensor of an account and month: it waits for the invoice."""
    return (AcmeInvoicePostedSensor(task_id="wait_for_invoice", pool="acme", **arguments),)


def load_implementation() -> VendorImplementation:
    """Import and return what the tasks do."""
    from billing.storage.accrual_bases import from_snapshots  # noqa: PLC0415 (here and below: a plan does not need it)
    from billing_vendors.acme import collect, derive  # noqa: PLC0415

    return VendorImplementation(
        collect=collect.collect,
        derive=derive.derive,
        propose_accrual=from_snapshots,  # blocked until there are estimates: see collect_month_to_date
    )


def load_controls() -> Sequence[Control]:
    """Import and return what is checked of every month."""
    from billing_vendors.acme.controls.catalogue import CONTROLS  # noqa: PLC0415 (only the task that reconciles needs it)

    return CONTROLS


ACME = Vendor(
    name="acme",
    title="Acme",
    control_prefix="A",
    settings_type=AcmeSettings,
    connection_type=CONNECTION_TYPE,
    schedule="0 6 4 * *",
    make_sensors=make_sensors,
    load_implementation=load_implementation,
    load_controls=load_controls,
)
