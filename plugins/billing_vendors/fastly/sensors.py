"""Wait for Fastly: until an estimate is generated, and until an invoice is posted."""

from __future__ import annotations

from typing import Any, ClassVar

from airflow.sdk.exceptions import AirflowSkipException

from billing.config.accounts import Account
from billing.month import Month
from billing_vendors.base.polling import Probe
from billing_vendors.base.sensors import InvoicePostedSensor, VendorSensor
from billing_vendors.fastly.settings import FastlySettings


class FastlyMonthToDateSensor(VendorSensor):
    """
    Wait until Fastly has generated the month-to-date estimate: usually some seconds, at most a minute.

    An account with ``parent_pay: true`` is skipped without a call: Fastly provides no estimate for it.
    """

    vendor: ClassVar[str] = "fastly"
    settings_type: ClassVar[type[Any]] = FastlySettings

    def __init__(self, *, poke_interval: float = 5.0, timeout: float = 3600.0, **kwargs: Any) -> None:  # noqa: ANN401 (Airflow's own)
        super().__init__(poke_interval=poke_interval, timeout=timeout, **kwargs)

    def probe(self, account: Account[FastlySettings], month: Month) -> Probe:
        """Return the probe for the estimate."""
        if account.settings.parent_pay:
            raise AirflowSkipException(
                f"fastly/{account.name} is paid by its parent account (parent_pay: true in accounts.yaml): Fastly "
                f"provides no month-to-date estimate for it, so there is nothing to wait for"
            )
        from billing_vendors.fastly.probes import EstimateProbe  # noqa: PLC0415 (a plan takes no look)

        return EstimateProbe(account.settings.customer_id, account.settings.api, str(month))


class FastlyInvoicePostedSensor(InvoicePostedSensor):
    """Wait until Fastly has posted the invoice of a month; after the grace days it may be absent."""

    vendor: ClassVar[str] = "fastly"
    settings_type: ClassVar[type[Any]] = FastlySettings

    def probe(self, account: Account[FastlySettings], month: Month) -> Probe:
        """Return the probe for the invoice."""
        from billing_vendors.fastly.probes import PostedProbe  # noqa: PLC0415 (a plan takes no look)

        return PostedProbe(account.settings.customer_id, account.settings.api, str(month))
