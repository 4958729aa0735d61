"""The connection types as a person meets them: in the UI's form, and at its test button."""

import json

import httpx
import pytest

from tieout_stack.airflow import ADMIN

pytestmark = pytest.mark.sample


@pytest.fixture(scope="module")
def simulated(stack):
    """The fields of the connections that lead to the simulator, by connection id; passwords in the clear."""
    return stack.simulator.connections()


def forms(stack) -> dict[str, dict]:
    """What the UI asks for to draw its form, by connection type."""
    credentials = {"username": ADMIN, "password": stack.state.secrets().admin_password}
    with httpx.Client(base_url=stack.airflow.base_url, trust_env=False) as ui:
        token = ui.post("/auth/token", json=credentials).json()["access_token"]
        response = ui.get("/ui/connections/hook_meta", headers={"Authorization": f"Bearer {token}"})
    return {form["connection_type"]: form for form in response.raise_for_status().json()}


def pressed(stack, conn_type: str, **fields) -> tuple[bool, str]:
    """What the test button says of a form that is filled in like this."""
    extra = json.dumps(fields.pop("extra", {}))
    body = {"connection_id": "under_test", "conn_type": conn_type, "extra": extra, **fields}
    response = stack.airflow.api().call("POST", "/connections/test", body)
    return response["status"], response["message"]


def test_the_forms_ask_for_what_the_vendors_need_and_hide_the_rest(stack):
    fastly, genesys = forms(stack)["fastly"], forms(stack)["genesys_cloud"]
    assert fastly["hook_name"] == "Fastly billing"
    assert fastly["standard_fields"]["password"]["title"] == "API token"
    assert fastly["standard_fields"]["login"]["hidden"]
    assert genesys["standard_fields"]["login"]["title"] == "Client id"
    assert genesys["standard_fields"]["password"]["title"] == "Client secret"
    assert genesys["standard_fields"]["url_schema"]["hidden"]
    assert list(genesys["extra_fields"]) == ["region", "api_host", "login_host"]
    assert "eu-central-1" in genesys["extra_fields"]["region"]["schema"]["enum"]


@pytest.mark.parametrize("conn_id", ["fastly_acme_media", "genesys_nord_contact"])
def test_a_good_connection_passes(stack, simulated, conn_id):
    fields = dict(simulated[conn_id])
    passed, message = pressed(stack, fields.pop("conn_type"), **fields)
    assert passed, message
    assert message.endswith("answered 200")


@pytest.mark.parametrize(
    ("conn_id", "sentence"),
    [
        ("fastly_acme_media", "the credential was rejected: check the connection"),
        ("genesys_nord_contact", "the vendor refuses the client id or secret of this connection"),
    ],
)
def test_a_wrong_secret_is_told_and_not_shown(stack, simulated, conn_id, sentence):
    fields = dict(simulated[conn_id]) | {"password": "not-the-secret-4711"}
    passed, message = pressed(stack, fields.pop("conn_type"), **fields)
    assert not passed
    assert "answered 401" in message
    assert sentence in message
    assert "not-the-secret-4711" not in message


@pytest.mark.parametrize(
    ("conn_id", "change", "sentence"),
    [
        (
            "fastly_acme_media",
            {"extra": {"X-Debug": "1"}},
            "this connection: unknown key 'X-Debug' in extra; known: none",
        ),
        ("fastly_acme_media", {"password": None}, "this connection: password (the API token) is empty"),
        ("fastly_acme_media", {"host": "http://api.fastly.com"}, "only https is allowed"),
        ("genesys_nord_contact", {"extra": {}}, "this connection: region is empty; it is one of"),
        ("genesys_nord_contact", {"extra": {"region": "mars"}}, "unknown region 'mars'"),
        (
            "genesys_nord_contact",
            {"extra": {"region": "eu-central-1", "client_secret": "hunter22"}},
            "unknown key 'client_secret' in extra; known: api_host, login_host, region",
        ),
    ],
)
def test_what_is_wrong_with_a_form_is_said_before_anything_is_sent(stack, simulated, conn_id, change, sentence):
    fields = dict(simulated[conn_id]) | change
    passed, message = pressed(stack, fields.pop("conn_type"), **fields)
    assert not passed
    assert sentence in message
    assert "hunter22" not in message


def test_a_stored_connection_never_shows_its_secret(stack, simulated):
    """Read back, and tested as the UI does it: with the asterisks in the place of the secret."""
    api = stack.airflow.api()
    fields = dict(simulated["fastly_acme_media"])
    secret = fields["password"]
    api.put_connections({"by_hand": fields})
    try:
        shown = api.call("GET", "/connections/by_hand")
        assert secret not in json.dumps(shown)
        assert shown["password"] == "***"
        body = {name: value for name, value in shown.items() if name != "team_name"}
        assert api.call("POST", "/connections/test", body)["status"] is True
    finally:
        api.call("DELETE", "/connections/by_hand")
