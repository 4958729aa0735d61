"""The hook against a vendor on loopback: operations, sign-in, cursors, refusals, secrets."""

import re
from datetime import date
from urllib.parse import parse_qs

import pytest
from tests.unit.billing_vendors.genesys_cloud.conftest import (
    BILLING,
    CLIENT_SECRET,
    Reply,
    json_reply,
    payload_reply,
    read_payload,
)

from billing.errors import ConfigurationError, PayloadError, VendorRejected, VendorUnavailable
from billing.month import Month
from billing_vendors.base.client.transport import Limits
from billing_vendors.genesys_cloud.hooks import GenesysCloudBillingHook
from billing_vendors.genesys_cloud.intervals import Interval

JANUARY = Month(2025, 1)
QUICK = Limits(first_pause_seconds=0.01, total_seconds=10)


@pytest.fixture
def hook(connect):
    with GenesysCloudBillingHook(connect(), limits=QUICK) as hook:
        yield hook


def pages(*pages_of_ids):
    """Replies of one listing; each names the next by a cursor, at another path."""
    last = len(pages_of_ids)
    return [
        json_reply(
            {
                "entities": [{"id": each} for each in ids],
                "nextUri": f"/x?after=c{n}%3D%3D" if n < last else None,
            }
        )
        for n, ids in enumerate(pages_of_ids, start=1)
    ]


