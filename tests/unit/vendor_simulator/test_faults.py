"""Each fault does what it says, seen by a plain HTTP client."""

import gzip
import http.client
import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest

from vendor_simulator.months import Month
from vendor_simulator.web.faults import Fault

ACME, NORD, SAKURA = "acme-media", "nord-contact", "sakura-support"
INVOICES, TO_DATE = "/billing/v3/invoices", "/billing/v3/invoices/month-to-date"
BILLING = "/api/v2/billing"
CONTRACTS, DOCUMENTS = BILLING + "/contracts", BILLING + "/contracts/invoices"


@pytest.fixture
def fault(client):
    """Put a fault in force."""

    def add(kind: str, operation: str = "*", **members: Any) -> Fault:
        return client.sim.faults.add(kind, operation, **members)

    return add


@pytest.mark.parametrize("wait", [None, "7", "Sun, 22 Nov 2026 12:00:07 GMT"])
def test_status_with_and_without_retry_after(client, fault, wait):
    fault("status", "fastly.*", status=429, retry_after=wait)
    reply = client.get(ACME, INVOICES)
    assert (reply.status, reply.headers.get("Retry-After")) == (429, wait)
    assert reply.json["msg"].startswith("You have exceeded your hourly rate limit.")
    assert client.get(ACME, INVOICES).status == 200


@pytest.mark.parametrize(
    ("path", "shape"), [(INVOICES, {"type", "title", "code", "status"}), ("/billing/v2/", {"msg"})]
)
def test_status_has_the_body_of_its_generation(client, fault, path, shape):
    fault("status", status=500)
    full = path if path == INVOICES else path + "year/2026/month/10"
    reply = client.get("legacy-press", full)
    assert (reply.status, set(reply.json)) == (500, shape)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 409, 413, 415, 429, 500, 502, 503, 504])
def test_status_of_genesys_cloud_has_its_error_body(client, fault, status):
    client.credential(NORD)
    fault("status", "genesys.contracts", status=status)
    reply = client.get(NORD, CONTRACTS)
    assert (reply.status, reply.json["status"]) == (status, status)
    assert reply.json["contextId"] == reply.headers["ININ-Correlation-Id"]


def test_status_of_the_login_has_an_oauth_body(client, fault):
    fault("status", "genesys.token", status=400)
    assert client.login(NORD).json["error"] == "invalid_client"


def test_times_after_account_and_path_say_which_requests_are_met(client, fault):
    fault("status", "fastly.v3.*", account=ACME, path="*limit=3*", times=2, after=1)
    asked = [(ACME, 3), (ACME, 3), ("young-shop", 3), (ACME, 4), (ACME, 3), (ACME, 3)]
    assert [client.get(name, INVOICES, limit=limit).status for name, limit in asked] == [200, 503, 200, 200, 503, 200]
    fault("status", "fastly.v3.*", times=None)
    assert {client.get(ACME, INVOICES).status for _ in range(5)} == {503}
    client.sim.faults.clear()
    assert client.get(ACME, INVOICES).status == 200


def test_retired(client, fault):
    fault("retired", "fastly.v2.*", status=410)
    assert client.get("legacy-press", "/billing/v2/year/2026/month/10").status == 410


def impatient(client, path: str) -> http.client.HTTPResponse:
    """Ask with a time-out of 0.3 s for each read."""
    connection = http.client.HTTPConnection(urlsplit(client.sim.base_url).netloc, timeout=0.3)
    connection.request("GET", path, headers=client.credential(ACME))
    return connection.getresponse()


def test_delay(client, fault):
    fault("delay", seconds=600)
    with pytest.raises(TimeoutError):
        impatient(client, INVOICES)
    fault("delay", seconds=0.01)
    assert client.get(ACME, INVOICES).status == 200


def test_drip_sends_the_body_in_pieces(client, fault):
    whole = client.get(ACME, INVOICES).body
    fault("drip", seconds=6000)
    with impatient(client, INVOICES) as answer:
        assert answer.read(50) == whole[:50]
        with pytest.raises(TimeoutError):
            answer.read()
    fault("drip", seconds=0)
    assert client.get(ACME, INVOICES).body == whole


def test_reset(client, fault):
    fault("reset")
    with pytest.raises(ConnectionResetError):
        client.get(ACME, INVOICES)
    assert client.get(ACME, INVOICES).status == 200


def test_cut(client, fault):
    fault("cut")
    with pytest.raises(http.client.IncompleteRead) as cut:
        client.get(ACME, INVOICES)
    assert cut.value.partial
    assert cut.value.expected


def test_html(client, fault):
    fault("html")
    reply = client.get(ACME, INVOICES)
    assert (reply.status, reply.headers["Content-Type"], reply.body[:9]) == (200, "text/html", b"<!doctype")


