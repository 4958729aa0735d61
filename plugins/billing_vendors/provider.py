"""Connection types that this distribution adds to Airflow: found by the entry point ``apache_airflow_provider``."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from billing_vendors.genesys_cloud.regions import DOMAINS

_FASTLY = {
    "connection-type": "fastly",
    "hook-class-name": "billing_vendors.fastly.hooks.FastlyBillingHook",
    "hook-name": "Fastly billing",
    "ui-field-behaviour": {
        "hidden-fields": ["schema", "port", "login", "extra"],
        "relabeling": {"host": "Base URL", "password": "API token"},
        "placeholders": {
            "host": "empty, which means https://api.fastly.com",
            "password": "a token with scope global:read, of a user with the Billing role",
        },
    },
}

_GENESYS_CLOUD = {
    "connection-type": "genesys_cloud",
    "hook-class-name": "billing_vendors.genesys_cloud.hooks.GenesysCloudBillingHook",
    "hook-name": "Genesys Cloud billing",
    "ui-field-behaviour": {
        "hidden-fields": ["host", "schema", "port", "extra"],
        "relabeling": {"login": "Client id", "password": "Client secret"},
        "placeholders": {
            "login": "of an OAuth client with the grant Client Credentials",
            "password": "of the same client; the region is below, in Extra Fields",
        },
    },
    "conn-fields": {
        "region": {
            "label": "Region",
            "description": "Where the organization is",
            "schema": {
                "type": ["string", "null"],
                "enum": [*sorted(DOMAINS), None],
                # the form calls None "null"
                "values_display": {region: f"{region}: {domain}" for region, domain in DOMAINS.items()}
                | {"null": "choose one, or give an API host"},
            },
        },
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
}


def get_provider_info() -> dict[str, Any]:
    """Describe this distribution to Airflow's providers manager."""
    return {
        "package-name": "tieout",
        "name": "Tieout",
        "description": "Billing APIs of SaaS vendors.",
        "versions": [version("tieout")],
        "connection-types": [_FASTLY, _GENESYS_CLOUD],
    }
