"""What the DAGs know of Fastly."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from billing_vendors.base.vendor import Vendor, Work
from billing_vendors.fastly.sensors import FastlyInvoicePostedSensor, FastlyMonthToDateSensor
from billing_vendors.fastly.settings import FastlySettings

if TYPE_CHECKING:
    from billing.controls.control import Control


def waits(*, account: Any, month: Any) -> Sequence[BaseOperator]:  # noqa: ANN401 (a name, a template or a mapped argument)
    """Create the one sensor of an account and month; it holds a slot of the pool ``fastly`` only while it looks."""
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


def wait_month_to_date(*, account: Any, month: Any) -> BaseOperator:  # noqa: ANN401 (the same)
    """Create the sensor for the estimate of an account; skipped where a parent account pays."""
    return FastlyMonthToDateSensor(
        task_id="wait_for_estimate",
        account=account,
        month=month,
        pool="fastly",
        retries=3,
        retry_delay=timedelta(seconds=30),
        execution_timeout=timedelta(minutes=10),
    )


def work() -> Work:
    """Import and give what the tasks do."""
    from billing.accruals.proposal import Basis  # noqa: PLC0415 (here and below: a plan does not need it)
    from billing.listed import InvoiceList  # noqa: PLC0415
    from billing_vendors.fastly import collect, derive, endpoints  # noqa: PLC0415

    return Work(
        collect=collect.collect,
        derive=derive.derive,
        accrual_basis=Basis.SNAPSHOT,
        collect_month_to_date=collect.collect_month_to_date,
        derive_month_to_date=derive.derive_month_to_date,
        invoice_list=InvoiceList(endpoints.V3_LIST, derive.find_invoices),
    )


def catalogue() -> Sequence[Control]:
    """Import and give what is proved of every month."""
    from billing.controls import catalogue  # noqa: PLC0415 (only the task that proves needs it)

    return catalogue.FASTLY


FASTLY = Vendor(
    name="fastly",
    title="Fastly",
    settings_type=FastlySettings,
    waits=waits,
    schedule="0 6 3 * *",
    work=work,
    catalogue=catalogue,
    wait_month_to_date=wait_month_to_date,
)