OPERATIONS = {
    "contract": (lambda hook: hook.get_contract("c 1/2"), "/contracts/c%201%2F2", "contract"),
    "billing_period": (
        lambda hook: hook.get_billing_period("c1", "bp-1"),
        "/contracts/c1/billingperiods/bp-1",
        "contract_billing_period",
    ),
    "billable_usage": (
        lambda hook: hook.get_billable_usage(JANUARY),
        "/reports/billableusage",
        "billable_usage_report",
    ),
    "trustee_overview": (
        lambda hook: hook.get_trustee_overview("o1", 2),
        "/trusteebillingoverview/o1",
        "trustee_billing_overview",
    ),
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_one_answer_is_kept_byte_for_byte(hook, genesys, operation):
    call, path, payload = OPERATIONS[operation]
    genesys.billing(path, payload_reply(payload, ININ_Correlation_Id="abc"))

    response = call(hook)

    assert (response.operation, response.status, response.body) == (operation, 200, read_payload(payload))
    assert response.request.startswith(f"GET {BILLING}{path}")
    assert response.headers["inin-correlation-id"] == "abc"


LISTINGS = {
    "contracts": (lambda hook: hook.list_contracts(), "/contracts", {"pageSize": "10"}),
    "invoices": (
        lambda hook: hook.list_invoices(JANUARY),
        "/contracts/invoices",
        {"pageSize": "200", "dateStart": "2023-12-01", "dateEnd": "2026-03-31"},
    ),
    "invoice_lines": (
        lambda hook: hook.list_invoice_lines("INV1"),
        "/contracts/invoices/INV1/lines",
        {"pageSize": "200"},
    ),
}


@pytest.mark.parametrize("operation", LISTINGS)
def test_a_listing_is_read_page_by_page_and_only_the_cursor_is_taken(hook, genesys, operation):
    """The address of the next page names another path; nothing goes there."""
    call, path, params = LISTINGS[operation]
    genesys.billing(path, *pages(["1", "2"], [], ["3"]))

    responses = list(call(hook))

    assert [response.operation for response in responses] == [operation] * 3
    assert [request.query for request in genesys.asked(path)] == [
        params,
        params | {"after": "c1=="},
        params | {"after": "c2=="},
    ]


def test_the_usage_report_is_asked_for_by_the_month_s_exact_dates(hook, genesys):
    genesys.billing("/reports/billableusage", payload_reply("billable_usage_report"))

    hook.get_billable_usage(JANUARY)

    assert genesys.asked("/reports/billableusage")[0].query == {
        "startDate": "2025-01-01T00:00:00.000Z",
        "endDate": "2025-02-01T00:00:00.000Z",
    }


def test_the_usage_report_of_other_days_is_asked_for_by_those(hook, genesys):
    genesys.billing("/reports/billableusage", payload_reply("billable_usage_report"))

    hook.get_billable_usage(Interval(date(2024, 12, 21), date(2025, 1, 21)))

    assert genesys.asked("/reports/billableusage")[0].query == {
        "startDate": "2024-12-21T00:00:00.000Z",
        "endDate": "2025-01-21T00:00:00.000Z",
    }


def test_a_report_in_progress_is_asked_for_again(hook, genesys):
    in_progress = payload_reply("billable_usage_report.in_progress")
    genesys.billing("/reports/billableusage", in_progress, in_progress, payload_reply("billable_usage_report"))

    assert hook.get_billable_usage(JANUARY).body == read_payload("billable_usage_report")
    assert len({str(request.query) for request in genesys.asked("/reports/billableusage")}) == 1


def test_a_report_that_stays_in_progress_is_not_handed_out(hook, genesys):
    genesys.billing("/reports/billableusage", payload_reply("billable_usage_report.in_progress"))

    with pytest.raises(VendorUnavailable, match="still InProgress"):
        hook.get_billable_usage(JANUARY)


class TestCursors:
    def test_a_repeated_cursor_is_an_error(self, hook, genesys):
        genesys.billing("/contracts", json_reply({"entities": [{"id": "1"}], "nextUri": "/x?after=same"}))

        with pytest.raises(PayloadError, match="back to an earlier page"):
            list(hook.list_contracts())

        assert len(genesys.asked("/contracts")) == 2

    def test_three_pages_without_rows_are_the_end(self, hook, genesys):
        count = iter(range(1000))
        genesys.billing("/contracts", by=lambda _: json_reply({"entities": [], "nextUri": f"/x?after=n{next(count)}"}))

        assert len(list(hook.list_contracts())) == 3
        assert len(genesys.asked("/contracts")) == 3

    def test_a_page_without_rows_that_leads_to_itself_is_the_end(self, hook, genesys):
        genesys.billing("/contracts", json_reply({"entities": [], "nextUri": "/x?after=same"}))

        assert len(list(hook.list_contracts())) == 2

    @pytest.mark.parametrize("text", ["after=a%2Bb%20c+d/e%3d", "cursor=eyJwIjoyfQ%3D%3D", "after=a+b=="])
    def test_a_cursor_goes_back_as_the_vendor_wrote_it(self, hook, genesys, text):
        first = {"entities": [{"id": "1"}], "nextUri": f"/api/v2/billing/contracts?pageSize=10&{text}"}
        genesys.billing("/contracts", json_reply(first), json_reply({"entities": [{"id": "2"}]}))

        last = list(hook.list_contracts())[-1]

        assert last.request == f"GET /api/v2/billing/contracts?pageSize=10&{text}"
        assert genesys.asked("/contracts")[1].target == f"/api/v2/billing/contracts?pageSize=10&{text}"

    @pytest.mark.parametrize(
        ("members", "named"),
        [
            ({"nextUri": "/api/v2/billing/contracts?pageSize=10&pageNumber=2"}, "pageNumber"),
            ({"nextUri": "/api/v2/billing/contracts?pageSize=10&After=2"}, "After"),
            ({"nextUri": "/api/v2/billing/contracts?pageSize=10&after=2&page=2"}, "page"),
            ({"nextUri": "/api/v2/billing/contracts?after=2&cursor=3"}, "after"),
            ({"nextUri": "/api/v2/billing/contracts?pageSize=11"}, "has no cursor"),
            ({"nextUri": "/api/v2/billing/contracts/2"}, "has no cursor"),
            ({"nextUri": "https://elsewhere.example/api/v2/billing/contracts?after=2"}, "elsewhere.example"),
            ({"nextUri": "ftp:after=2"}, "ftp"),
            ({"nextUri": "/x?after=a b"}, "not a URI"),
            ({"nextUri": "/x?after=a\n"}, "not a URI"),
            ({"nextUri": "/x?after=\u00e4"}, "not a URI"),
            ({"nextPage": "/api/v2/billing/contracts?page=2"}, "nextPage"),
            ({"hasMore": True}, "hasMore"),
            ({"paging": {"more": "yes"}}, "paging.more"),
            ({"pageCount": 2, "pageNumber": 1}, "pageCount is 2"),
        ],
    )
    def test_a_next_page_named_in_another_way_is_an_error_and_not_the_end(self, hook, genesys, members, named):
        genesys.billing("/contracts", json_reply({"entities": [{"id": "1"}], **members}))

        with pytest.raises(PayloadError, match=re.escape(named)):
            list(hook.list_contracts())

        assert len(genesys.asked("/contracts")) == 1

    def test_a_next_page_in_the_header_is_an_error(self, hook, genesys):
        genesys.billing("/contracts", Reply(b'{"entities": []}', headers={"Link": '</contracts?page=2>; rel="next"'}))

        with pytest.raises(PayloadError, match="the header Link"):
            list(hook.list_contracts())

    def test_an_absolute_address_of_the_same_host_is_understood(self, hook, genesys):
        first = {"entities": [{"id": "1"}], "nextUri": f"{genesys.url}/api/v2/billing/contracts?after=2"}
        genesys.billing("/contracts", json_reply(first), json_reply({"entities": [{"id": "2"}], "hasMore": False}))

        assert len(list(hook.list_contracts())) == 2

    def test_a_page_without_its_list_is_an_error(self, hook, genesys):
        genesys.billing("/contracts", json_reply({"selfUri": "/x"}))

        with pytest.raises(PayloadError, match="entities should be a list, but is missing"):
            list(hook.list_contracts())

    def test_cursors_with_rows_end_too(self, hook, genesys, monkeypatch):
        monkeypatch.setattr("billing_vendors.genesys_cloud.paging.GenesysPaging.most_pages", 7)
        count = iter(range(1000))
        genesys.billing(
            "/contracts",
            by=lambda _: json_reply({"entities": [{"id": f"c{(n := next(count))}"}], "nextUri": f"/x?after=n{n}"}),
        )

        with pytest.raises(PayloadError, match="not finished after 7 pages"):
            list(hook.list_contracts())

    def test_cursors_to_the_same_rows_end_at_once(self, hook, genesys):
        count = iter(range(1000))
        genesys.billing(
            "/contracts", by=lambda _: json_reply({"entities": [{"id": "1"}], "nextUri": f"/x?after=n{next(count)}"})
        )

        with pytest.raises(VendorUnavailable, match="repeats 1 rows of an earlier one"):
            list(hook.list_contracts())

        assert len(genesys.asked("/contracts")) == 2

    @pytest.mark.parametrize(
        "next_uri", [None, "", "/api/v2/billing/contracts?pageSize=10", "/billing/contracts?after="]
    )
    def test_no_cursor_is_the_end(self, hook, genesys, next_uri):
        genesys.billing("/contracts", json_reply({"entities": [{"id": "1"}], "nextUri": next_uri}))

        assert len(list(hook.list_contracts())) == 1

    @pytest.mark.parametrize("body", [b"<html>busy</html>", b"[]", b'{"entities": {}}', b'{"entities": [1,'])
    def test_a_page_that_is_none_is_an_error_not_an_empty_listing(self, hook, genesys, body):
        genesys.billing("/contracts", Reply(body))

        with pytest.raises(PayloadError, match="contracts"):
            list(hook.list_contracts())


class TestIdentifiersInPaths:
    @pytest.mark.parametrize("identifier", ["../../oauth/token", "a/../b", "x?y=1", "x#y", "ä b", "%2e%2e", "a;b=c"])
    def test_an_identifier_stays_one_part_of_the_path(self, hook, genesys, identifier):
        genesys.responses("/", by=lambda _: json_reply({}))
        with pytest.raises(VendorRejected):
            hook.get_contract(identifier)

        arrived = [request.path for request in genesys.seen if request.method == "GET"]

        assert [path.count("/") for path in arrived] == [5]
        assert arrived[0].startswith("/api/v2/billing/contracts/")

    @pytest.mark.parametrize("identifier", ["", ".", ".."])
    def test_dots_alone_are_refused(self, hook, genesys, identifier):
        with pytest.raises(PayloadError, match="cannot be part of a path"):
            hook.get_contract(identifier)

        assert genesys.seen == []


class TestSignIn:
    def test_one_token_serves_many_requests(self, hook, genesys):
        genesys.billing("/contracts/c1", payload_reply("contract"))

        for _ in range(3):
            hook.get_contract("c1")

        assert genesys.tokens == 1
        assert [request.headers["authorization"] for request in genesys.asked("/contracts/c1")] == [
            "Bearer token-1"
        ] * 3

    def test_a_token_refused_in_mid_listing_is_renewed_and_no_page_is_read_twice(self, hook, genesys):
        replies = pages(["1"], ["2"], ["3"])

        def one_by_one(request):
            if "after" not in request.query:
                genesys.tokens += 1  # the first page's token is out of date from now on
            return replies.pop(0)

        genesys.billing("/contracts", by=one_by_one)

        assert len(list(hook.list_contracts())) == 3
        assert [(r.query.get("after"), r.headers["authorization"]) for r in genesys.asked("/contracts")] == [
            (None, "Bearer token-1"),
            ("c1==", "Bearer token-1"),
            ("c1==", "Bearer token-3"),
            ("c2==", "Bearer token-3"),
        ]

    def test_a_token_that_has_grown_old_is_renewed_before_it_is_refused(self, hook, genesys):
        genesys.expires_in = 0.000001
        genesys.billing("/contracts/c1", payload_reply("contract"))

        hook.get_contract("c1")
        hook.get_contract("c1")

        assert genesys.tokens == 2
        assert len(genesys.asked("/contracts/c1")) == 2

    def test_a_second_refusal_is_an_error(self, hook, genesys):
        genesys.billing("/contracts/c1", payload_reply("error.unauthorized", 401))

        with pytest.raises(VendorRejected, match="Invalid login credentials") as raised:
            hook.get_contract("c1")

        assert raised.value.status == 401
        assert len(genesys.asked("/contracts/c1")) == 2

    @pytest.mark.parametrize("status", [400, 401])
    def test_a_refused_client_names_the_connection(self, hook, genesys, status):
        genesys.responses("/oauth/token", payload_reply("oauth_error", status))

        with pytest.raises(VendorRejected, match=f"client id or secret of connection {hook.conn_id}") as raised:
            hook.get_contract("c1")

        assert "client not found" in str(raised.value)
        assert raised.value.status == status
        assert genesys.asked("/contracts/c1") == []

    @pytest.mark.parametrize("token", [None, "", 7, "two words", "line\nbreak", "ünicode"])
    def test_an_answer_without_a_usable_token_is_an_error(self, hook, genesys, token):
        genesys.responses("/oauth/token", json_reply({"access_token": token, "expires_in": 60}))

        with pytest.raises(PayloadError, match="no usable access_token"):
            hook.get_contract("c1")

    def test_the_sign_in_goes_to_the_login_host_and_the_secret_nowhere_else(self, hook, genesys):
        genesys.billing("/contracts/c1", payload_reply("contract"))

        hook.get_contract("c1")

        login, asked = genesys.seen
        assert (login.method, login.path) == ("POST", "/oauth/token")
        assert parse_qs(login.body.decode()) == {"grant_type": ["client_credentials"]}
        assert login.headers["authorization"].startswith("Basic ")
        assert CLIENT_SECRET not in str(asked)


class TestRefusals:
    def test_429_is_obeyed(self, hook, genesys):
        limited = payload_reply("error.rate_limited", 429, Retry_After="0")
        genesys.billing("/contracts/c1", limited, limited, payload_reply("contract"))

        assert hook.get_contract("c1").body == read_payload("contract")

    def test_a_long_retry_after_is_left_to_the_caller(self, hook, genesys):
        genesys.billing("/contracts/c1", payload_reply("error.rate_limited", 429, Retry_After="3600"))

        with pytest.raises(VendorUnavailable, match="Rate limit exceeded") as raised:
            hook.get_contract("c1")

        assert raised.value.retry_after == 3600
        assert len(genesys.asked("/contracts/c1")) == 1

    def test_a_missing_permission_is_named(self, hook, genesys):
        genesys.billing("/contracts/c1", payload_reply("error.forbidden", 403))

        with pytest.raises(VendorRejected, match="billing:subscription:view"):
            hook.get_contract("c1")

    def test_a_redirect_is_not_followed(self, hook, genesys):
        genesys.billing("/contracts/c1", Reply(status=302, headers={"Location": f"{genesys.url}/elsewhere"}))

        with pytest.raises(VendorRejected, match="redirect"):
            hook.get_contract("c1")

        assert "/elsewhere" not in [request.path for request in genesys.seen]


def test_the_last_of_the_allowance_is_spread_over_the_window(hook, genesys, logged):
    state = {"inin_ratelimit_allowed": "300", "inin_ratelimit_reset": "1"}
    genesys.billing(
        "/contracts/c1",
        payload_reply("contract", inin_ratelimit_count="100", **state),
        payload_reply("contract", inin_ratelimit_count="299", **state),
        payload_reply("contract", inin_ratelimit_count="1", **state),
    )

    for _ in range(3):
        hook.get_contract("c1")

    assert logged.text.count("to stay within the vendor's rate limit") == 1


class TestConnection:
    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"extra": {}}, "region is empty"),
            ({"extra": {"region": "eu-central-9"}}, "unknown region 'eu-central-9'"),
            ({"extra": {"region": "eu-west-1", "api_host": "https://a.example"}}, "contradict"),
            ({"extra": {"api_host": "http://a.example"}}, "only https is allowed"),
            ({"extra": {"api_host": "https://a.example", "login_host": "http://b.example"}}, "only https is allowed"),
            ({"extra": {"client_secret": "x", "region": "eu-west-1"}}, "unknown key 'client_secret'"),
            ({"extra": {"region": "eu-west-1", "verify": False}}, "unknown key 'verify'"),
            ({"login": ""}, "login .* is empty"),
            ({"password": None}, "password .* is empty"),
            ({"host": "api.mypurecloud.de"}, "host, schema and port must be empty"),
            ({"port": 8443}, "host, schema and port must be empty"),
        ],
    )
    def test_what_is_wrong_is_named_and_nothing_is_asked(self, connect, genesys, fields, words):
        hook = GenesysCloudBillingHook(connect(**fields))

        with pytest.raises(ConfigurationError, match=words):
            hook.get_contract("c1")

        assert genesys.seen == []

    def test_an_unknown_connection_is_named(self):
        with pytest.raises(ConfigurationError, match="there is no Airflow connection 'nowhere_to_be_found'"):
            GenesysCloudBillingHook("nowhere_to_be_found").get_contract("c1")

    def test_the_test_button_says_yes(self, connect, genesys):
        genesys.billing("/contracts", payload_reply("contract_listing"))

        works, words = GenesysCloudBillingHook(connect()).test_connection()

        assert works, words

    def test_the_test_button_says_why_not(self, connect):
        works, words = GenesysCloudBillingHook(connect(password="wrong-secret")).test_connection()

        assert not works
        assert "client id or secret" in words
        assert "wrong-secret" not in words


