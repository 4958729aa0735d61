"""A simulator in a container of its own: the one host beside this machine that may be asked without TLS."""

import ipaddress
import json
import socket
from urllib.parse import urlsplit

import pytest

from billing.errors import ConfigurationError, PayloadError
from billing_vendors.base.client.connection import SIMULATOR_VARIABLE, checked_url
from billing_vendors.base.client.pdf_download import _check_address
from billing_vendors.base.client.request import Request
from billing_vendors.fastly.hooks import FastlyBillingHook

ADDRESS = "http://simulator:8090"
QUESTION = Request(operation="document", path="/invoices/1/document")


@pytest.fixture
def named(simulator, monkeypatch):
    """The simulator's connections under the name ``simulator``, as a container network gives it."""
    resolve = socket.getaddrinfo

    def response(host, *more, **options):
        return resolve("127.0.0.1" if host == "simulator" else host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", response)
    port = urlsplit(simulator.base_url).port
    connections = simulator.world.connections(f"http://simulator:{port}")
    conn_id = next(name for name, fields in connections.items() if fields["conn_type"] == "fastly")
    monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connections[conn_id]))
    return conn_id


def test_the_named_host_may_be_asked_by_plain_http(named, monkeypatch):
    monkeypatch.setenv(SIMULATOR_VARIABLE, "simulator")
    worked, said = FastlyBillingHook(named).test_connection()
    assert worked, said


def test_without_the_variable_it_may_not(named):
    worked, said = FastlyBillingHook(named).test_connection()
    assert not worked
    assert "only https is allowed" in said


@pytest.mark.parametrize("other", ["simulator2", "api.simulator", "simulator.example.com"])
def test_no_other_host_may(other, monkeypatch):
    monkeypatch.setenv(SIMULATOR_VARIABLE, "simulator")
    assert checked_url(ADDRESS, "c1") == ADDRESS
    with pytest.raises(ConfigurationError, match="only https"):
        checked_url(f"http://{other}", "c1")


@pytest.mark.parametrize(("local", "variable"), [(True, ""), (False, "simulator")])
def test_a_link_into_a_private_network_is_refused(local, variable, monkeypatch):
    """A link of a vendor elsewhere stays refused even where there is a simulator."""
    monkeypatch.setenv(SIMULATOR_VARIABLE, variable)
    with pytest.raises(PayloadError, match="private network"):
        _check_address(ipaddress.ip_address("172.18.0.5"), QUESTION, local)


def test_a_link_of_the_simulator_into_its_network_is_followed(monkeypatch):
    monkeypatch.setenv(SIMULATOR_VARIABLE, "simulator")
    _check_address(ipaddress.ip_address("172.18.0.5"), QUESTION, True)
