"""A whole month of each simulated account: nothing lost, every digit kept."""

import pytest

from billing.errors import PayloadError, VendorUnavailable
from billing.month import Month
from billing.payloads.response import Response
from billing_vendors.base.vendor import Document, MissingDocument
from billing_vendors.fastly.vendor import FASTLY
from vendor_simulator.world import World

MONTHS = ["2026-10", "2026-03", "2025-04"]


def collected(account, month: str):
    return list(FASTLY.load_implementation().collect(account, Month.parse(month)))


def derived(account, month: str):
    responses = [kept for kept in collected(account, month) if isinstance(kept, Response)]
    return FASTLY.load_implementation().derive(account, Month.parse(month), responses)


@pytest.mark.parametrize("list_filter", ["overlap", "within", "start", "none"])
@pytest.mark.parametrize("month", MONTHS)
def test_every_account_s_month_is_the_truth_to_the_last_digit(accounts, simulated, monkeypatch, month, list_filter):
    """What the two dates of the list filter is not documented: either meaning must do."""
    monkeypatch.setattr(simulated.world, "readings", World(readings={"fastly.v3_list_filter": list_filter}).readings)
    for name, account in accounts.items():
        found = derived(account, month)
        truth = simulated.truth("fastly", name, month)
        got = {(bill.invoice_id, bill.total, len(bill.lines), bill.lines_total) for bill in found.invoices}
        assert got == {(bill.invoice_id, bill.total, bill.lines, bill.lines_total) for bill in truth}, name
        assert set(found.by_id) == {bill.invoice_id for bill in found.invoices}
        assert all(listing.ended and len(set(listing.row_ids)) == listing.declared_total for listing in found.listings)
        assert found.unknown_fields == frozenset()
        if account.settings.api == "v3":
            assert {bill.currency for bill in found.invoices} <= {account.currency}
            assert [report.kind for report in found.usage_reports][:1] == ["usage_metrics"]


def test_the_use_by_service_adds_up_to_the_use(accounts):
    usage, by_service = derived(accounts["acme-media"], "2026-10").usage_reports
    for line in usage.lines:
        parts = [part.quantity for part in by_service.lines if part.usage_type == line.usage_type]
        assert sum(parts) == line.quantity


def test_a_v2_month_brings_the_bill_and_its_files(accounts):
    kept = collected(accounts["legacy-press"], "2026-10")
    assert [item.file_format if isinstance(item, Document) else item.operation for item in kept] == [
        "v2.invoice_by_month",
        "v2.invoice_by_id",
        "csv",
        "pdf",
    ]
    assert kept[3].body.startswith(b"%PDF-")


@pytest.mark.parametrize(("after", "form"), [(1, "csv"), (2, "pdf")])
@pytest.mark.parametrize(
    "fault", [{"kind": "html"}, {"kind": "status", "status": 404}, {"kind": "status", "status": 500}]
)
def test_a_v2_month_is_whole_without_a_file(accounts, simulated, fault, after, form):
    simulated.faults.add(operation="fastly.v2.invoice", after=after, times=2, **fault)
    kept = collected(accounts["legacy-press"], "2026-10")
    missing = next(item for item in kept if isinstance(item, MissingDocument))
    assert (missing.file_format, missing.invoice_id) == (form, str(kept[1].json_object()["invoice_id"]))
    assert len(kept) == 4


def test_a_v2_month_without_a_bill_brings_nothing(accounts):
    assert collected(accounts["legacy-press"], "2020-01") == []


def test_a_v2_bill_that_is_not_issued_brings_no_more(accounts):
    (estimate,) = collected(accounts["legacy-press"], "2026-11")
    assert estimate.json_object()["status"]["status"] == "MTD"


def test_a_v2_bill_made_while_the_back_end_was_down_is_not_kept(account, server, connect, payload):
    server.responses({"body": payload("v2_invoice").replace(b'"vendor_state": "up"', b'"vendor_state": "down"')})
    with pytest.raises(VendorUnavailable, match="vendor_state"):
        collected(account(conn_id=connect(host=server.url, password="sesame-4711"), api="v2"), "2020-05")