def test_media_type(client, fault):
    fault("media_type", text="application/octet-stream")
    assert client.get(ACME, INVOICES).headers["Content-Type"] == "application/octet-stream"


def test_duplicate_key(client, fault):
    fault("duplicate_key")
    pairs = json.loads(client.get(ACME, INVOICES).body, object_pairs_hook=list)
    assert [name for name, _ in pairs] == ["data", "data", "meta"]


def test_nan(client, fault):
    fault("nan")
    assert len(re.findall(rb":NaN\b", client.get(ACME, INVOICES).body)) == 1


def test_extra_field(client, fault):
    fault("extra_field")
    body = client.get(ACME, INVOICES).json
    assert "brand_new_member" in body
    assert body["data"][0]["sustainability_score"] == Decimal("0.1")


@pytest.mark.parametrize(("kind", "value"), [("unknown_enum", "BrandNewValue"), ("null_enum", None)])
def test_enumerated_members(client, fault, kind, value):
    client.credential(NORD)
    fault(kind)
    assert client.get(NORD, DOCUMENTS).json["entities"][0]["paymentStatus"] == value


def next_of(page: dict[str, Any]) -> str:
    return page["nextUri"] if "nextUri" in page else page["meta"]["next_cursor"]


def follow(client, name: str, path: str, pages: int) -> list[dict[str, Any]]:
    """Read that many pages, wherever the cursors lead."""
    read = [client.get(name, f"{path}?limit=9" if name == ACME else f"{path}?pageSize=3").json]
    while len(read) < pages:
        cursor = next_of(read[-1])
        read.append(client.get(name, cursor if name != ACME else f"{path}?limit=9&cursor={cursor}").json)
    return read


@pytest.mark.parametrize(("name", "path"), [(ACME, INVOICES), (SAKURA, CONTRACTS)])
def test_repeated_cursor(client, fault, name, path):
    client.credential(name)
    fault("repeat_cursor", times=None)
    pages = follow(client, name, path, 4)
    assert len({next_of(page) for page in pages}) == 1
    rows = [page.get("data", page.get("entities")) for page in pages]
    assert rows[1] == rows[2] == rows[3] != rows[0]


@pytest.mark.parametrize(("name", "path"), [(ACME, INVOICES), (SAKURA, CONTRACTS)])
def test_endless_cursor(client, fault, name, path):
    client.credential(name)
    fault("endless_cursor", times=None)
    pages = follow(client, name, path, 12)
    cursors = [next_of(page) for page in pages]
    assert len(set(cursors)) == len(cursors)
    assert pages[-1].get("data", pages[-1].get("entities")) == []


def test_skipped_page(client, fault):
    fault("skip_page")
    first, second = follow(client, ACME, INVOICES, 2)
    honest = client.get(ACME, INVOICES, limit=200).json["data"]
    assert first["data"] == honest[:9]
    assert second["data"] == honest[18:27]


def test_dropped_row(client, fault):
    fault("drop_rows")
    body = client.get(ACME, INVOICES, limit=9).json
    assert len(body["data"]) == 8


def test_repeated_page(client, fault):
    fault("repeat_page", times=None)
    first, second = follow(client, ACME, INVOICES, 2)
    assert first["data"] == second["data"]
    assert next_of(first) != next_of(second)


def test_wrong_total(client, fault):
    true = client.get(ACME, INVOICES).json["meta"]["total"]
    fault("wrong_total")
    assert client.get(ACME, INVOICES).json["meta"]["total"] == true + 1


def test_not_ready_for_so_many_times(client, fault):
    fault("accepted", "fastly.v3.month_to_date", times=3)
    assert [client.get(ACME, TO_DATE).status for _ in range(5)] == [202, 202, 202, 202, 200]
    fault("accepted", "genesys.usage_report", times=2)
    dates = {"startDate": "2026-10-01T00:00:00Z", "endDate": "2026-11-01T00:00:00Z"}
    states = [client.get(NORD, BILLING + "/reports/billableusage", **dates).json["status"] for _ in range(4)]
    assert states == ["InProgress", "InProgress", "InProgress", "Complete"]


def test_expired_tokens_in_the_middle_of_a_listing(client, fault):
    client.credential(SAKURA)
    fault("expire_tokens", "genesys.contracts", after=1)
    first = client.get(SAKURA, CONTRACTS)
    second = client.get(SAKURA, first.json["nextUri"])
    assert (first.status, second.status) == (200, 401)
    client.tokens.clear()
    assert client.get(SAKURA, first.json["nextUri"]).status == 200


def test_redirect(client, fault):
    fault("redirect", url="http://127.0.0.1:1/elsewhere")
    reply = client.get(ACME, INVOICES)
    assert (reply.status, reply.headers["Location"]) == (302, "http://127.0.0.1:1/elsewhere")


