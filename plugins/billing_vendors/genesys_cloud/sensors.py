"""Wait for Genesys Cloud: for the usage reports, the end of the billing periods, the invoice, or all three at once."""

from __future__ import annotations

from typing import Any, ClassVar

from billing.config.accounts import Account
from billing.month import Month
from billing_vendors.base.polling import Probe
from billing_vendors.base.sensors import InvoicePostedSensor, VendorSensor
from billing_vendors.genesys_cloud.settings import VENDOR, GenesysSettings


class _GenesysSensor(VendorSensor):
    vendor = VENDOR
    settings_type = GenesysSettings


class GenesysBillableUsageSensor(_GenesysSensor):
    """Wait until the billable usage reports of the month are complete: one for each distinct billing period."""

    def probe(self, account: Account[Any], month: Month) -> Probe:  # noqa: ARG002 (the interface)
        """Return the probe for the reports."""
        from billing_vendors.genesys_cloud.probes import BillableUsageProbe  # noqa: PLC0415 (a plan takes no look)

        return BillableUsageProbe(str(month))


class GenesysBillingPeriodClosedSensor(_GenesysSensor):
    """Wait until every billing period whose last day falls in the month is closed; ready at once if there is none."""

    def probe(self, account: Account[Any], month: Month) -> Probe:  # noqa: ARG002 (the interface)
        """Return the probe for the billing periods."""
        from billing_vendors.genesys_cloud.probes import BillingPeriodClosedProbe  # noqa: PLC0415 (the same)

        return BillingPeriodClosedProbe(str(month))


class GenesysInvoicePostedSensor(InvoicePostedSensor):
    """Wait until an invoice of the month is posted; after the grace days it may be absent."""

    vendor: ClassVar[str] = VENDOR
    settings_type: ClassVar[type[Any]] = GenesysSettings

    def probe(self, account: Account[Any], month: Month) -> Probe:
        """Return the probe for the invoice."""
        from billing_vendors.genesys_cloud.probes import InvoicePostedProbe  # noqa: PLC0415 (the same)

        return InvoicePostedProbe(str(month), str(account.first_month))


class GenesysMonthReadySensor(GenesysInvoicePostedSensor):
    """
    Wait for the usage reports, the end of the billing periods and an invoice, one after the other, as one task.

    After the grace days the invoice may be absent; nothing else may. Requesting a report makes the vendor generate it,
    which usually takes seconds, so the first pauses are short.
    """

    def __init__(self, *, poke_interval: float = 5.0, **kwargs: Any) -> None:  # noqa: ANN401 (Airflow's own)
        super().__init__(poke_interval=poke_interval, **kwargs)

    def probe(self, account: Account[Any], month: Month) -> Probe:
        """Return the probe for all three."""
        from billing_vendors.genesys_cloud.probes import MonthReadyProbe  # noqa: PLC0415 (the same)

        return MonthReadyProbe(str(month), str(account.first_month))
