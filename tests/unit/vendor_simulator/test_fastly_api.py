"""Credentials, parameters, paging, waiting and media types of the Fastly side."""

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pypdf
import pytest

from vendor_simulator.months import Month

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ACME, PRESS = "acme-media", "legacy-press"
INVOICES, TO_DATE = "/billing/v3/invoices", "/billing/v3/invoices/month-to-date"


def v2_path(client, name: str, rest: str) -> str:
    return f"/billing/v2/account_customers/{client.customer_id(name)}/{rest}"


@pytest.mark.parametrize("headers", [{}, {"Fastly-Key": "wrong"}])
def test_a_missing_or_wrong_token_is_answered_401_as_plain_text(client, headers):
    reply = client.ask(INVOICES, headers)
    assert (reply.status, reply.headers["Content-Type"]) == (401, "text/plain")
    assert reply.json == {"msg": "Provided credentials are missing or invalid"}


def test_invoices_come_newest_first_in_pages_with_an_opaque_cursor(client):
    first = client.get(ACME, INVOICES, limit=20).json
    second = client.get(ACME, INVOICES, limit=20, cursor=first["meta"]["next_cursor"]).json
    assert first["meta"] | {"next_cursor": ""} == second["meta"] | {"next_cursor": ""}
    assert first["meta"]["total"] == len(client.fastly_rows(ACME, INVOICES, limit=200))
    starts = [row["billing_start_date"] for page in (first, second) for row in page["data"]]
    assert starts == sorted(starts, reverse=True)
    assert len({row["invoice_id"] for page in (first, second) for row in page["data"]}) == 40
    last = client.get(ACME, INVOICES, limit=200).json
    assert last["meta"]["next_cursor"] == ""


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 201},
        {"limit": "ten"},
        {"billing_start_date": "2026-1-1"},
        {"billing_end_date": "2026-02-30"},
        {"cursor": "invented"},
    ],
)
def test_wrong_list_parameters_are_answered_400(client, query):
    reply = client.get(ACME, INVOICES, **query)
    assert reply.status == 400
    assert reply.json["status"] == "400"


def test_a_cursor_holds_for_the_same_parameters_alone(client):
    cursor = client.get(ACME, INVOICES, limit=2).json["meta"]["next_cursor"]
    assert client.get(ACME, INVOICES, limit=3, cursor=cursor).status == 400


@pytest.mark.parametrize(
    ("rule", "months"),
    [
        ("overlap", ["2026-10", "2026-09", "2026-08"]),
        ("within", ["2026-09"]),
        ("start", ["2026-10", "2026-09"]),
        ("none", ["2026-10", "2026-09", "2026-08"]),
    ],
)
def test_dates_select_overlapping_periods_or_those_within(reading_client, rule, months):
    client = reading_client({"fastly.v3_list_filter": rule})
    query = {"billing_start_date": "2026-08-15", "billing_end_date": "2026-10-30"}
    rows = client.get(ACME, INVOICES, **query).json["data"]
    assert [row["billing_start_date"][:7] for row in rows][:3] == months
    assert (len(rows) > 3) is (rule == "none")


def test_month_to_date_is_no_invoice_id_and_waits_first(client):
    """202, then 200; the same estimate for four hours, then made again."""
    client.sim.settings.estimate_asks = 2
    assert [client.get(ACME, TO_DATE).status for _ in range(4)] == [202, 202, 200, 200]
    before = client.get(ACME, TO_DATE).json
    assert isinstance(before["monthly_transaction_amount"], str)
    client.sim.set_now(NOW + timedelta(hours=3, minutes=59))
    assert client.get(ACME, TO_DATE).json == before
    client.sim.set_now(NOW + timedelta(hours=4))
    assert client.get(ACME, TO_DATE).status == 202


def test_estimate_never_decreases_within_a_month_and_nears_the_bill(client):
    client.sim.settings.estimate_asks = 0
    totals = []
    for day in range(30):
        client.sim.set_now(datetime(2026, 9, 1, 5, tzinfo=UTC) + timedelta(days=day))
        totals.append(Decimal(client.get("brett-verlag", TO_DATE).json["monthly_transaction_amount"]))
    assert totals == sorted(totals)
    assert len(set(totals)) == 30
    (bill,) = client.sim.world.truth("fastly", "brett-verlag", Month(2026, 9))
    assert bill.total * Decimal("0.95") < totals[-1] < bill.total


def test_an_invoice_appears_when_it_is_posted_with_the_content_it_always_had(client):
    (bill,) = client.sim.world.truth("fastly", ACME, Month(2026, 9))
    path = f"{INVOICES}/{bill.invoice_id}"
    client.sim.set_now(datetime(2026, 10, 1, 0, 30, tzinfo=UTC))
    assert client.get(ACME, path).status == 404
    client.sim.set_now(datetime(2026, 10, 6, tzinfo=UTC))
    early = client.get(ACME, path)
    client.sim.set_now(datetime(2031, 1, 1, tzinfo=UTC))
    assert (early.status, client.get(ACME, path).body) == (200, early.body)


