"""Connection types that this distribution adds to Airflow: found by the entry point ``apache_airflow_provider``."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from billing_vendors.registry import connection_types


def get_provider_info() -> dict[str, Any]:
    """Describe this distribution to Airflow's providers manager."""
    return {
        "package-name": "tieout",
        "name": "Tieout",
        "description": "Billing APIs of SaaS vendors.",
        "versions": [version("tieout")],
        "connection-types": [each.as_provider_info() for each in connection_types()],
    }
