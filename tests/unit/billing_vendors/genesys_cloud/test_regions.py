"""Where the vendor is: by region, or by explicit hosts."""

import pytest

from billing.errors import ConfigurationError
from billing_vendors.genesys_cloud.regions import DOMAINS, FIELDS, base_urls
from billing_vendors.provider import get_provider_info


@pytest.mark.parametrize(
    ("fields", "api", "login"),
    [
        ({"region": "us-east-1"}, "https://api.mypurecloud.com", "https://login.mypurecloud.com"),
        ({"region": "eu-central-2"}, "https://api.euc2.pure.cloud", "https://login.euc2.pure.cloud"),
        ({"region": "mypurecloud.de"}, "https://api.mypurecloud.de", "https://login.mypurecloud.de"),
        ({"api_host": "api.gateway.example"}, "https://api.gateway.example", "https://login.gateway.example"),
        ({"api_host": "https://api.gateway.example:8443/genesys/"}, "https://api.gateway.example:8443/genesys",
         "https://login.gateway.example:8443"),
        ({"api_host": "http://127.0.0.1:8080"}, "http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ({"api_host": "a.example", "login_host": "b.example/oauth"}, "https://a.example", "https://b.example/oauth"),
    ],
)  # fmt: skip
def test_sites(fields, api, login):
    assert base_urls("c", fields) == {"api": api, "login": login}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"login_host": "https://login.example.com"},
        {"region": "EU-WEST-1"},
        {"region": "evil.example"},
        {"region": "eu-west-1", "login_host": "https://login.example.com"},
        {"api_host": "ftp://a.example"},
        {"api_host": "https://user:pw@a.example"},
        {"api_host": "http://a.example"},
    ],
)
def test_what_is_not_usable_is_refused(fields):
    with pytest.raises(ConfigurationError, match="connection c"):
        base_urls("c", fields)


def test_the_connection_form_offers_what_the_hook_knows():
    (form,) = (c for c in get_provider_info()["connection-types"] if c["connection-type"] == "genesys_cloud")

    assert set(form["conn-fields"]) == FIELDS
    assert {*DOMAINS, None} == set(form["conn-fields"]["region"]["schema"]["enum"])
