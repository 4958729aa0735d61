"""Recorded answers beside the values they give: ``payloads/x.json``, ``expected/x.json``."""

import dataclasses
import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from billing.errors import PayloadError
from billing.models import UnknownField
from billing.month import Month
from billing.payloads import exact_json
from billing.payloads.json_reader import JsonObject
from billing_vendors.genesys_cloud.intervals import Interval
from billing_vendors.genesys_cloud.month_assignment import BillingCycle, ContractTerm
from billing_vendors.genesys_cloud.parse import parse_header, parse_line, with_half_open_ends
from billing_vendors.genesys_cloud.parse_contracts import parse_billing_period, parse_contract
from billing_vendors.genesys_cloud.parse_usage import (
    is_complete,
    overview_interval,
    parse_billable_usage,
    parse_trustee_overview,
)
from billing_vendors.genesys_cloud.vocabulary import UnknownFields, rename_legacy_fields

HERE = Path(__file__).parent
JANUARY = Month(2025, 1)


def read(name: str) -> dict:
    return rename_legacy_fields(exact_json.loads((HERE / "payloads" / f"{name}.json").read_bytes()))


def rows(name: str) -> list[JsonObject]:
    return [JsonObject(row, "row") for row in read(name)["entities"]]


def lines(name: str, unknown_fields: UnknownFields) -> list:
    return [parse_line(row, position, "INV", unknown_fields) for position, row in enumerate(rows(name), start=1)]


PARSERS = {
    "invoice_listing": lambda unknown_fields: [parse_header(row, unknown_fields) for row in rows("invoice_listing")],
    "invoice_listing.odd": lambda unknown_fields: [
        parse_header(row, unknown_fields) for row in rows("invoice_listing.odd")
    ],
    "invoice_line_listing": lambda unknown_fields: lines("invoice_line_listing", unknown_fields),
    "invoice_line_listing.odd": lambda unknown_fields: lines("invoice_line_listing.odd", unknown_fields),
    "contract": lambda unknown_fields: parse_contract(JsonObject(read("contract"), "contract"), unknown_fields),
    "contract.odd": lambda unknown_fields: parse_contract(JsonObject(read("contract.odd"), "contract"), unknown_fields),
    "contract_billing_period": lambda unknown_fields: parse_billing_period(
        JsonObject(read("contract_billing_period"), "month"), "c1", unknown_fields
    ),
    "billable_usage_report": lambda unknown_fields: parse_billable_usage(
        JsonObject(read("billable_usage_report"), "report"), Interval.of(JANUARY), JANUARY, unknown_fields
    ),
    "trustee_billing_overview": lambda unknown_fields: parse_trustee_overview(
        JsonObject(read("trustee_billing_overview"), "overview"), JANUARY, unknown_fields
    ),
}


@pytest.mark.parametrize("name", PARSERS)
def test_a_recorded_answer_gives_the_expected_values(name):
    unknown_fields = UnknownFields()
    parsed = {
        "value": plain(PARSERS[name](unknown_fields)),
        "unknown": sorted(f"{u.record_type}: {u.name}" for u in unknown_fields.unknown),
    }

    assert parsed == json.loads((HERE / "expected" / f"{name}.json").read_text())


def plain(value: object) -> object:
    """Numbers as texts, so that a lost digit shows."""
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [plain(member) for member in value]
    if isinstance(value, Decimal | date | datetime):
        return str(value)
    return value


@pytest.mark.parametrize("name", ["contract_billing_period", "contract"])
def test_the_old_member_names_give_the_same_values(name):
    old = exact_json.loads((HERE / "payloads" / f"{name}.old_names.json").read_bytes())

    assert '"get' in json.dumps(old, default=str)
    assert rename_legacy_fields(old) == read(name)


def test_where_both_names_have_a_value_the_present_one_counts_and_the_old_one_is_kept():
    unknown_fields = UnknownFields()
    both = {"id": "1", "dateStart": "2025-01-01", "dateEnd": "2025-01-31", "charges": [
        {"actualQuantity": 2, "getactualQuantity": 3}
    ]}  # fmt: skip

    charge = parse_billing_period(JsonObject(rename_legacy_fields(both), "x"), "c", unknown_fields).charges[0]

    assert (charge.actual_quantity, charge.attributes["getactualQuantity"]) == (2, 3)
    assert UnknownField("charge", "getactualQuantity") in unknown_fields.unknown


def test_the_payment_link_is_nowhere():
    """Whoever has it can open the payer's page."""
    assert b"pay.example.com" in (HERE / "payloads/invoice_listing.json").read_bytes()
    assert "pay.example.com" not in json.dumps(plain(PARSERS["invoice_listing"](UnknownFields())))


PERIOD_ENDS = [
    (["2025-01-31", "2025-02-28"], ["2025-02-01", "2025-03-01"]),  # last days
    (["2025-02-01", "2025-03-01"], ["2025-02-01", "2025-03-01"]),  # the days after
    (["2025-02-01"], ["2025-02-01"]),  # alone: one month, not a month and a day
    (["2025-01-31"], ["2025-02-01"]),
]


@pytest.mark.parametrize(("written", "ends"), PERIOD_ENDS)
def test_neighbours_or_the_length_show_whether_an_end_is_a_last_day(written, ends):
    starts = ["2025-01-01", "2025-02-01"]
    periods = [
        {"id": str(n), "dateStart": start, "dateEnd": end}
        for n, (start, end) in enumerate(zip(starts, written, strict=False))
    ]
    contract, term = parse_contract(JsonObject({"id": "c", "billingPeriods": periods}, "c"), UnknownFields())
    assert [str(cycle.ends_on) for cycle in term.cycles] == ends
    detail = JsonObject(periods[0], "p")
    period = parse_billing_period(detail, "c", UnknownFields(), exclusive_ends=term.exclusive_ends)
    assert (str(period.ends_on), period.month) == (ends[0], JANUARY)
    assert "billingPeriodGaps" not in contract.attributes


