"""Stored answers of one month -> its values, and what is refused because something is missing."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from tests.unit.billing_vendors.genesys_cloud.conftest import make_account, read_payload, stored

from billing.errors import PayloadError
from billing.models import UnknownField
from billing.month import Month
from billing.payloads import exact_json
from billing_vendors.genesys_cloud.derive import derive
from billing_vendors.genesys_cloud.paging import in_order

JANUARY = Month(2025, 1)
CONTRACT = "c3b6a5d4-1111-4222-8333-444455556666"
LINES = "/contracts/invoices/{}/lines?pageSize=200"
USAGE = "/reports/billableusage?startDate={}T00%3A00%3A00.000Z&endDate={}T00%3A00%3A00.000Z"


def a_month():
    """The recorded answers of January 2025, in the order in which they are asked for."""
    return [
        stored("contracts", "/contracts?pageSize=10", read_payload("contract_listing")),
        stored("contract", f"/contracts/{CONTRACT}", read_payload("contract")),
        stored(
            "billing_period",
            f"/contracts/{CONTRACT}/billingperiods/bp-2025-01",
            read_payload("contract_billing_period"),
        ),
        stored("invoices", "/contracts/invoices?pageSize=200", read_payload("invoice_listing")),
        stored("invoice_lines", LINES.format("INV00501234"), read_payload("invoice_line_listing")),
        stored("invoice_lines", LINES.format("INV00498765"), {"entities": []}),
        stored("invoice_lines", LINES.format("CM00012345"), {"entities": []}),
        stored("billable_usage", USAGE.format("2025-01-01", "2025-02-01"), read_payload("billable_usage_report")),
        stored("trustee_overview", "/trusteebillingoverview/o", read_payload("trustee_billing_overview")),
    ]


def with_body(responses, operation, change):
    """The same answers, with the body of one operation changed by ``change``."""

    def changed(response):
        document = json.loads(response.body)
        change(document)
        return replace(response, body=json.dumps(document).encode())

    return [changed(response) if response.operation == operation else response for response in responses]


def without(responses, operation):
    return [response for response in responses if response.operation != operation]


def test_a_month_holds_all_that_was_answered(account):
    month = derive(account, JANUARY, a_month())

    assert (month.vendor, month.account, month.month) == ("genesys_cloud", "acme", JANUARY)
    assert [contract.contract_id for contract in month.contracts] == [CONTRACT]
    assert [month.billing_period_id for month in month.billing_periods] == ["bp-2025-01"]
    assert [(report.kind, len(report.lines)) for report in month.usage_reports] == [
        ("billable_usage", 2),
        ("trustee_overview", 2),
    ]
    assert month.unknown_fields == frozenset()


def test_the_invoices_of_the_month_have_their_lines(account):
    """
    The other two are dated in January, before January's period ended, and it is the contract's first: they are
    of January too.
    """
    invoices = {invoice.invoice_id: invoice for invoice in derive(account, JANUARY, a_month()).invoices}

    assert {invoice_id: len(invoice.lines) for invoice_id, invoice in invoices.items()} == {
        "INV00501234": 5,
        "INV00498765": 0,
        "CM00012345": 0,
    }
    invoice = invoices["INV00501234"]
    assert invoice.lines_total == invoice.total == Decimal("36282.0")
    assert [line.position for line in invoice.lines] == [1, 2, 3, 4, 5]
    assert str(invoice.issued_at) == "2025-02-03 00:00:00+00:00"
    assert invoice.period_evidence.endswith("every dated line (5) bills services in it.")
    assert invoices["CM00012345"].kind == "credit_memo"


def test_an_invoice_of_another_month_needs_no_lines_and_is_left_out(account):
    def later(listing):
        listing["entities"][0]["dateInvoiced"] = "2025-03-20"  # long after January's period

    responses = [
        response
        for response in with_body(a_month(), "invoices", later)
        if LINES.format("INV00501234") not in response.request
    ]

    assert "INV00501234" not in {invoice.invoice_id for invoice in derive(account, JANUARY, responses).invoices}


def test_listings_say_how_whole_they_are(account):
    listings = {listing.operation: listing for listing in derive(account, JANUARY, a_month()).listings}

    assert set(listings) == {
        "contracts",
        "invoices",
        "invoice_lines/INV00501234",
        "invoice_lines/INV00498765",
        "invoice_lines/CM00012345",
    }
    assert listings["invoices"].row_ids == ("INV00501234", "INV00498765", "CM00012345")
    assert all(listing.ended and listing.declared_total is None for listing in listings.values())


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        ("contracts", "contracts: the first page"),
        ("invoices", "invoices: the first page"),
        ("contract", "contract 'c3b6a5d4-1111-4222-8333-444455556666' is listed"),
        ("billing_period", "billing period .*bp-2025-01.* is listed"),
        ("invoice_lines", "invoice INV00501234 is listed, but its lines"),
    ],
)
def test_what_is_named_but_missing_is_an_error(account, operation, words):
    with pytest.raises(PayloadError, match=words):
        derive(account, JANUARY, without(a_month(), operation))


def test_lines_of_an_unknown_invoice_are_an_error(account):
    responses = [*a_month(), stored("invoice_lines", LINES.format("INV%2F9"), {"entities": []})]

    with pytest.raises(PayloadError, match="lines of invoice 'INV/9'"):
        derive(account, JANUARY, responses)


@pytest.mark.parametrize(("operation", "member"), [("contract", "id"), ("billing_period", "id")])
def test_an_answer_about_something_else_is_an_error(account, operation, member):
    responses = with_body(a_month(), operation, lambda document: document.update({member: "other"}))

    with pytest.raises(PayloadError, match="the response is about 'other'"):
        derive(account, JANUARY, responses)


def test_a_period_of_another_month_is_an_error(account):
    """It was asked for as January's; the vendor now answers that it ends in February."""
    responses = with_body(a_month(), "contract", lambda row: row["billingPeriods"].pop())

    with pytest.raises(PayloadError, match="no listing names it"):
        derive(account, JANUARY, responses)