async def test_triggers_ask_by_the_same_rules(connect, genesys):
    """Signed in once, renewed once, refused like a worker."""
    genesys.billing("/contracts", payload_reply("contract_listing"))
    hook = GenesysCloudBillingHook(connect())
    request = hook.test_request()

    first = await hook.asend(request)
    genesys.tokens += 1
    second = await hook.asend(request)

    assert first.body == second.body == read_payload("contract_listing")
    assert genesys.tokens == 3
    with pytest.raises(VendorRejected):
        await GenesysCloudBillingHook(connect("genesys_wrong", password="nonsense")).asend(request)


def test_no_secret_is_ever_logged(connect, genesys, logged):
    """The secret, its pair with the client id, the token: neither in a log line of any level nor in an error."""
    genesys.billing("/contracts/c1", payload_reply("contract"), Reply(b"<html>token-1</html>"))
    hook = GenesysCloudBillingHook(connect(), limits=QUICK)

    hook.get_contract("c1")
    with pytest.raises(PayloadError) as raised:
        hook.get_contract("c1")
    with pytest.raises(VendorRejected) as refused:
        GenesysCloudBillingHook(connect("genesys_2", password="other-canary")).get_contract("c1")

    text = logged.text + str(raised.value) + str(refused.value) + repr(hook.connection_settings())
    sent = {request.headers["authorization"].partition(" ")[2] for request in genesys.seen}
    assert len(sent) >= 3
    for secret in {CLIENT_SECRET, "other-canary", *sent}:
        assert secret not in text
    assert f"GET {BILLING}/contracts/c1: 200" in logged.text
