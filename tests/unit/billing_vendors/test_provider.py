"""The connection types as Airflow sees them."""

import json

import pytest
from airflow.sdk.providers_manager_runtime import ProvidersManagerTaskRuntime

from billing_vendors.genesys_cloud.regions import DOMAINS
from billing_vendors.provider import get_provider_info

TYPES = {entry["connection-type"]: entry for entry in get_provider_info()["connection-types"]}


def test_both_types_are_found_by_their_entry_point():
    hooks = ProvidersManagerTaskRuntime().hooks
    assert {name: hooks[name].hook_class_name for name in TYPES} == {
        "fastly": "billing_vendors.fastly.hooks.FastlyBillingHook",
        "genesys_cloud": "billing_vendors.genesys_cloud.hooks.GenesysCloudBillingHook",
    }
    assert {hooks[name].package_name for name in TYPES} == {"tieout"}


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