def test_without_a_report_there_is_none(account):
    """Controls that need it are blocked; nothing is made up."""
    assert (
        derive(account, JANUARY, without(without(a_month(), "billable_usage"), "trustee_overview")).usage_reports == ()
    )


def usage_of(start, end, **more):
    """The answer to a question for the usage of these days."""
    dates = {"startDate": f"{start}T00:00:00.000Z", "endDate": f"{end}T00:00:00.000Z"}
    report = json.loads(read_payload("billable_usage_report")) | dates | more
    return stored("billable_usage", USAGE.format(start, end), report)


def usage_reports(account, *responses):
    rest = without(without(a_month(), "billable_usage"), "trustee_overview")
    return derive(account, JANUARY, [*rest, *responses]).usage_reports


def test_each_interval_has_its_report_of_the_month(account):
    reports = usage_reports(account, usage_of("2025-01-01", "2025-02-01"), usage_of("2024-12-21", "2025-01-21"))

    assert [(report.report_id, report.month) for report in reports] == [
        ("billable_usage/2024-12-21/2025-01-21", JANUARY),
        ("billable_usage/2025-01", JANUARY),
    ]


def test_of_one_interval_the_last_answer_counts(account):
    dates = ("2024-12-21", "2025-01-21")

    (report,) = usage_reports(account, usage_of(*dates), usage_of(*dates, usages=[]))

    assert report.lines == ()


def test_a_report_of_other_dates_than_were_asked_for_is_an_error(account):
    response = usage_of("2024-12-21", "2025-01-21", startDate="2024-12-20T00:00:00.000Z")

    with pytest.raises(PayloadError, match="billable usage of 2024-12-21/2025-01-21: the report runs from 2024-12-20"):
        usage_reports(account, response)


@pytest.mark.parametrize("query", ["", "?startDate=2025-01-01T00:00:00.000Z", "?startDate=x&endDate=y"])
def test_a_stored_request_that_names_no_dates_is_an_error(account, query):
    response = stored("billable_usage", f"/reports/billableusage{query}", read_payload("billable_usage_report"))

    with pytest.raises(PayloadError, match="does not state the days"):
        usage_reports(account, response)


