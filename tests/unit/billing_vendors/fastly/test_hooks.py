"""Fastly's operations against the simulated Fastly, and its refusals."""

import json
import re

import pytest

from billing.errors import ConfigurationError, NotReady, PayloadError, RouteRetired, VendorRejected, VendorUnavailable
from billing.month import Month
from billing_vendors.base.client.request import CSV, PDF
from billing_vendors.fastly.errors import NoBill
from billing_vendors.fastly.hooks import FastlyBillingHook

OCTOBER = Month(2026, 10)


@pytest.fixture
def hook(accounts):
    return FastlyBillingHook(accounts["acme-media"].conn_id)


@pytest.fixture
def legacy(accounts):
    return FastlyBillingHook(accounts["legacy-press"].conn_id)


@pytest.fixture
def scripted(server, connect):
    return FastlyBillingHook(connect(host=server.url, password="sesame-4711"))


class TestV3:
    """The current API."""

    def test_list_and_by_id_give_the_same_invoice(self, hook):
        (page,) = hook.list_invoices(OCTOBER)
        row = next(r for r in page.json_object()["data"] if r["billing_start_date"].startswith("2026-10"))
        assert hook.get_invoice(row["invoice_id"]).json_object() == row

    def test_the_list_is_asked_wider_than_the_month(self, scripted, server):
        server.responses({"body": b'{"data": []}'})
        list(scripted.list_invoices(Month(2026, 1)))
        assert server.targets == [
            "/billing/v3/invoices?billing_start_date=2025-12-01&billing_end_date=2026-02-28&limit=200"
        ]

    def test_the_list_follows_its_cursor(self, scripted, server):
        server.responses({"body": b'{"data": [], "meta": {"next_cursor": "a&b"}}'}, {"body": b'{"data": []}'})
        assert len(list(scripted.list_invoices(OCTOBER))) == 2
        assert server.targets[1].endswith("&limit=200&cursor=a%26b")

    def test_a_repeated_cursor_is_an_error(self, scripted, server):
        pages = ({"data": [{"invoice_id": n}], "meta": {"next_cursor": "c2"}} for n in (1, 2))
        server.responses(*({"body": json.dumps(page).encode()} for page in pages))
        with pytest.raises(PayloadError, match="earlier page"):
            list(scripted.list_invoices(OCTOBER))
        assert len(server.seen) == 2

    def test_an_empty_page_after_all_rows_of_the_total_is_the_end(self, hook, simulated):
        simulated.faults.add("endless_cursor", "fastly.v3.invoices", times=None)
        assert len(list(hook.list_invoices(OCTOBER))) == 2

    @pytest.mark.parametrize(
        ("kind", "times", "words"),
        [("endless_rows", None, "repeats 2 rows"), ("drop_rows", 1, "the vendor reports a total of 2")],
    )
    def test_a_list_whose_pages_do_not_fit_together_is_worth_another_reading(self, hook, simulated, kind, times, words):
        simulated.faults.add(kind, "fastly.v3.invoices", times=times)
        with pytest.raises(VendorUnavailable, match=words):
            list(hook.list_invoices(OCTOBER))
        simulated.faults.clear()
        assert len(list(hook.list_invoices(OCTOBER))) == 1

    @pytest.mark.parametrize("kind", ["drop_rows", "wrong_total"])
    def test_a_list_that_never_has_as_many_rows_as_its_total_is_read_twice_and_kept(self, hook, simulated, kind):
        """F10 judges it."""
        simulated.faults.add(kind, "fastly.v3.invoices", times=None)
        assert len(list(hook.list_invoices(OCTOBER))) == 1

    @pytest.mark.parametrize(
        "members",
        [
            {"links": {"next": "/billing/v3/invoices?cursor=abc"}},
            {"meta": {"has_more": True}},
            {"next_cursor": "abc"},
            {"meta": {"next_cursor": ""}, "next_page": 2},
        ],
    )
    def test_a_next_page_named_in_another_way_is_an_error_and_not_the_end(self, scripted, server, members):
        server.responses({"body": json.dumps({"data": [], **members}).encode()})
        with pytest.raises(PayloadError, match="says that more follows"):
            list(scripted.list_invoices(OCTOBER))
        with pytest.raises(PayloadError, match="says that more follows"):
            scripted.get_usage_metrics(OCTOBER)

    def test_the_cursor_of_service_usage_sits_inside_data(self, scripted, server):
        server.responses(
            {"body": b'{"data": {"details": [], "meta": {"next_cursor": "c2"}}}'},
            {"body": b'{"data": {"details": null, "meta": {}}}'},
        )
        assert len(list(scripted.list_service_usage_metrics(OCTOBER, "cdn_usage", "Requests"))) == 2
        assert (
            "product_id=cdn_usage&usage_type_name=Requests&start_month=2026-10&end_month=2026-10" in server.targets[0]
        )
        assert server.targets[1].endswith("&cursor=c2")

    def test_a_month_to_date_in_the_making_is_not_ready(self, scripted, server):
        server.responses({"status": 202, "body": b""})
        with pytest.raises(NotReady, match="202"):
            scripted.get_month_to_date()

    def test_a_month_to_date_total_is_a_text(self, hook, simulated):
        simulated.settings.estimate_asks = 0
        assert isinstance(hook.get_month_to_date().json_object()["monthly_transaction_amount"], str)

    def test_usage_of_a_month(self, hook):
        assert {row["month"] for row in hook.get_usage_metrics(OCTOBER).json_object()["data"]} == {"2026-10"}


