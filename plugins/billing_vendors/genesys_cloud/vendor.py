"""Genesys Cloud, as the DAGs and the storage see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from billing_vendors.base.vendor import Vendor, VendorImplementation
from billing_vendors.genesys_cloud.connection import CONNECTION_TYPE
from billing_vendors.genesys_cloud.sensors import GenesysMonthReadySensor
from billing_vendors.genesys_cloud.settings import VENDOR, GenesysSettings

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator

    from billing.controls.control import Control

RUNNING_MONTH = """
Stores the contracts, and the charges so far of every billing period with days in the month; what has changed since
yesterday is a new version.
"""


def make_sensors(**arguments: Any) -> Sequence[BaseOperator]:  # noqa: ANN401 (the sensors' own arguments)
    """
    Create the one sensor of an account and month: it waits for the usage report, the closed periods and the invoice.

    It uses a slot of the vendor's pool only while it pokes.

    :param arguments: ``account`` and ``month``, and the sensor's other arguments.
    """
    return (GenesysMonthReadySensor(task_id="wait_for_month", pool=VENDOR, **arguments),)


def load_implementation() -> VendorImplementation:
    """Import and return what the tasks do."""
    from billing.storage.accrual_bases import from_billing_periods  # noqa: PLC0415 (here and below: a plan does not need it)
    from billing_vendors.genesys_cloud import collect, derive, export  # noqa: PLC0415

    return VendorImplementation(
        collect=collect.collect,
        derive=derive.derive,
        propose_accrual=from_billing_periods,
        collect_running_month=collect.collect_running_month,
        derive_running_month=derive.derive_running_month,
        export_terms=export.TERMS,
    )


def load_controls() -> Sequence[Control]:
    """Import and return what is checked of every month."""
    from billing_vendors.genesys_cloud.controls.catalogue import CONTROLS  # noqa: PLC0415 (only the task that reconciles needs it)

    return CONTROLS


GENESYS_CLOUD = Vendor(
    name=VENDOR,
    title="Genesys Cloud",
    control_prefix="G",
    settings_type=GenesysSettings,
    connection_type=CONNECTION_TYPE,
    schedule="0 6 5 * *",
    make_sensors=make_sensors,
    load_implementation=load_implementation,
    load_controls=load_controls,
    running_month=RUNNING_MONTH,
    has_running_month=True,
)
