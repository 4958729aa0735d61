"""What an Airflow connection may say."""

from dataclasses import dataclass

import pytest

from billing.errors import ConfigurationError
from billing_vendors.base.client.connection import base_url_of, read_extra, required


@dataclass
class JsonObject:
    conn_id: str = "c1"
    host: str | None = None
    schema: str | None = None
    port: int | None = None
    login: str | None = None
    password: str | None = None


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        ({}, "https://api.example.com"),
        ({"host": "billing.example.org"}, "https://billing.example.org"),
        ({"host": "billing.example.org", "schema": "https", "port": 8443}, "https://billing.example.org:8443"),
        ({"host": "https://gateway.example.org/fastly/"}, "https://gateway.example.org/fastly"),
        ({"host": "http://127.0.0.1:8080"}, "http://127.0.0.1:8080"),
        ({"host": "http://localhost", "port": 8080}, "http://localhost:8080"),
        ({"host": "http://[::1]:8080"}, "http://[::1]:8080"),
    ],
)
def test_host_schema_and_port_make_the_base_url(fields, url):
    assert base_url_of(JsonObject(**fields), "https://api.example.com") == url


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"host": "http://api.example.com"}, "only https"),
        ({"host": "api.example.com", "schema": "http"}, "only https"),
        ({"host": "ftp://api.example.com"}, "only https"),
        ({"host": "http://127.0.0.1.example.com"}, "only https"),
        ({"host": "https://api.example.com", "schema": "http"}, "conflicts"),
        ({"host": "https://api.example.com:1", "port": 2}, "port"),
        ({"host": "https://me:secret@api.example.com"}, "no user"),
        ({"host": "https://api.example.com/?key=secret"}, "no query"),
        ({"host": "https://api.example.com:99999"}, "not a URL"),
        ({"host": "https://"}, "must look like"),
    ],
)
def test_an_unusable_host_is_refused_without_quoting_it(fields, said):
    with pytest.raises(ConfigurationError, match=said) as refused:
        base_url_of(JsonObject(**fields), "https://api.example.com")
    assert "c1" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_an_unknown_key_of_the_extra_is_named():
    with pytest.raises(ConfigurationError, match=r"c1: unknown key 'client_secret'.*known: region"):
        read_extra("c1", {"region": "eu", "client_secret": "s3cr3t"}, frozenset({"region"}))


def test_empty_fields_of_a_form_are_as_good_as_missing():
    assert read_extra("c1", {"region": "", "api_host": None}, frozenset({"region", "api_host"})) == {}


@pytest.mark.parametrize("extra", [["region"], {"region": 1}])
def test_an_extra_of_another_type_is_refused(extra):
    with pytest.raises(ConfigurationError, match="c1"):
        read_extra("c1", extra, frozenset({"region"}))


def test_a_missing_credential_is_named():
    with pytest.raises(ConfigurationError, match=r"c1: password \(the API token\) is empty"):
        required(JsonObject(password=" "), "password", "the API token")
