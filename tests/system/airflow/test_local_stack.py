"""The running stack, through its own client."""

import pytest

from tieout_stack.airflow_api import AirflowApi
from tieout_stack.errors import StackError
from tieout_stack.local_stack import POOL_SLOTS

pytestmark = pytest.mark.sample


def test_all_components_are_healthy_and_watched(stack):
    """Four processes, the simulator and Postgres."""
    assert stack.airflow.api().unhealthy() == []
    stack.check()


def test_the_set_up_made_connections_and_pools(stack):
    """Every account's connection, both to the billing database, a pool per vendor; no password is shown."""
    api = stack.airflow.api()
    connections = {each["connection_id"]: each for each in api.call("GET", "/connections", limit=100)["connections"]}
    assert set(connections) == {*stack.simulator.connections(), "billing_db", "billing_review_db", "billing_close_db"}
    assert connections["billing_db"]["password"] == "***"
    pools = {pool["name"]: pool["slots"] for pool in api.call("GET", "/pools")["pools"]}
    assert dict.fromkeys(["fastly", "genesys_cloud"], POOL_SLOTS).items() <= pools.items()


def test_setting_up_again_overwrites_connections_and_keeps_pools(stack):
    """A second start meets what the first one made; a pool's size may have been set by hand."""
    api = stack.airflow.api()
    api.put_connections({"mine": {"conn_type": "http", "host": "http://one"}})
    api.put_connections({"mine": {"conn_type": "http", "host": "http://two", "extra": {"region": "eu"}}})
    assert api.call("GET", "/connections/mine")["host"] == "http://two"
    api.call("DELETE", "/connections/mine")
    api.ensure_pool("fastly", 99, "not this one")
    assert api.call("GET", "/pools/fastly")["slots"] == POOL_SLOTS


def test_a_refusal_says_what_was_asked_and_why(stack):
    """Method, path, status and Airflow's reason."""
    with pytest.raises(StackError, match=r"GET /api/v2/dags/unheard_of with 404: .*unheard_of"):
        stack.airflow.api().call("GET", "/dags/unheard_of")
    with pytest.raises(StackError, match="refused to sign in user admin"):
        AirflowApi(stack.airflow.base_url, "admin", "guess").call("GET", "/dags")


def test_a_dag_that_is_not_there_is_told(stack):
    """After the time given, by name."""
    with pytest.raises(StackError, match="found no DAG unheard_of"):
        stack.airflow.api().wait_for_dags(["unheard_of"], 0.1)


def test_the_port_is_on_loopback_only(stack):
    """Nothing of a demo is reachable from another machine."""
    assert stack.airflow.base_url.startswith("http://127.0.0.1:")
    assert stack.airflow.environment()["AIRFLOW__API__HOST"] == "127.0.0.1"