def test_document_url(client, fault):
    invoice = client.get(NORD, DOCUMENTS).json["entities"][0]["id"]
    fault("document_url", "genesys.invoice_document", url="file:///etc/hostname")
    assert client.get(NORD, f"{DOCUMENTS}/{invoice}/document").json == {"url": "file:///etc/hostname"}


def test_oversize(client, fault):
    whole = client.get(ACME, INVOICES)
    fault("oversize", size=3_000_000)
    reply = client.get(ACME, INVOICES)
    assert (len(reply.body), reply.json) == (3_000_000 + len(whole.body), whole.json)


def test_gzip(client, fault):
    whole = client.get(ACME, INVOICES).body
    fault("gzip")
    reply = client.get(ACME, INVOICES)
    assert reply.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(reply.body) == whole


def test_numbers_as_texts(client, fault):
    fault("text_numbers", "fastly.v3.invoice")
    (truth,) = client.sim.truth("fastly", ACME, "2026-10")
    body = client.get(ACME, f"{INVOICES}/{truth.invoice_id}").json
    assert isinstance(body["monthly_transaction_amount"], str)
    assert Decimal(body["monthly_transaction_amount"]) == truth.total


def test_null_list(client, fault):
    fault("null_list", times=2)
    assert client.get(ACME, INVOICES).json["data"] is None
    client.sim.faults.clear()
    client.credential(NORD)
    fault("null_list")
    assert client.get(NORD, CONTRACTS).json["entities"] is None


def test_names_of_older_releases(client, fault):
    fault("camel_lines")
    line = client.get(ACME, INVOICES).json["data"][0]["transaction_line_items"][0]
    assert {"ProductName", "ProductGroup", "ProductLine", "Region", "UsageType"} <= set(line)
    contract = client.get(NORD, CONTRACTS).json["entities"][0]
    path = f"{CONTRACTS}/{contract['id']}/billingperiods/{contract['billingPeriods'][1]['id']}"
    fault("get_names")
    charge = client.get(NORD, path).json["charges"][0]
    assert {"getprepaidQuantity", "getactualQuantity"} <= set(charge)
    assert "actualQuantity" not in charge


def test_unknown_faults_and_members_are_refused(client):
    with pytest.raises(ValueError, match="unknown fault 'gremlin'"):
        client.sim.faults.add("gremlin")
    with pytest.raises(ValueError, match="knows no"):
        client.sim.faults.add("status", colour="red")


def test_faults_are_counted_and_recorded(client):
    one = client.sim.faults.add("reset")
    with pytest.raises(ConnectionResetError):
        client.get(ACME, INVOICES)
    client.get(ACME, INVOICES)
    assert one.met == 1
    assert [(each.fault, each.status, each.account) for each in client.sim.stats.requests] == [
        ("reset", 0, ACME),
        ("", 200, ACME),
    ]
    assert client.sim.stats.count("fastly.v3.invoices", ACME) == 2


@pytest.mark.parametrize(
    ("vendor", "name"), [("fastly", ACME), ("fastly", "kumo-games"), ("genesys_cloud", NORD), ("genesys_cloud", SAKURA)]
)
def test_restatement_changes_a_posted_invoice_and_the_truth_with_it(client, vendor, name):
    (before, *_) = client.sim.truth(vendor, name, "2026-09")
    client.sim.restate(vendor, before.invoice_id)
    (after, *_) = client.sim.truth(vendor, name, "2026-09")
    assert (after.invoice_id, after.lines) == (before.invoice_id, before.lines + 1)
    assert after.total < before.total
    assert after.lines_total - before.lines_total == after.total - before.total
    if vendor == "fastly":
        answered = client.get(name, f"{INVOICES}/{after.invoice_id}").json["monthly_transaction_amount"]
    else:
        rows = client.genesys_rows(name, "/contracts/invoices", pageSize=200)
        answered = next(row["amount"] for row in rows if row["id"] == after.invoice_id)
    assert answered == after.total
    with pytest.raises(KeyError):
        client.sim.restate(vendor, "999")


def test_a_restated_month_leaves_others_as_they_were(client):
    truth = client.sim.world.truth
    others = [truth("fastly", ACME, month) for month in Month(2023, 1).until(Month(2026, 8))]
    client.sim.restate("fastly", client.sim.truth("fastly", ACME, "2026-09")[0].invoice_id)
    assert others == [truth("fastly", ACME, month) for month in Month(2023, 1).until(Month(2026, 8))]
    client.sim.set_now(datetime(2027, 5, 1, tzinfo=UTC))
    assert others == [truth("fastly", ACME, month) for month in Month(2023, 1).until(Month(2026, 8))]
