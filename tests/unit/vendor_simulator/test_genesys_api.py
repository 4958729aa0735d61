"""Login, parameters, paging, waiting, limits and documents of the Genesys Cloud side."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from vendor_simulator.months import Month

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NORD, SAKURA = "nord-contact", "sakura-support"
BILLING = "/api/v2/billing"
CONTRACTS, INVOICES = BILLING + "/contracts", BILLING + "/contracts/invoices"
REPORT = BILLING + "/reports/billableusage"
OCTOBER = {"startDate": "2026-10-01T00:00:00.000Z", "endDate": "2026-11-01T00:00:00Z"}


def test_login_issues_a_token_for_the_right_secret_alone(client):
    token = client.login(NORD).json
    assert (token["token_type"], token["expires_in"]) == ("bearer", 86400)
    refused = client.login(NORD, secret="wrong")
    assert (refused.status, refused.json["error"]) == (401, "invalid_client")
    headers = {"Authorization": "Basic !", "Content-Type": "application/x-www-form-urlencoded"}
    assert client.ask("/oauth/token", headers, "POST", "grant_type=client_credentials").status == 401
    assert client.ask("/oauth/token", headers, "POST", "grant_type=password").status == 400


def test_unknown_missing_and_ended_tokens_are_answered_401(client):
    missing = client.ask(CONTRACTS)
    assert (missing.status, missing.json["code"]) == (401, "authentication.required")
    assert client.ask(CONTRACTS, {"Authorization": "Bearer x"}).json["code"] == "bad.credentials"
    assert client.get(NORD, CONTRACTS).status == 200
    client.sim.expire_tokens()
    assert client.get(NORD, CONTRACTS).status == 401
    client.sim.settings.token_seconds = 0
    client.tokens.clear()
    assert client.get(NORD, CONTRACTS).status == 401


def test_every_answer_has_a_correlation_id_and_errors_repeat_it(client):
    good, bad = client.get(NORD, CONTRACTS), client.get(NORD, CONTRACTS + "/unknown")
    assert good.headers["ININ-Correlation-Id"] != bad.headers["ININ-Correlation-Id"]
    assert bad.json["contextId"] == bad.headers["ININ-Correlation-Id"]
    assert (bad.status, bad.json["code"]) == (404, "not.found")


def test_requests_are_counted_by_token_and_refused_beyond_the_limit(client):
    client.sim.settings.rate_limit = 3
    replies = [client.get(NORD, CONTRACTS) for _ in range(4)]
    assert [reply.status for reply in replies] == [200, 200, 200, 429]
    assert [reply.headers["inin-ratelimit-count"] for reply in replies] == ["1", "2", "3", "4"]
    assert {reply.headers["inin-ratelimit-allowed"] for reply in replies} == {"3"}
    assert 1 <= int(replies[3].headers["Retry-After"]) <= 60
    assert replies[3].json["code"] == "too.many.requests.retry.after"
    assert replies[3].json["limit"]["value"] == 3
    assert client.sim.stats.summary()["rate_limited"] == 1
    client.tokens.clear()
    assert client.get(NORD, CONTRACTS).status == 200


def test_contracts_come_ten_at_a_time_and_the_invoice_list_is_no_contract(client):
    first = client.get(SAKURA, CONTRACTS).json
    assert len(first["entities"]) == 10
    assert first["nextUri"].startswith("/api/v2/billing/contracts?after=")
    second = client.get(SAKURA, first["nextUri"]).json
    assert len(second["entities"]) == 2
    assert "nextUri" not in second
    assert client.get(SAKURA, second["previousUri"]).json["entities"] == first["entities"]
    assert "paymentStatus" in client.get(SAKURA, INVOICES).json["entities"][0]


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        (CONTRACTS, {"pageSize": 11}, "invalid.value"),
        (CONTRACTS, {"pageSize": 0}, "invalid.value"),
        (CONTRACTS, {"status": "Asleep"}, "invalid.value"),
        (INVOICES, {"pageSize": 201}, "invalid.value"),
        (INVOICES, {"paymentStatus": "Unpaid"}, "invalid.value"),
        (INVOICES, {"dateStart": "1.1.2026"}, "invalid.date"),
        (INVOICES, {"after": "invented"}, "invalid.value"),
        (REPORT, {"startDate": "2026-10-01T00:00:00Z"}, "invalid.date"),
        (REPORT, {"startDate": "2026-10-01", "endDate": "2026-11-01"}, "invalid.date"),
        (REPORT, {"startDate": OCTOBER["endDate"], "endDate": OCTOBER["startDate"]}, "invalid.date"),
    ],
)
def test_wrong_parameters_are_answered_400(client, path, query, code):
    reply = client.get(NORD, path, **query)
    assert (reply.status, reply.json["code"]) == (400, code)


def test_lenient_page_size_of_contracts(client):
    client.sim.settings.contract_page_limit = 200
    assert len(client.get(SAKURA, CONTRACTS, pageSize=200).json["entities"]) == 12


def test_unpaid_is_asked_as_one_word_and_answered_as_another(client):
    unpaid = client.genesys_rows(NORD, "/contracts/invoices", paymentStatus="UnPaid")
    paid = client.genesys_rows(NORD, "/contracts/invoices", paymentStatus="Paid")
    assert {row["paymentStatus"] for row in unpaid} == {"Unpaid"}
    assert {row["paymentStatus"] for row in paid} == {"Paid"}
    assert len(unpaid) + len(paid) == len(client.genesys_rows(NORD, "/contracts/invoices"))


def test_invoices_are_filtered_by_their_date_with_both_ends(client):
    newest = client.get(NORD, INVOICES, pageSize=1).json["entities"][0]
    day = newest["dateInvoiced"]
    assert client.get(NORD, INVOICES, dateStart=day, dateEnd=day).json["entities"] == [newest]


def test_lines_come_two_hundred_at_a_time(client):
    (invoice,) = [each for each in client.sim.truth("genesys_cloud", SAKURA, "2026-06") if each.lines == 5000]
    pages, path = [], f"{INVOICES}/{invoice.invoice_id}/lines?pageSize=200"
    while path:
        page = client.get(SAKURA, path).json
        pages.append(page["entities"])
        path = page.get("nextUri", "")
    assert [len(page) for page in pages] == [200] * 25
    ids = [line["id"] for page in pages for line in page]
    assert len(set(ids)) == 5000
    assert sum(line["amount"] for page in pages for line in page) == invoice.total


def test_usage_report_is_in_progress_first_for_each_pair_of_dates(client):
    client.sim.settings.report_asks = 2
    states = [client.get(NORD, REPORT, **OCTOBER).json["status"] for _ in range(4)]
    assert states == ["InProgress", "InProgress", "Complete", "Complete"]
    same_month_otherwise = OCTOBER | {"endDate": "2026-10-31T23:59:59.999Z"}
    assert client.get(NORD, REPORT, **same_month_otherwise).json["status"] == "InProgress"
    client.get(NORD, REPORT, **same_month_otherwise)
    again = client.get(NORD, REPORT, **same_month_otherwise).json
    assert again["usages"] == client.get(NORD, REPORT, **OCTOBER).json["usages"]
    assert Decimal(again["usages"][0]["totalUsage"]) > 0


def test_the_open_period_grows_and_then_closes(client):
    contract = client.get(NORD, CONTRACTS).json["entities"][0]
    period = next(each for each in contract["billingPeriods"] if each["dateEnd"] == "2026-11-30")
    path, used, states = f"{CONTRACTS}/{contract['id']}/billingperiods/{period['id']}", [], []
    for moment in ("2026-11-10T12:00Z", "2026-11-20T12:00Z", "2026-12-01T05:00Z", "2026-12-01T07:00Z"):
        client.sim.set_now(datetime.fromisoformat(moment))
        detail = client.get(NORD, path).json
        states.append(detail["status"])
        used.append(detail["charges"][0]["actualQuantity"])
    assert states == ["Open", "Open", "Open", "Closed"]
    assert used == sorted(used)
    client.sim.set_now(datetime(2026, 10, 31, 12, tzinfo=UTC))
    assert client.get(NORD, path).status == 404


def test_an_invoice_appears_on_its_date(client):
    (invoice,) = client.sim.world.truth("genesys_cloud", NORD, Month(2026, 11))
    shown_from = datetime.combine(invoice.posted_on, datetime.min.time(), UTC) + timedelta(hours=8)
    lines = f"{INVOICES}/{invoice.invoice_id}/lines"
    client.sim.set_now(shown_from - timedelta(seconds=1))
    assert client.get(NORD, lines).status == 404
    client.sim.set_now(shown_from)
    assert client.get(NORD, lines).status == 200
    assert client.get(NORD, INVOICES).json["entities"][0]["id"] == invoice.invoice_id


def test_organisations_see_neither_each_other_s_contracts_nor_invoices(client):
    contract = client.get(NORD, CONTRACTS).json["entities"][0]["id"]
    invoice = client.get(NORD, INVOICES).json["entities"][0]["id"]
    assert client.get(SAKURA, f"{CONTRACTS}/{contract}").status == 404
    assert client.get(SAKURA, f"{INVOICES}/{invoice}/lines").status == 404
    organisation = next(each for each in client.sim.world.accounts() if each["name"] == NORD)["organization_id"]
    assert client.get(SAKURA, f"{BILLING}/trusteebillingoverview/{organisation}").status == 404


def test_a_document_link_needs_no_token_ends_and_cannot_be_forged(client):
    invoice = client.get(NORD, INVOICES).json["entities"][0]["id"]
    link = urlsplit(client.get(NORD, f"{INVOICES}/{invoice}/document").json["url"])
    path = f"{link.path}?{link.query}"
    first = client.ask(path)
    assert first.body.startswith(b"%PDF")
    assert client.ask(path).body == first.body
    ends_at = parse_qs(link.query)["expires"][0]
    assert client.ask(path.replace(ends_at, str(int(ends_at) + 9))).status == 403
    assert client.ask(link.path).status == 403
    client.sim.set_now(NOW + timedelta(seconds=301))
    assert client.ask(path).status == 403


def test_a_token_that_reaches_the_document_host_is_refused_and_counted(client):
    invoice = client.get(NORD, INVOICES).json["entities"][0]["id"]
    link = urlsplit(client.get(NORD, f"{INVOICES}/{invoice}/document").json["url"])
    assert client.get(NORD, f"{link.path}?{link.query}").status == 400
    assert client.sim.stats.tokens_leaked == 1


def test_overview_counts_periods_backwards(client):
    organisation = next(each for each in client.sim.world.accounts() if each["name"] == NORD)["organization_id"]
    path = f"{BILLING}/trusteebillingoverview/{organisation}"
    ends = [client.get(NORD, path, billingPeriodIndex=index).json["billingPeriodEndDate"][:7] for index in range(3)]
    assert ends == ["2026-11", "2026-10", "2026-09"]
    assert client.get(NORD, path).json == client.get(NORD, path, billingPeriodIndex=0).json | {"selfUri": path}
    assert client.get(NORD, path, billingPeriodIndex="last").status == 400
    assert client.get(NORD, path, billingPeriodIndex=99).status == 404
