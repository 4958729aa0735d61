"""The connection types as Airflow sees them."""

import json
from importlib import import_module

import pytest
from airflow.sdk.providers_manager_runtime import ProvidersManagerTaskRuntime

from billing_vendors.genesys_cloud.regions import DOMAINS
from billing_vendors.provider import get_provider_info
from billing_vendors.registry import connection_types, vendors

TYPES = {entry["connection-type"]: entry for entry in get_provider_info()["connection-types"]}


def test_every_vendor_s_type_is_found_by_the_entry_point():
    hooks = ProvidersManagerTaskRuntime().hooks
    declared = {vendor.connection_type.name: vendor.connection_type.hook for vendor in vendors()}
    assert {name: hooks[name].hook_class_name for name in TYPES} == declared
    assert {hooks[name].package_name for name in TYPES} == {"tieout"}


@pytest.mark.parametrize("vendor", vendors(), ids=lambda vendor: vendor.name)
def test_a_hook_and_the_type_of_its_connections_name_each_other(vendor):
    module, _, name = vendor.connection_type.hook.rpartition(".")
    hook = getattr(import_module(module), name)
    assert (hook.conn_type, hook.hook_name) == (vendor.connection_type.name, vendor.connection_type.title)
    assert vendor.connection_type in connection_types()


@pytest.mark.parametrize("name", sorted(TYPES))
def test_the_form_leaves_no_way_to_add_unknown_fields(name):
    assert "extra" in TYPES[name]["ui-field-behaviour"]["hidden-fields"]


def test_the_form_offers_every_region():
    schema = TYPES["genesys_cloud"]["conn-fields"]["region"]["schema"]
    assert set(schema["enum"]) == {*DOMAINS, None}


def test_the_description_is_plain_json():
    assert json.loads(json.dumps(get_provider_info())) == get_provider_info()


def test_a_connection_makes_its_hook(connect, server):
    """Airflow's own way from a connection to a hook, as the test button goes it."""
    from airflow.sdk import Connection

    connection = Connection.get(connect(host=server.url, password="sesame-4711"))
    assert connection.test_connection() == (True, connection.get_hook().test_connection()[1])
    assert server.seen[0].headers["fastly-key"] == "sesame-4711"