def test_each_answer_comes_before_the_next_question(accounts, simulated):
    simulated.stats.clear()
    arriving = FASTLY.load_implementation().collect(accounts["acme-media"], Month(2026, 10))
    assert next(arriving).operation == "v3.list_invoices"
    assert len(simulated.stats.requests) == 1
    arriving.close()


def test_a_month_of_thousands_of_kinds_of_usage_does_not_take_thousands_of_requests(accounts, simulated):
    simulated.stats.clear()
    found = derived(accounts["bulk-5000-lines"], "2026-03")
    assert len(found.invoices[0].lines) == 5000
    assert len(simulated.stats.requests) == 4
    assert [len(report.lines) for report in found.usage_reports] == [4999, 3]


@pytest.mark.parametrize(
    ("fault", "operation"),
    [
        ("html", "fastly.v3.usage_metrics"),
        ("duplicate_key", "fastly.v3.invoices"),
        ("nan", "fastly.v3.invoice"),
    ],
)
def test_an_answer_of_another_shape_ends_the_collection(accounts, simulated, fault, operation):
    simulated.faults.add(fault, operation, times=None)

    def collect_and_keep():
        return [response.json() for response in collected(accounts["acme-media"], "2026-10")]

    with pytest.raises(PayloadError):
        collect_and_keep()


def test_a_list_that_is_null_brings_no_invoice_and_the_rest(accounts, simulated):
    simulated.faults.add("null_list", "fastly.v3.invoices", times=None)
    found = derived(accounts["acme-media"], "2026-10")
    assert found.invoices == ()
    assert found.usage_reports[0].lines
    assert {field.name for field in found.unknown_fields} == {"data=null"}


@pytest.mark.parametrize("included", [True, False])
def test_usage_is_read_whether_or_not_the_last_month_is_included(account, server, connect, payload, included):
    rows, none = payload("v3_usage_metrics"), b'{"data": []}'
    listing, service = b'{"data": [], "meta": {}}', b'{"data": {"details": [], "meta": {}}}'
    server.responses(*({"body": body} for body in [listing, *([] if included else [none]), rows, service, service]))
    responses = collected(account(conn_id=connect(host=server.url, password="sesame-4711")), "2024-05")
    found = FASTLY.load_implementation().derive(account(), Month(2024, 5), responses)
    assert len(found.usage_reports[0].lines) == 2
    asked = [target for target in server.targets if "/usage-metrics" in target]
    assert [target.rpartition("=")[2] for target in asked] == ["2024-05", *([] if included else ["2024-06"])]


@pytest.mark.parametrize("fault", ["cut", "reset", "status"])
def test_a_vendor_that_stumbles_once_loses_nothing(accounts, simulated, fault):
    simulated.faults.add(fault, "fastly.v3.invoice", times=1)
    assert len(derived(accounts["acme-media"], "2026-10").by_id) == 1


@pytest.mark.parametrize("fault", ["text_numbers", "camel_lines", "gzip"])
def test_another_way_of_writing_changes_no_digit(accounts, simulated, fault):
    plain = derived(accounts["acme-media"], "2026-10")
    simulated.faults.add(fault, "fastly.v3.invoice*", times=None)
    assert derived(accounts["acme-media"], "2026-10").invoices == plain.invoices


def test_the_running_month_s_estimate_is_collected(accounts, simulated, monkeypatch):
    monkeypatch.setattr(simulated.settings, "estimate_asks", 0)
    november = Month(2026, 11)
    for name in ("acme-media", "legacy-press"):
        (response,) = FASTLY.load_implementation().collect_month_to_date(accounts[name], november)
        estimate = FASTLY.load_implementation().derive_month_to_date(accounts[name], response)
        assert estimate.month == november
        assert estimate.total > 0


def test_an_estimate_of_another_month_is_not_taken_for_it(accounts, simulated, monkeypatch):
    monkeypatch.setattr(simulated.settings, "estimate_asks", 0)
    with pytest.raises(PayloadError, match="expected an estimate of 2026-10"):
        list(FASTLY.load_implementation().collect_month_to_date(accounts["acme-media"], Month(2026, 10)))
