"""Wait for Acme to post an invoice."""

from __future__ import annotations

from typing import Any, ClassVar

from billing.config.accounts import Account
from billing.month import Month
from billing_vendors.acme.settings import AcmeSettings
from billing_vendors.base.polling import Probe
from billing_vendors.base.sensors import InvoicePostedSensor


class AcmeInvoicePostedSensor(InvoicePostedSensor):
    """Wait until Acme has posted the invoice of a month; after the days of grace its absence is the result."""

    vendor: ClassVar[str] = "acme"
    settings_type: ClassVar[type[Any]] = AcmeSettings

    def probe(self, account: Account[AcmeSettings], month: Month) -> Probe:  # noqa: ARG002 (every vendor's signature)
        """Return the check for the invoice."""
        from billing_vendors.acme.probes import PostedProbe  # noqa: PLC0415 (a plan sends no request)

        return PostedProbe(str(month))