def test_days_that_no_listed_period_has_are_kept():
    periods = [
        {"id": "1", "dateStart": "2025-01-01", "dateEnd": "2025-01-31"},
        {"id": "3", "dateStart": "2025-03-01", "dateEnd": "2025-03-31"},
    ]
    contract, _ = parse_contract(JsonObject({"id": "c", "billingPeriods": periods}, "c"), UnknownFields())
    assert contract.attributes["billingPeriodGaps"] == [["2025-02-01", "2025-03-01"]]


@pytest.mark.parametrize(
    ("written", "end"),
    [
        (("2025-01-01", "2025-01-31"), "2025-02-01"),
        (("2025-01-01", "2025-02-01"), "2025-02-01"),
        (("2024-12-31", "2025-01-31"), "2025-01-31"),  # a day early, and the day after the last one
        (("2025-01-15", "2025-01-31"), "2025-02-01"),  # the billing period shows it
        (("2025-01-15", "2025-02-01"), "2025-02-01"),
    ],
)
def test_the_ends_of_lines_are_read_as_they_show(written, end):
    row = {"amount": 1, "dateStart": written[0], "dateEnd": written[1]}
    line = parse_line(JsonObject(row, "line"), 1, "INV", UnknownFields())
    january = BillingCycle("p", "c", date(2025, 1, 1), date(2025, 2, 1))
    term = ContractTerm("c", january.starts_on, (), (january,))
    assert str(with_half_open_ends([line], [term])[0].service_end) == end


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("Credit Memo", "credit_memo"), ("CREDIT NOTE", "credit_memo"), ("Invoice", "invoice"), (None, "invoice")],
)
def test_the_invoice_type_tells_credit_memos(kind, expected):
    row = {"id": "1", "dateInvoiced": "2025-02-03", "amount": 1, "customerInvoiceType": kind}

    assert parse_header(JsonObject(row, "x"), UnknownFields()).kind == expected


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"id": None}, "id should be an identifier"),
        ({"amount": None}, "amount should be a value"),
        ({"amount": "12,00"}, "amount should be a number"),
        ({"dateInvoiced": None}, "dateInvoiced is missing"),
        ({"dateInvoiced": "03/02/2025"}, "dateInvoiced should be a date"),
        ({"dateInvoiced": "0001-01-01"}, "outside 1990-9999"),
        ({"dateInvoiced": "9999-12-31"}, "its month cannot be determined"),
        ({"billToCustomer": "Acme"}, "billToCustomer"),
    ],
)
def test_a_head_that_cannot_be_used_is_an_error_that_names_the_member(change, words):
    row = {"id": "INV1", "dateInvoiced": "2025-02-03", "amount": 1} | change

    with pytest.raises(PayloadError, match=words):
        parse_header(JsonObject(row, "invoices page"), UnknownFields())


def test_a_billing_period_without_an_end_is_an_error():
    with pytest.raises(PayloadError, match="contract c, billing period 1: dateStart and dateEnd"):
        parse_billing_period(JsonObject({"id": "1", "dateStart": "2025-01-01"}, "x"), "c", UnknownFields())


class TestBillableUsage:
    @pytest.mark.parametrize(("status", "complete"), [("Complete", True), (None, True), ("InProgress", False)])
    def test_status(self, status, complete):
        assert is_complete(JsonObject({"status": status}, "report")) is complete

    def test_an_unknown_status_is_neither(self):
        with pytest.raises(PayloadError, match="'Paused'"):
            is_complete(JsonObject({"status": "Paused"}, "report"))

    def test_figures_in_progress_are_refused(self):
        report = JsonObject(read("billable_usage_report.in_progress"), "report")

        with pytest.raises(PayloadError, match="InProgress"):
            parse_billable_usage(report, Interval.of(JANUARY), JANUARY, UnknownFields())

    @pytest.mark.parametrize("end", ["2025-01-31T00:00:00Z", "2025-02-02T00:00:00Z", "2025-01-01T00:00:00Z"])
    def test_a_report_for_other_dates_is_refused(self, end):
        report = read("billable_usage_report") | {"endDate": end}

        with pytest.raises(PayloadError, match="the report runs from"):
            parse_billable_usage(JsonObject(report, "report"), Interval.of(JANUARY), JANUARY, UnknownFields())

    @pytest.mark.parametrize("total", [262, "many", "NaN", "1E+99", None])
    def test_a_total_is_a_decimal_in_a_text(self, total):
        report = read("billable_usage_report")
        report["usages"][0]["totalUsage"] = total

        with pytest.raises(PayloadError, match="totalUsage"):
            parse_billable_usage(JsonObject(report, "report"), Interval.of(JANUARY), JANUARY, UnknownFields())


@pytest.mark.parametrize("end", ["2025-01-31T23:59:59Z", "2025-01-31T23:59:59.999Z", "2025-02-01T00:00:00Z"])
def test_an_overview_ends_at_midnight_however_it_is_written(end):
    _, ends_at = overview_interval(JsonObject({"billingPeriodEndDate": end}, "overview"))

    assert str(ends_at) == "2025-02-01 00:00:00+00:00"
