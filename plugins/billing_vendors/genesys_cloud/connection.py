"""The connection type ``genesys_cloud`` and its form."""

from __future__ import annotations

from billing_vendors.base.vendor import ConnectionType
from billing_vendors.genesys_cloud.regions import DOMAINS

_REGION = {
    "label": "Region",
    "description": "Where the organization is",
    "schema": {
        "type": ["string", "null"],
        "enum": [*sorted(DOMAINS), None],
        # the form calls None "null"
        "values_display": {region: f"{region}: {domain}" for region, domain in DOMAINS.items()}
        | {"null": "choose one, or give an API host"},
    },
}

CONNECTION_TYPE = ConnectionType(
    name="genesys_cloud",
    title="Genesys Cloud billing",
    hook="billing_vendors.genesys_cloud.hooks.GenesysCloudBillingHook",
    labels={"login": "Client id", "password": "Client secret"},
    placeholders={
        "login": "of an OAuth client with the grant Client Credentials",
        "password": "of the same client; the region is below, in Extra Fields",
    },
    fields={
        "region": _REGION,
        "api_host": {
            "label": "API host",
            "description": "Only without a region: a private gateway or a simulator, e.g. https://api.example.com",
            "schema": {"type": ["string", "null"]},
        },
        "login_host": {
            "label": "Login host",
            "description": "Only with an API host, e.g. https://login.example.com",
            "schema": {"type": ["string", "null"]},
        },
    },
)