class TestV2:
    """The legacy API."""

    def test_month_and_by_id_give_the_same_bill(self, legacy, accounts):
        bill = legacy.get_invoice_by_month(OCTOBER)
        customer_id = accounts["legacy-press"].settings.customer_id
        again = legacy.get_legacy_invoice(customer_id, str(bill.json_object()["invoice_id"]))
        assert again.json_object() == bill.json_object()

    def test_the_month_has_two_digits(self, scripted, server):
        scripted.get_invoice_by_month(Month(2026, 5))
        assert server.targets == ["/billing/v2/year/2026/month/05"]

    @pytest.mark.parametrize(("form", "magic"), [(CSV, b"invoice_id,"), (PDF, b"%PDF-")])
    def test_month_and_by_id_as_a_file(self, legacy, accounts, form, magic):
        customer_id = accounts["legacy-press"].settings.customer_id
        invoice_id = str(legacy.get_invoice_by_month(OCTOBER).json_object()["invoice_id"])
        for file in (
            legacy.get_invoice_by_month(OCTOBER, form),
            legacy.get_legacy_invoice(customer_id, invoice_id, form),
        ):
            assert file.media_type == form
            assert file.body.startswith(magic)

    def test_month_to_date(self, legacy, accounts, simulated):
        simulated.settings.estimate_asks = 0
        customer_id = accounts["legacy-press"].settings.customer_id
        response = legacy.get_legacy_month_to_date(customer_id, Month(2026, 11))
        assert response.json_object()["status"]["status"] == "MTD"
        assert response.request.endswith("/mtd_invoice?month=11&year=2026")

    @pytest.mark.parametrize("invoice_id", ["../../v3/invoices", "", "4183280/x"])
    def test_an_invoice_id_cannot_lead_elsewhere(self, scripted, server, invoice_id):
        with pytest.raises(PayloadError, match="invoice_id"):
            scripted.get_legacy_invoice("abc", invoice_id)
        assert server.seen == []


class TestRefusals:
    """A month without a bill is told from a route that is gone, and from any other refusal."""

    def test_no_bill(self, legacy):
        with pytest.raises(NoBill):
            legacy.get_invoice_by_month(Month(2020, 1))

    def test_a_retired_route_points_at_v3(self, legacy, simulated):
        simulated.faults.add("retired", "fastly.v2.*", status=410)
        with pytest.raises(RouteRetired, match="api: v3"):
            legacy.get_invoice_by_month(OCTOBER)

    @pytest.mark.parametrize("body", [b"", b"<html>Not found</html>", b'{"error": "unknown path"}', b"[]"])
    def test_a_404_that_is_not_the_api_s_own_means_retired(self, scripted, server, body):
        server.responses({"status": 404, "body": body})
        with pytest.raises(RouteRetired, match="api: v3") as gone:
            scripted.get_invoice_by_month(OCTOBER)
        assert gone.value.status == 404

    def test_410_is_retired_whatever_it_says(self, scripted, server):
        server.responses({"status": 410, "body": b'{"msg": "Record not found"}'})
        with pytest.raises(RouteRetired):
            scripted.get_invoice_by_month(OCTOBER)

    def test_another_404_of_the_api_is_neither(self, scripted, server):
        server.responses({"status": 404, "body": b'{"msg": "Customer is not known"}'})
        with pytest.raises(VendorRejected, match="Customer is not known") as refused:
            scripted.get_invoice_by_month(OCTOBER)
        assert type(refused.value) is VendorRejected

    def test_a_404_of_v3_is_a_refusal(self, hook):
        with pytest.raises(VendorRejected, match="404"):
            hook.get_invoice("4999999")

    def test_a_wrong_token_is_told_with_the_vendor_s_words(self, simulated, connect):
        hook = FastlyBillingHook(connect(host=simulated.base_url, password="wrong-token"))
        with pytest.raises(VendorRejected, match=re.escape("Provided credentials are missing or invalid")):
            hook.get_usage_metrics(OCTOBER)

    def test_a_problem_document_is_quoted_too(self, scripted, server):
        body = {
            "type": "about:blank",
            "title": "Bad Request",
            "status": 400,
            "errors": None,
            "detail": "too high",
        }
        server.responses({"status": 400, "body": json.dumps(body).encode(), "media_type": "application/problem+json"})
        with pytest.raises(VendorRejected, match="Bad Request; too high"):
            scripted.get_usage_metrics(OCTOBER)


class TestConnection:
    """The connection type ``fastly``."""

    def test_without_a_host_it_is_fastly_itself(self, connect):
        hook = FastlyBillingHook(connect(password="sesame-4711"))
        assert hook.connection_settings().base_urls == {"api": "https://api.fastly.com"}

    @pytest.mark.parametrize(
        "fields", [{}, {"password": "x", "login": "me"}, {"password": "x", "extra": {"region": "eu"}}]
    )
    def test_a_token_and_perhaps_a_host_is_all_it_takes(self, connect, fields):
        with pytest.raises(ConfigurationError, match="fastly_test"):
            FastlyBillingHook(connect(**fields)).connection_settings()

    @pytest.mark.parametrize("name", ["acme-media", "legacy-press"])
    def test_the_test_button_works_for_both_generations(self, accounts, name):
        assert FastlyBillingHook(accounts[name].conn_id).test_connection()[0] is True
