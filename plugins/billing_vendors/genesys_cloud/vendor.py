"""Genesys Cloud, as the DAGs and the storage see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from billing.controls import catalogue
from billing_vendors.base.vendor import Vendor
from billing_vendors.genesys_cloud.collect import collect
from billing_vendors.genesys_cloud.derive import derive
from billing_vendors.genesys_cloud.sensors import (
    GenesysBillableUsageSensor,
    GenesysBillingPeriodClosedSensor,
    GenesysInvoicePostedSensor,
)
from billing_vendors.genesys_cloud.settings import VENDOR, GenesysSettings

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator


def waits(**arguments: Any) -> Sequence[BaseOperator]:  # noqa: ANN401 (the sensors' own arguments)
    """
    Make the sensors of one account and month; they do not depend on each other.

    :param arguments: ``account`` and ``month``, and what else a sensor takes.
    """
    return (
        GenesysBillableUsageSensor(task_id="wait_for_billable_usage", **arguments),
        GenesysBillingPeriodClosedSensor(task_id="wait_for_closed_billing_periods", **arguments),
        GenesysInvoicePostedSensor(task_id="wait_for_invoice", **arguments),
    )


GENESYS_CLOUD = Vendor(
    name=VENDOR,
    title="Genesys Cloud",
    settings_type=GenesysSettings,
    collect=collect,
    derive=derive,
    waits=waits,
    controls=catalogue.GENESYS_CLOUD,
    schedule="0 6 5 * *",
)
