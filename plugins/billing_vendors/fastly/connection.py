"""The connection type ``fastly`` and its form."""

from __future__ import annotations

from billing_vendors.base.vendor import ConnectionType

CONNECTION_TYPE = ConnectionType(
    name="fastly",
    title="Fastly billing",
    hook="billing_vendors.fastly.hooks.FastlyBillingHook",
    labels={"host": "Base URL", "password": "API token"},
    placeholders={
        "host": "empty, which means https://api.fastly.com",
        "password": "a token with scope global:read, of a user with the Billing role",
    },
)