def test_accounts_see_neither_each_other_nor_the_other_generation(client):
    (bill,) = client.sim.truth("fastly", ACME, "2026-10")
    assert client.get("young-shop", f"{INVOICES}/{bill.invoice_id}").status == 404
    assert client.get(PRESS, INVOICES).status == 404
    assert client.get(ACME, "/billing/v2/year/2026/month/10").json["msg"] == "Record not found"
    foreign = v2_path(client, "legacy-child", "invoices/4081410")
    assert client.get(PRESS, foreign).status == 403


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"start_month": "2026-9", "end_month": "2026-09"},
        {"start_month": "2026-09"},
        {"start_month": "2026-10", "end_month": "2026-09"},
        {"start_month": "2026-06", "end_month": "2026-09"},
    ],
)
def test_usage_metrics_want_two_months_and_at_most_three(client, query):
    assert client.get(ACME, "/billing/v3/usage-metrics", **query).status == 400


def test_service_usage_comes_in_pages_and_for_one_service(client):
    path, query = "/billing/v3/service-usage-metrics", {"start_month": "2026-08"}
    first = client.get(ACME, path, **query, limit=2).json["data"]
    rest = client.get(ACME, path, **query, limit=2, cursor=first["meta"]["next_cursor"]).json["data"]
    services = [row["service_id"] for row in first["details"] + rest["details"]]
    assert (len(set(services)), rest["meta"]["next_cursor"], rest["meta"]["total"]) == (3, "", 3)
    one = client.get(ACME, path, **query, service=services[1]).json["data"]["details"]
    assert [row["service_id"] for row in one] == [services[1]]
    assert client.get(ACME, path, **query, product_id="cdn_usage").status == 400


def test_v2_comes_as_json_csv_and_pdf(client):
    path = "/billing/v2/year/2026/month/08"
    key = client.credential(PRESS)
    bill = client.ask(path, key | {"Accept": "application/json"}).json
    table = client.ask(path, key | {"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(table.body.decode())))
    assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert [row["amount"] for row in rows] == [str(line["amount"]) for line in bill["line_items"]]
    page = client.ask(path, key | {"Accept": "application/pdf"})
    text = pypdf.PdfReader(io.BytesIO(page.body)).pages[0].extract_text()
    assert f"Invoice number: {bill['invoice_id']}" in text
    assert f"Total: {bill['total']['cost']} USD" in text
    assert page.body == client.ask(path, key | {"Accept": "application/pdf"}).body
    assert client.ask(path, key | {"Accept": "image/png"}).status == 406


@pytest.mark.parametrize(("rule", "status"), [("padded", 400), ("lenient", 200)])
def test_v2_wants_a_padded_month_unless_lenient(reading_client, rule, status):
    client = reading_client({"fastly.v2_month": rule})
    assert client.get(PRESS, "/billing/v2/year/2026/month/8").status == status


def test_v2_states_go_from_mtd_over_pending_and_outstanding_to_paid(client):
    states = []
    for day in ("2026-09-20", "2026-10-01", "2026-10-06", "2026-10-25"):
        client.sim.set_now(datetime.fromisoformat(day + "T01:00:00+00:00"))
        states.append(client.get(PRESS, "/billing/v2/year/2026/month/09").json["status"]["status"])
    assert states == ["MTD", "Pending", "Outstanding", "Paid"]
    assert client.get(PRESS, "/billing/v2/year/2026/month/11").status == 404
    assert client.get(PRESS, "/billing/v2/year/2022/month/12").status == 404


def test_v2_month_to_date_waits_and_parent_pay_refuses(client):
    path = v2_path(client, PRESS, "mtd_invoice")
    assert [client.get(PRESS, path).status for _ in range(2)] == [202, 200]
    assert client.get(PRESS, path).json["status"] == {"status": "MTD", "sent_at": None}
    assert client.get(PRESS, path, year="2026", month="5").status == 400
    refusal = client.get("legacy-child", v2_path(client, "legacy-child", "mtd_invoice"))
    assert refusal.status == 422
    assert "parent pay" in refusal.json["detail"]


def test_reads_carry_no_rate_limit_header(client):
    headers = client.get(ACME, INVOICES).headers
    assert not [name for name in headers if "ratelimit" in name.lower()]
    assert headers["Status"] == "200 OK"


def test_other_methods_are_refused(client):
    assert client.ask(INVOICES, client.credential(ACME), "POST").status == 405
