"""
The connection type ``acme`` and its form.

Airflow reads it while it is itself being imported, so nothing of Airflow may be imported here.
"""

from __future__ import annotations

from billing_vendors.base.vendor import ConnectionType

CONNECTION_TYPE = ConnectionType(
    name="acme",
    title="Acme billing",
    hook="billing_vendors.acme.hooks.AcmeBillingHook",
    labels={"host": "Base URL", "password": "API token"},
    placeholders={
        "host": "empty, which means https://api.acme.example",
        "password": "a token that may read invoices",
    },
)
