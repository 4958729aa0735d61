"""What lists hold, and how their pages end, under each reading."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

BILLING = "/api/v2/billing"
INVOICES = BILLING + "/contracts/invoices"
MARCH = {"dateStart": "2024-03-01", "dateEnd": "2024-03-31"}
NAME = "nord-contact"


@pytest.fixture
def ask(reading_client):
    """Ask a simulator of one reading for one answer."""

    def answer(word: str, value: str, path: str, **query: str | int) -> dict[str, Any]:
        client = reading_client({f"genesys_cloud.{word}": value}, errors=False)
        return client.get(NAME, path, **query).json

    return answer


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("missing", {}),
        ("null", {"nextUri": None}),
        ("empty", {"nextUri": ""}),
        ("no_cursor", {"nextUri": f"{INVOICES}?pageSize=200&dateStart=2024-03-01&dateEnd=2024-03-31&after="}),
    ],
)
def test_the_last_page_names_no_further_one(ask, value, expected):
    page = ask("last_page", value, INVOICES, pageSize=200, **MARCH)
    assert page["entities"]
    assert {name: page[name] for name in page if name == "nextUri"} == expected


def test_pages_that_never_end_are_empty(reading_client):
    client = reading_client({"genesys_cloud.last_page": "endless"}, errors=False)
    seen, after = [], ""
    for _ in range(4):
        page = client.get(NAME, INVOICES, pageSize=20, **MARCH, **({"after": after} if after else {})).json
        after = parse_qs(urlsplit(page["nextUri"]).query)["after"][0]
        seen.append((len(page["entities"]), after))
    assert [count for count, _ in seen[1:]] == [0, 0, 0]
    assert len({cursor for _, cursor in seen}) == 4


@pytest.mark.parametrize("value", ["relative", "absolute", "cursor_alone"])
def test_the_next_address_can_be_asked_as_it_is(reading_client, value):
    client = reading_client({"genesys_cloud.next_uri": value}, errors=False)
    first = client.get(NAME, INVOICES, pageSize=10).json
    address = urlsplit(first["nextUri"])
    assert bool(address.netloc) == (value == "absolute")
    assert ("pageSize" in address.query) == (value != "cursor_alone")
    after = parse_qs(address.query)["after"][0]
    second = client.get(NAME, INVOICES, pageSize=10, after=after).json["entities"]
    whole = client.get(NAME, INVOICES, pageSize=200).json["entities"]
    assert [*first["entities"], *second] == whole[:20]


@pytest.mark.parametrize(("value", "expected"), [("empty", {"entities": []}), ("null", {"entities": None})])
def test_an_empty_list(ask, value, expected):
    page = ask("empty_list", value, INVOICES, dateStart="2019-01-01", dateEnd="2019-12-31")
    assert {name: page[name] for name in page if name != "selfUri"} == expected


@pytest.mark.parametrize("value", ["invoice", "line", "contract"])
def test_one_row_is_there_twice(reading_client, value):
    once, twice = reading_client(errors=False), reading_client({"genesys_cloud.doubled_row": value}, errors=False)
    invoice = once.get(NAME, INVOICES, **MARCH).json["entities"][0]["id"]
    paths = {"invoice": "/contracts/invoices", "line": f"/contracts/invoices/{invoice}/lines", "contract": "/contracts"}
    for kind, path in paths.items():
        rows, doubled = once.genesys_rows(NAME, path, pageSize=10), twice.genesys_rows(NAME, path, pageSize=10)
        assert len(doubled) == len(rows) + (kind == value)
        assert [row for place, row in enumerate(doubled) if row not in doubled[:place]] == rows


def test_the_other_order_has_the_same_rows(reading_client):
    made, turned = reading_client(errors=False), reading_client({"genesys_cloud.row_order": "reversed"}, errors=False)
    for path in (
        "/contracts/invoices",
        f"/contracts/invoices/{made.get(NAME, INVOICES).json['entities'][0]['id']}/lines",
    ):
        assert turned.genesys_rows(NAME, path, pageSize=10) == made.genesys_rows(NAME, path, pageSize=10)[::-1]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("invoiced", ["2024-02"]),
        ("begins", ["2024-03"]),
        ("within", ["2024-03"]),
        ("overlaps", ["2024-03"]),
        ("none", None),
    ],
)
def test_which_invoices_a_month_lists(reading_client, value, expected):
    """Dated in March is the invoice of February; its lines are of February alone."""
    client = reading_client({"genesys_cloud.invoice_filter": value}, errors=False)
    found = {each["id"] for each in client.genesys_rows(NAME, "/contracts/invoices", pageSize=200, **MARCH)}
    every = {each["id"] for each in client.genesys_rows(NAME, "/contracts/invoices", pageSize=200)}
    of_months = {each.invoice_id for month in expected or () for each in client.sim.truth("genesys_cloud", NAME, month)}
    assert found == (every if expected is None else of_months)


@pytest.mark.parametrize(("value", "count"), [("none", 1), ("overlaps", 1), ("begins", 0), ("within", 0)])
def test_which_contracts_a_month_lists(ask, value, count):
    assert len(ask("contract_filter", value, BILLING + "/contracts", **MARCH)["entities"]) == count


@pytest.mark.parametrize("value", ["number", "fraction"])
def test_what_is_listed_by_a_number_can_be_read_by_it(reading_client, value):
    client = reading_client({"genesys_cloud.ids": value}, errors=False)
    (contract,) = client.genesys_rows(NAME, "/contracts")
    period = contract["billingPeriods"][1]
    assert client.get(NAME, f"{BILLING}/contracts/{contract['id']}").json == contract
    detail = client.get(NAME, f"{BILLING}/contracts/{contract['id']}/billingperiods/{period['id']}").json
    assert detail["id"] == period["id"]
    (invoice,) = client.genesys_rows(NAME, "/contracts/invoices", **MARCH)
    truth = client.sim.truth("genesys_cloud", NAME, "2024-02")
    assert [str(int(invoice["id"]))] == [each.invoice_id for each in truth]
    assert client.get(NAME, f"{INVOICES}/{invoice['id']}/lines").json["entities"]
    link = client.get(NAME, f"{INVOICES}/{int(invoice['id'])}/document").json["url"]
    assert client.ask(urlsplit(link)._replace(scheme="", netloc="").geturl()).status == 200


def test_a_link_to_a_document_may_have_no_host(ask, reading_client):
    (invoice,) = reading_client(errors=False).get(NAME, INVOICES, **MARCH).json["entities"]
    url = ask("document_link", "relative", f"{INVOICES}/{invoice['id']}/document")["url"]
    assert url.startswith("/documents/")


@pytest.mark.parametrize(("value", "expected"), [("known", "Complete"), ("lower", "complete"), ("missing", None)])
def test_the_status_of_a_complete_usage_report(ask, value, expected):
    dates = {"startDate": "2024-03-01T00:00:00Z", "endDate": "2024-04-01T00:00:00Z"}
    report = ask("usage_status", value, BILLING + "/reports/billableusage", **dates)
    assert report.get("status") == expected
    assert report["usages"]
