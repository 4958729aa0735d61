"""One month from the vendor to values: against answers from files, and against the simulator's truth."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.unit.billing_vendors.genesys_cloud.conftest import (
    BILLING,
    Reply,
    json_reply,
    make_account,
    payload_reply,
    read_payload,
)

from billing.config.accounts import Account
from billing.controls.evidence import Evidence
from billing.errors import ConfigurationError, PayloadError, VendorRejected, VendorUnavailable
from billing.month import Month
from billing.payloads.response import Response
from billing_vendors.base.vendor import Document, MissingDocument
from billing_vendors.genesys_cloud.controls.g06_usage_vs_charge import G6
from billing_vendors.genesys_cloud.controls.g13_usage_report_complete import G13
from billing_vendors.genesys_cloud.settings import GenesysSettings
from billing_vendors.genesys_cloud.vendor import GENESYS_CLOUD
from vendor_simulator.genesys_cloud.world import GenesysWorld
from vendor_simulator.testing import Simulator
from vendor_simulator.world import World

JANUARY = Month(2025, 1)
CONTRACT = "c3b6a5d4-1111-4222-8333-444455556666"


@pytest.fixture
def january(genesys):
    """The recorded answers of January 2025, each invoice with its document."""
    genesys.billing("/contracts", payload_reply("contract_listing"))
    genesys.billing(f"/contracts/{CONTRACT}", payload_reply("contract"))
    genesys.billing(f"/contracts/{CONTRACT}/billingperiods/bp-2025-01", payload_reply("contract_billing_period"))
    genesys.billing("/contracts/invoices", payload_reply("invoice_listing"))
    for invoice_id in ("INV00501234", "INV00498765", "CM00012345"):
        genesys.billing(f"/contracts/invoices/{invoice_id}/lines", payload_reply("invoice_line_listing"))
        link = json_reply({"url": f"{genesys.url}/files/{invoice_id}?sig=canary"})
        genesys.billing(f"/contracts/invoices/{invoice_id}/document", link)
        genesys.responses(f"/files/{invoice_id}", Reply(b"%PDF-" + invoice_id.encode(), media_type="application/pdf"))
    genesys.billing("/reports/billableusage", payload_reply("billable_usage_report"))
    genesys.billing("/trusteebillingoverview/t1", payload_reply("trustee_billing_overview"))
    return genesys


def collect(account, month):
    return list(GENESYS_CLOUD.load_implementation().collect(account, month))


def operations(collected):
    return [part.operation if isinstance(part, Response) else f"document {part.invoice_id}" for part in collected]


def test_all_of_a_month_comes_in_the_order_in_which_it_is_found(january, connect):
    collected = collect(make_account(connect()), JANUARY)

    assert operations(collected) == [
        "contracts",
        "contract",
        "billing_period",
        "invoices",
        "invoice_lines",
        "document INV00501234",
        "invoice_lines",
        "document INV00498765",
        "invoice_lines",
        "document CM00012345",
        "billable_usage",
    ]


def test_what_is_collected_can_be_derived(january, connect):
    account = make_account(connect())
    responses = [part for part in collect(account, JANUARY) if isinstance(part, Response)]

    month = GENESYS_CLOUD.load_implementation().derive(account, JANUARY, responses)

    assert {invoice.invoice_id for invoice in month.invoices} == {"INV00501234", "INV00498765", "CM00012345"}
    assert [month.billing_period_id for month in month.billing_periods] == ["bp-2025-01"]


def test_no_link_is_in_what_is_kept(january, connect):
    """The answer with the link is never yielded; the document names only where it was asked for."""
    collected = collect(make_account(connect()), JANUARY)

    assert "invoice_document" not in operations(collected)
    assert "canary" not in str(collected)


def test_each_answer_is_yielded_before_the_next_question(january, connect):
    collection = GENESYS_CLOUD.load_implementation().collect(make_account(connect()), JANUARY)

    next(collection)

    assert [request.path for request in january.seen] == ["/oauth/token", f"{BILLING}/contracts"]
    collection.close()


def test_invoices_of_other_months_cost_no_request(january, connect):
    listing = json.loads(read_payload("invoice_listing"))
    listing["entities"][0]["dateInvoiced"] = "2025-03-20"
    january.billing("/contracts/invoices", json_reply(listing))

    collected = collect(make_account(connect()), JANUARY)

    assert "document INV00501234" not in operations(collected)
    assert january.asked("/contracts/invoices/INV00501234/lines") == []


def test_an_invoice_without_a_document_is_kept(january, connect):
    january.billing("/contracts/invoices/CM00012345/document", payload_reply("error.forbidden", 404))

    documents = [part.invoice_id for part in collect(make_account(connect()), JANUARY) if isinstance(part, Document)]

    assert documents == ["INV00501234", "INV00498765"]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (payload_reply("error.forbidden", 403), "answered 403"),
        (payload_reply("error.forbidden", 404), "answered 404"),
        (payload_reply("error.forbidden", 500), "answered 500"),
        (json_reply({"url": "file:///etc/passwd"}), "not a plain https URL"),
        (json_reply({"url": "https://10.0.0.1/x?sig=canary"}), "private network"),
        (json_reply({}), "has no url"),
        (Reply(b"<html>sign in</html>", media_type="text/html"), "answered 200 with text/html"),
    ],
)
def test_a_document_that_cannot_be_had_is_recorded_with_the_reason(january, connect, reply, reason):
    january.billing("/contracts/invoices/CM00012345/document", reply)

    collected = collect(make_account(connect()), JANUARY)

    (missing,) = [part for part in collected if isinstance(part, MissingDocument)]
    assert (missing.invoice_id, missing.file_format) == ("CM00012345", "pdf")
    assert reason in missing.reason
    assert "canary" not in missing.reason
    assert operations(collected)[-1] == "billable_usage"


def test_figures_in_progress_are_not_kept(january, connect, monkeypatch):
    monkeypatch.setattr("billing_vendors.genesys_cloud.hooks._REQUESTS_PER_REPORT", 1)
    january.billing("/reports/billableusage", payload_reply("billable_usage_report.in_progress"))
    kept = []

    with pytest.raises(VendorUnavailable, match="still InProgress"):
        kept.extend(GENESYS_CLOUD.load_implementation().collect(make_account(connect()), JANUARY))

    assert "billable_usage" not in operations(kept)


class TestTrusteeOverview:
    """It is asked for by its distance from today; what it is about, only its dates tell."""

    def overviews(self, genesys, last_days):
        """Answer each index with the period that ends on that day; others are unknown."""

        def response(request):
            index = int(request.query["billingPeriodIndex"])
            if index not in last_days:
                return payload_reply("error.forbidden", 404)
            overview = json.loads(read_payload("trustee_billing_overview"))
            return json_reply(overview | {"billingPeriodEndDate": f"{last_days[index]}T23:59:59.999Z"})

        genesys.billing("/trusteebillingoverview/t1", by=response)

    def collect(self, connect):
        account = make_account(connect(), trustor="t1")
        found = [part for part in collect(account, JANUARY) if isinstance(part, Response)]
        return [part.request for part in found if part.operation == "trustee_overview"]

    def index_of_january(self):
        today = datetime.now(UTC)
        return (today.year - 2025) * 12 + today.month - 1

    @pytest.mark.parametrize("shift", [-1, 0, 1])
    def test_the_one_of_the_month_is_found(self, january, connect, shift):
        """A cycle that is still open, or closed already, shifts the index by one."""
        middle = self.index_of_january() + shift
        self.overviews(january, {middle + 1: "2024-12-31", middle: "2025-01-31", middle - 1: "2025-02-28"})

        (request,) = self.collect(connect)

        assert request.endswith(f"billingPeriodIndex={middle}")

    def test_one_that_the_vendor_has_no_longer_is_left_out(self, january, connect):
        self.overviews(january, {0: "2026-11-30"})

        assert self.collect(connect) == []

    @pytest.mark.parametrize("status", [400, 401, 403, 404])
    def test_a_refusal_does_not_keep_the_month_from_being_stored(self, january, connect, status):
        january.billing("/trusteebillingoverview/t1", payload_reply("error.forbidden", status))

        collected = collect(make_account(connect(), trustor="t1"), JANUARY)

        assert operations(collected)[-1] == "billable_usage"

    def test_a_partner_s_own_connection_reads_it(self, january, connect):
        self.overviews(january, {self.index_of_january(): "2025-01-31"})
        own = make_account(connect(), trustor="t1")
        partner = replace(own.settings, trustee_conn_id=connect("genesys_partner"))

        collected = collect(replace(own, settings=partner), JANUARY)

        assert operations(collected)[-1] == "trustee_overview"
        signed = {request.path: request.headers.get("authorization") for request in january.seen}
        assert signed["/api/v2/billing/reports/billableusage"] == "Bearer token-1"
        assert signed["/api/v2/billing/trusteebillingoverview/t1"] == "Bearer token-2"

    def test_a_partner_s_connection_that_is_not_there_is_told_before_any_request(self, january, connect):
        own = make_account(connect(), trustor="t1")
        account = replace(own, settings=replace(own.settings, trustee_conn_id="no_such_connection"))

        with pytest.raises(ConfigurationError, match="no_such_connection"):
            collect(account, JANUARY)

        assert january.seen == []

    def test_a_vendor_that_always_answers_the_same_ends_too(self, january, connect):
        overview = json.loads(read_payload("trustee_billing_overview")) | {
            "billingPeriodEndDate": "2025-06-30T00:00:00Z"
        }
        january.billing("/trusteebillingoverview/t1", json_reply(overview))

        assert self.collect(connect) == []
        assert len(january.asked("/trusteebillingoverview/t1")) == 4


# The simulator knows the truth.

ORGANISATIONS = ("nord-contact", "pacific-care", "sakura-support", "aurora-help")


@pytest.fixture(scope="module")
def world():
    with Simulator(World(seed=7), now=datetime(2026, 11, 22, 12, tzinfo=UTC)) as running:
        running.settings.rate_limit = 100_000
        running.settings.report_asks = 0
        yield running


@pytest.fixture
def organisations(world, monkeypatch):
    """The account of each organisation, with its connection."""
    for conn_id, fields in world.connections().items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(fields))
    return {each.name: account_of(each) for each in world.world.of(GenesysWorld).organisations}


def account_of(organisation):
    return Account(
        vendor="genesys_cloud",
        name=organisation.name,
        conn_id=organisation.conn_id,
        currency=organisation.currency,
        first_month=Month.parse(str(organisation.first_month)),
        posting_day=organisation.posting_day,
        settings=GenesysSettings(organisation.organization_id, organisation.bill_to.number),
    )


def derived(account, month):
    collected = collect(account, month)
    responses = [part for part in collected if isinstance(part, Response)]
    documents = [part.invoice_id for part in collected if isinstance(part, Document)]
    return GENESYS_CLOUD.load_implementation().derive(account, month, responses), documents


@pytest.mark.parametrize("name", ORGANISATIONS)
@pytest.mark.parametrize("month", ["2026-10", "2026-06", "2025-12", "2023-01"])
def test_a_month_is_the_simulator_s_truth_to_the_last_digit(world, organisations, name, month):
    found, documents = derived(organisations[name], Month.parse(month))
    truth = world.truth("genesys_cloud", name, month)

    assert {
        (invoice.invoice_id, invoice.currency, invoice.total, len(invoice.lines), invoice.lines_total)
        for invoice in found.invoices
    } == {(each.invoice_id, each.currency, each.total, each.lines, each.lines_total) for each in truth}
    assert sorted(documents) == sorted(each.invoice_id for each in truth)
    assert all(listing.ended for listing in found.listings)
    assert found.unknown_fields == frozenset()


@pytest.mark.parametrize("name", ["nord-contact", "pacific-care"])
@pytest.mark.parametrize("month", ["2026-10", "2024-05"])
def test_a_trustee_s_overview_is_that_of_the_month(organisations, name, month):
    own = organisations[name]
    settings = replace(own.settings, trustor_organization_id=own.settings.organization_id)
    month = Month.parse(month)

    found, _ = derived(replace(own, settings=settings), month)

    (overview,) = [report for report in found.usage_reports if report.kind == "trustee_overview"]
    assert Month.of(overview.ends_at - timedelta(days=1)) == month


def test_two_contracts_of_one_cycle_share_one_usage_report_of_its_days(organisations):
    found, _ = derived(organisations["pacific-care"], Month(2026, 10))

    (report,) = found.usage_reports
    assert report.report_id == "billable_usage/2026-09-21/2026-10-21"
    assert {(month.starts_on, month.ends_on) for month in found.billing_periods} == {
        (report.starts_at.date(), report.ends_at.date())
    }
    assert len(found.billing_periods) == 2


@pytest.mark.parametrize("name", ORGANISATIONS)
def test_all_charged_usage_can_be_held_against_the_usage_of_its_days(organisations, name):
    found, _ = derived(organisations[name], Month(2026, 10))
    evidence = Evidence(organisations[name], found)

    assert {finding.state.value for control in (G6, G13) for finding in control.check(evidence)} == {"PASS"}


@pytest.mark.parametrize("name", ["nord-contact", "pacific-care", "aurora-help"])
def test_over_many_months_each_document_is_found_once(world, organisations, name):
    months = [Month(2026, 1).shifted(n) for n in range(10)]

    found = Counter(
        invoice.invoice_id for month in months for invoice in derived(organisations[name], month)[0].invoices
    )

    truth = [each.invoice_id for month in months for each in world.truth("genesys_cloud", name, str(month))]
    assert found == Counter(truth)


@pytest.fixture
def faults(world):
    yield world.faults
    world.faults.clear()


def truth_of(world):
    return {each.invoice_id: each.total for each in world.truth("genesys_cloud", "nord-contact", "2026-10")}


@pytest.mark.parametrize(
    ("kind", "members"),
    [
        ("status", {"status": 503}),
        ("status", {"status": 429, "retry_after": "0"}),
        ("reset", {}),
        ("cut", {}),
        ("expire_tokens", {"operation": "genesys.invoice_lines", "after": 0}),
        ("gzip", {"times": None}),
        ("text_numbers", {"times": None}),
        ("extra_field", {"times": None}),
        ("unknown_enum", {"operation": "genesys.invoices", "after": 0}),
        ("null_enum", {"operation": "genesys.invoices", "after": 0}),
        ("get_names", {"times": None}),
        ("media_type", {"operation": "genesys.contract*", "text": "text/plain", "times": None}),
    ],
)
def test_what_a_vendor_may_do_changes_no_figure(world, organisations, faults, kind, members):
    fault = faults.add(kind, **{"operation": "genesys.[!d]*", "after": 1} | members)

    found, _ = derived(organisations["nord-contact"], Month(2026, 10))

    assert fault.met
    assert {invoice.invoice_id: invoice.total for invoice in found.invoices} == truth_of(world)
    assert bool(found.unknown_fields) is (kind in {"extra_field", "unknown_enum"})


@pytest.mark.parametrize(
    ("kind", "members"),
    [
        ("html", {"times": None}),
        ("duplicate_key", {}),
        ("nan", {"operation": "genesys.invoices", "times": None}),
        ("repeat_cursor", {"operation": "genesys.contracts", "times": None}),
        ("redirect", {"url": "https://elsewhere.example/"}),
        ("status", {"status": 403}),
        ("accepted", {"operation": "genesys.usage_report", "times": None}),
    ],
)
def test_what_a_vendor_must_not_do_ends_the_collection(world, organisations, faults, kind, members, monkeypatch):
    monkeypatch.setattr("billing_vendors.genesys_cloud.hooks._REQUESTS_PER_REPORT", 1)
    faults.add(kind, **{"operation": "genesys.[!td]*", "after": 1 if "operation" not in members else 0} | members)

    with pytest.raises((PayloadError, VendorRejected, VendorUnavailable)):
        derived(organisations["sakura-support"], Month(2026, 10))


@pytest.mark.parametrize(
    ("kind", "members"),
    [
        ("oversize", {"operation": "genesys.download", "size": 60_000_000}),
        ("html", {"operation": "genesys.download"}),
        ("status", {"operation": "genesys.download", "status": 410}),
        ("document_url", {"operation": "genesys.invoice_document", "url": "http://169.254.169.254/"}),
    ],
)
def test_what_a_document_may_be_changes_no_figure(world, organisations, faults, kind, members):
    fault = faults.add(kind, **{"times": None} | members)

    parts = collect(organisations["nord-contact"], Month(2026, 10))

    assert fault.met
    missing = {part.invoice_id for part in parts if isinstance(part, MissingDocument)}
    assert missing == set(truth_of(world))


def test_a_page_that_is_sent_again_is_an_error(world, organisations, faults):
    """No total is there to compare with; it is seen by its ids."""
    faults.add("repeat_page", operation="genesys.contracts", times=None)

    with pytest.raises(VendorUnavailable, match="contracts: a page repeats"):
        derived(organisations["sakura-support"], Month(2026, 10))


def test_an_organisation_without_a_contract_is_none_that_is_billed(world, organisations, faults):
    faults.add("null_list", operation="genesys.contracts", times=None)

    with pytest.raises(PayloadError, match="No contracts returned"):
        derived(organisations["sakura-support"], Month(2026, 10))
