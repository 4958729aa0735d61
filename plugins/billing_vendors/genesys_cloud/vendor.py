"""Genesys Cloud, as the DAGs and the storage see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from billing_vendors.base.vendor import Vendor, Work
from billing_vendors.genesys_cloud.sensors import GenesysMonthReadySensor
from billing_vendors.genesys_cloud.settings import VENDOR, GenesysSettings

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator

    from billing.controls.control import Control


def waits(**arguments: Any) -> Sequence[BaseOperator]:  # noqa: ANN401 (the sensors' own arguments)
    """
    Create the one sensor of an account and month: it waits for the usage report, the closed periods and the invoice.

    It holds a slot of the vendor's pool only while it looks.

    :param arguments: ``account`` and ``month``, and what else the sensor takes.
    """
    return (GenesysMonthReadySensor(task_id="wait_for_month", pool=VENDOR, **arguments),)


def work() -> Work:
    """Import and give what the tasks do."""
    from billing.accruals.proposal import Basis  # noqa: PLC0415 (here and below: a plan does not need it)
    from billing_vendors.genesys_cloud import collect, derive  # noqa: PLC0415

    return Work(
        collect=collect.collect,
        derive=derive.derive,
        accrual_basis=Basis.PERIOD_CHARGES,
        collect_running_month=collect.collect_running_month,
        derive_running_month=derive.derive_running_month,
    )


def catalogue() -> Sequence[Control]:
    """Import and give what is proved of every month."""
    from billing.controls import catalogue  # noqa: PLC0415 (only the task that proves needs it)

    return catalogue.GENESYS_CLOUD


GENESYS_CLOUD = Vendor(
    name=VENDOR,
    title="Genesys Cloud",
    settings_type=GenesysSettings,
    waits=waits,
    schedule="0 6 5 * *",
    work=work,
    catalogue=catalogue,
    has_running_month=True,
)