def test_unknown_members_of_pages_and_rows_are_reported(account):
    def change(listing):
        listing["total"] = 3
        listing["entities"][0]["taxAmount"] = 1

    found = derive(account, JANUARY, with_body(a_month(), "invoices", change)).unknown_fields

    assert found == {UnknownField("invoices_page", "total"), UnknownField("invoice", "taxAmount")}


def test_the_same_answers_give_the_same_month_in_any_order(account):
    assert {i.invoice_id: i for i in derive(account, JANUARY, a_month()[::-1]).invoices} == {
        i.invoice_id: i for i in derive(account, JANUARY, a_month()).invoices
    }


class TestPages:
    """Pages are put in order by their cursors, not by their arrival."""

    def page(self, cursor, following, *ids):
        path = "/contracts/invoices?pageSize=200" + (f"&after={cursor}" if cursor else "")
        next_uri = f"/x?after={following}" if following else None
        return stored("invoices", path, {"entities": [{"id": each} for each in ids], "nextUri": next_uri})

    def test_from_the_first_to_the_one_that_names_no_next(self):
        first, second, third = self.page("", "b%3D", "1"), self.page("b%3D", "c", "2"), self.page("c", "", "3")

        assert in_order([third, first, second]) == ([first, second, third], True)

    def test_a_page_asked_for_again_counts_once_as_it_was_received_last(self):
        old, new = self.page("", "", "1"), self.page("", "", "1", "2")

        assert in_order([old, new]) == ([new], True)

    def test_a_missing_page_means_not_ended(self):
        first, third = self.page("", "b", "1"), self.page("c", "", "3")

        assert in_order([first, third]) == ([first], False)

    def test_a_cursor_that_leads_back_means_not_ended(self):
        first, second = self.page("", "b", "1"), self.page("b", "b", "2")

        assert in_order([first, second]) == ([first, second], False)

    def test_a_row_of_empty_pages_is_the_end(self):
        cursors = ["", "b", "c", "d", "e"]
        pages = [self.page(this, following) for this, following in zip(cursors, [*cursors[1:], "f"], strict=True)]

        assert in_order(pages) == (pages[:3], True)

    def test_null_for_the_rows_is_no_rows_and_reported(self):
        responses = with_body(a_month(), "invoices", lambda page: page.update(entities=None))
        month = derive(make_account(), JANUARY, [each for each in responses if each.operation != "invoice_lines"])

        assert month.invoices == ()
        assert UnknownField("invoices_page", "entities=null") in month.unknown_fields

    def test_a_repeated_row_shows_in_the_listing_and_is_one_invoice(self):
        responses = with_body(a_month(), "invoices", lambda page: page["entities"].append(page["entities"][0]))
        month = derive(make_account(), JANUARY, responses)

        assert month.listings[1].row_ids.count("INV00501234") == 2
        assert [invoice.invoice_id for invoice in month.invoices].count("INV00501234") == 1

    @pytest.mark.parametrize("entities", ["rows", {"id": "1"}, [None], ["x"], [{"name": "no id"}]])
    def test_rows_of_another_shape_are_an_error(self, entities):
        responses = with_body(a_month(), "invoices", lambda page: page.update(entities=entities))

        with pytest.raises(PayloadError):
            derive(make_account(), JANUARY, responses)

    @pytest.mark.parametrize("next_uri", [7, ["x"], "http://[x"])
    def test_a_next_address_of_another_shape_is_an_error(self, next_uri):
        responses = with_body(a_month(), "invoices", lambda page: page.update(nextUri=next_uri))

        with pytest.raises(PayloadError, match="nextUri"):
            derive(make_account(), JANUARY, responses)


def test_numbers_are_the_vendor_s_own_digits(account):
    body = read_payload("invoice_line_listing").replace(b"33750.0", b"12345678901234567.890")
    responses = [replace(a, body=body) if LINES.format("INV00501234") in a.request else a for a in a_month()]

    invoice = next(i for i in derive(account, JANUARY, responses).invoices if i.invoice_id == "INV00501234")

    assert exact_json.number_text(invoice.lines[0].amount) == "12345678901234567.89"
    assert str(invoice.lines_total) == "12345678901237099.890"
