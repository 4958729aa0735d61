"""
The vendor's regions and the hosts in them.

Source: developer.genesys.cloud, "Platform API" (regions), and the official Python client 269.0.0, checked 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from billing.errors import ConfigurationError
from billing_vendors.base.client.connection import checked_url

DOMAINS = {
    "us-east-1": "mypurecloud.com",
    "us-west-2": "usw2.pure.cloud",
    "us-east-2": "use2.us-gov-pure.cloud",
    "ca-central-1": "cac1.pure.cloud",
    "sa-east-1": "sae1.pure.cloud",
    "mx-central-1": "mxc1.pure.cloud",
    "eu-west-1": "mypurecloud.ie",
    "eu-west-2": "euw2.pure.cloud",
    "eu-central-1": "mypurecloud.de",
    "eu-central-2": "euc2.pure.cloud",
    "eu-sovereign": "edee1.eusc-pure.cloud",
    "me-central-1": "mec1.pure.cloud",
    "ap-northeast-1": "mypurecloud.jp",
    "ap-northeast-2": "apne2.pure.cloud",
    "ap-northeast-3": "apne3.pure.cloud",
    "ap-southeast-1": "apse1.pure.cloud",
    "ap-southeast-2": "mypurecloud.com.au",
    "ap-south-1": "aps1.pure.cloud",
}

FIELDS = frozenset({"region", "api_host", "login_host"})


def base_urls(conn_id: str, fields: Mapping[str, str]) -> dict[str, str]:
    """
    Return the base URLs ``api`` and ``login`` from a connection's own fields.

    :param fields: ``region``, by name or by domain; or ``api_host`` and, where it is another one, ``login_host``.
    :raises ConfigurationError: neither or both are set, the region is unknown, or a host is not usable.
    """
    region, api, login = (fields.get(name) for name in ("region", "api_host", "login_host"))
    if region and (api or login):
        raise ConfigurationError(f"connection {conn_id}: region and api_host or login_host contradict each other")
    if region:
        domain = DOMAINS.get(region, region)
        if domain not in DOMAINS.values():
            raise ConfigurationError(
                f"connection {conn_id}: unknown region {region!r}; known: {', '.join(sorted(DOMAINS))}"
            )
        return {"api": f"https://api.{domain}", "login": f"https://login.{domain}"}
    if not api:
        raise ConfigurationError(f"connection {conn_id}: region is empty; it is one of {', '.join(sorted(DOMAINS))}")
    api_site = _site(conn_id, api)
    return {"api": api_site, "login": _site(conn_id, login) if login else _login_of(api_site)}


def _site(conn_id: str, host: str) -> str:
    return checked_url(host if "://" in host else f"https://{host}", conn_id)


def _login_of(api_site: str) -> str:
    """Return the login host: ``login.`` instead of ``api.``, else the same one, as the vendor's clients do."""
    parts = urlsplit(api_site)
    if not parts.netloc.startswith("api."):
        return api_site
    return parts._replace(netloc=f"login.{parts.netloc.removeprefix('api.')}", path="").geturl()
