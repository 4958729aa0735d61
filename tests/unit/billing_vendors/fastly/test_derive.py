"""The stored answers of a month and what follows from them."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from billing.errors import PayloadError
from billing.month import Month
from billing_vendors.fastly.derive import derive, derive_month_to_date

JANUARY = Month(2024, 1)


def invoice(invoice_id: str, start: str, end: str, total: str = "1.10") -> dict[str, object]:
    return {
        "invoice_id": invoice_id,
        "billing_start_date": start,
        "billing_end_date": end,
        "currency_code": "USD",
        "monthly_transaction_amount": total,
        "transaction_line_items": [],
    }


def page(*rows: dict[str, object], cursor: str | None = "", total: int = 3) -> dict[str, object]:
    return {"data": list(rows), "meta": {"next_cursor": cursor, "total": total}}


DECEMBER = invoice("1", "2023-12-01T00:00:00Z", "2024-01-01T00:00:00Z")
FIRST = invoice("2", "2024-01-01T00:00:00Z", "2024-01-31T23:59:59Z")
SECOND = invoice("3", "2024-01-01", "2024-01-31", total="-0.30")


def test_invoices_are_chosen_by_their_own_period_over_all_pages(account, response):
    responses = [
        response("v3.list_invoices", page(SECOND, FIRST, cursor="c2")),
        response("v3.list_invoices", page(DECEMBER)),
        response("v3.invoice_by_id", FIRST),
        response("v3.invoice_by_id", SECOND),
    ]
    account_month = derive(account(), JANUARY, responses)
    assert [(bill.invoice_id, bill.total) for bill in account_month.invoices] == [
        ("3", Decimal("-0.30")),
        ("2", Decimal("1.10")),
    ]
    assert account_month.by_id == {bill.invoice_id: bill for bill in account_month.invoices}
    (listing,) = account_month.listings
    assert (listing.row_ids, listing.declared_total, listing.ended) == (("3", "2", "1"), 3, True)


@pytest.mark.parametrize("meta", [{}, {"next_cursor": None}, {"next_cursor": ""}])
def test_a_list_ends_by_a_missing_a_null_or_an_empty_cursor(account, response, meta):
    account_month = derive(account(), JANUARY, [response("v3.list_invoices", {"data": [], "meta": meta})])
    assert (account_month.listings[0].ended, account_month.listings[0].declared_total) == (True, None)


def test_a_list_that_was_not_read_to_its_end_says_so(account, response):
    account_month = derive(account(), JANUARY, [response("v3.list_invoices", page(FIRST, cursor="c2"))])
    assert account_month.listings[0].ended is False


def test_a_repeated_row_is_one_invoice_and_two_rows_of_the_listing(account, response):
    account_month = derive(account(), JANUARY, [response("v3.list_invoices", page(FIRST, FIRST))])
    assert [bill.invoice_id for bill in account_month.invoices] == ["2"]
    assert account_month.listings[0].row_ids == ("2", "2")


@pytest.mark.parametrize(("total", "contradicted"), [("1.10", ()), ("1.20", ("2",))])
def test_a_repeated_row_of_another_content_contradicts_the_first(account, response, total, contradicted):
    again = {**FIRST, "monthly_transaction_amount": total}
    account_month = derive(account(), JANUARY, [response("v3.list_invoices", page(FIRST, again))])
    assert account_month.listings[0].contradicted == contradicted


@pytest.mark.parametrize(
    ("start", "end", "month"),
    [
        ("2023-12-31T00:00:00Z", "2024-01-31T00:00:00Z", "2024-01"),
        ("2023-12-31T22:00:00Z", "2024-01-31T21:59:59Z", "2024-01"),
        ("2024-01-01T00:00:00-08:00", "2024-01-31T23:59:59-08:00", "2024-01"),
        ("2024-01-02T00:00:00Z", "2024-02-02T00:00:00Z", "2024-01"),
        ("2023-12-16T00:00:00Z", "2024-01-16T00:00:00Z", "2023-12"),
        ("2023-12-01T00:00:00Z", None, "2023-12"),
    ],
)
def test_a_bill_belongs_to_the_one_month_that_holds_most_of_its_days(account, response, start, end, month):
    listing = response("v3.list_invoices", page(invoice("7", start, end)))
    months = [Month(2023, 11), Month(2023, 12), JANUARY, Month(2024, 2)]
    found = {str(each): [bill.month for bill in derive(account(), each, [listing]).invoices] for each in months}
    assert {key: value for key, value in found.items() if value} == {month: [Month.parse(month)]}


def test_a_month_without_an_answer_is_empty(account):
    account_month = derive(account(api="v2"), JANUARY, [])
    assert (account_month.invoices, account_month.listings, account_month.usage_reports) == ((), (), ())


def test_null_for_a_list_is_no_rows_and_reported(account, response):
    answers = [response("v3.list_invoices", {"data": None}), response("v3.usage_metrics", {"data": None, "links": {}})]
    account_month = derive(account(), JANUARY, answers)
    assert (account_month.invoices, account_month.usage_reports[0].lines) == ((), ())
    assert {(each.record_type, each.name) for each in account_month.unknown_fields} == {
        ("invoice_list", "data=null"),
        ("usage_metrics", "data=null"),
        ("usage_metrics", "links"),
    }


@pytest.mark.parametrize("body", [{}, {"data": {}}, {"data": [1]}])
def test_a_page_without_a_list_is_an_error(account, response, body):
    with pytest.raises(PayloadError):
        derive(account(), JANUARY, [response("v3.list_invoices", body)])


@pytest.mark.parametrize("name", ["data", "transaction_line_items"])
def test_a_list_that_is_null_has_no_rows_and_is_noted(account, response, name):
    body = page(FIRST, total=1) | {"data": None} if name == "data" else page({**FIRST, name: None}, total=1)
    account_month = derive(account(), JANUARY, [response("v3.list_invoices", body)])
    assert [len(bill.lines) for bill in account_month.invoices] == ([] if name == "data" else [0])
    assert [field.name for field in account_month.unknown_fields] == [f"{name}=null"]


@pytest.mark.parametrize("written", ["text", "number", "decimal"])
def test_identifiers_and_counts_may_be_numbers_or_texts(account, response, written):
    as_written = {"text": str, "number": int, "decimal": float}[written]
    row = {**FIRST, "invoice_id": as_written(4183280), "statement_number": as_written(77)}
    body = {"data": [row], "meta": {"total": as_written(1)}}
    account_month = derive(account(), JANUARY, [response("v3.list_invoices", body)])
    (bill,) = account_month.invoices
    assert (bill.invoice_id, bill.statement_number) == ("4183280", "77")
    assert (account_month.listings[0].row_ids, account_month.listings[0].declared_total) == (("4183280",), 1)


def test_a_currency_in_small_letters_is_the_same_currency(account, response):
    responses = [response("v3.list_invoices", page({**FIRST, "currency_code": "usd"}))]
    assert derive(account(), JANUARY, responses).invoices[0].currency == "USD"


@pytest.mark.parametrize(("cost", "counts"), [(12.0, False), (17.0, True), (40.0, False)])
def test_a_v2_line_that_was_deleted_counts_only_if_the_total_has_it(account, response, payload, cost, counts):
    """Presumably ``deleted_at`` voids a line; no page says so."""
    bill = json.loads(payload("v2_invoice"))
    line = {**bill["line_items"][0], "id": "a", "amount": 12.0, "units": 100, "rate_per_unit": 0.12}
    deleted = {**line, "id": "b", "amount": 5.0, "units": 1, "rate_per_unit": 5, "deleted_at": "2020-06-01T00:00:00Z"}
    bill |= {"line_items": [line, deleted], "total": {"cost": cost}}
    (found,) = derive(account(api="v2"), Month(2020, 5), [response("v2.invoice_by_month", bill)]).invoices
    assert [line.amount for line in found.lines] == [12, 5 if counts else 0]
    if not counts:
        assert (found.lines[1].quantity, found.lines[1].rate) == (None, None)
        assert found.lines[1].attributes["voided"] == {"amount": 5, "units": 1, "rate_per_unit": 5}


def test_a_v2_bill_that_starts_some_hours_early_is_the_month_s(account, response, payload):
    bill = json.loads(payload("v2_invoice")) | {
        "start_time": "2020-04-30T22:00:00Z",
        "end_time": "2020-05-31T22:00:00Z",
    }
    (found,) = derive(account(api="v2"), Month(2020, 5), [response("v2.invoice_by_month", bill)]).invoices
    assert found.month == Month(2020, 5)


@pytest.mark.parametrize(("shape", "rows"), [("object", 2), ("list", 2), ("null", 0), ("empty", 0)])
def test_service_usage_may_be_an_object_a_list_or_null(account, response, payload, shape, rows):
    body = json.loads(payload("v3_service_usage_metrics"))
    body["data"] = {"object": body["data"], "list": [body["data"]], "null": None, "empty": []}[shape]
    account_month = derive(account(), Month(2024, 5), [response("v3.service_usage_metrics", body)])
    assert len(account_month.usage_reports[0].lines) == rows
    assert [(len(listing.row_ids), listing.ended) for listing in account_month.listings] == [(rows, True)]
    assert [field.name for field in account_month.unknown_fields] == (["data=null"] if shape == "null" else [])


def test_a_v2_bill_counts_once_it_is_issued(account, response, payload):
    bill = json.loads(payload("v2_invoice"))
    may = Month(2020, 5)
    responses = [response("v2.invoice_by_month", bill), response("v2.invoice_by_id", bill)]
    account_month = derive(account(api="v2"), may, responses)
    assert [found.invoice_id for found in account_month.invoices] == ["4183280"]
    assert account_month.by_id["4183280"] == account_month.invoices[0]
    for status in ("MTD", "Pending"):
        early = {**bill, "status": {"status": status}}
        assert derive(account(api="v2"), may, [response("v2.invoice_by_month", early)]).invoices == ()


def test_a_v2_bill_of_another_month_than_asked_for_is_an_error(account, response, payload):
    with pytest.raises(PayloadError, match="asked for 2024-01"):
        derive(account(api="v2"), JANUARY, [response("v2.invoice_by_month", payload("v2_invoice"))])


@pytest.mark.parametrize(
    ("start", "sent", "is_stored"),
    [
        ("2020-04-01T00:00:00Z", "2020-06-03T17:00:00Z", True),  # sent when May's bill is: its period is wrong
        ("2020-04-01T00:00:00Z", "2020-05-03T17:00:00Z", False),  # April's bill
        ("2020-04-01T00:00:00Z", None, False),
        ("2020-06-01T00:00:00Z", "2020-07-03T17:00:00Z", False),  # June's
    ],
)
def test_a_v2_bill_of_another_period_is_the_month_s_if_it_was_sent_after_it(
    account, response, payload, start, sent, is_stored
):
    bill = json.loads(payload("v2_invoice"))
    bill |= {"start_time": start, "end_time": None, "status": {"status": "Paid", "sent_at": sent}}
    answers = [response("v2.invoice_by_month", bill)]
    if is_stored:
        (found,) = derive(account(api="v2"), Month(2020, 5), answers).invoices
        assert found.month == Month(2020, 5)
        assert "after which it was sent" in found.period_evidence
    else:
        with pytest.raises(PayloadError, match="asked for 2020-05"):
            derive(account(api="v2"), Month(2020, 5), answers)


def test_usage_keeps_quantity_and_raw_quantity(account, response, payload):
    account_month = derive(account(), Month(2024, 5), [response("v3.usage_metrics", payload("v3_usage_metrics"))])
    (report,) = account_month.usage_reports
    assert (report.kind, report.report_id) == ("usage_metrics", "usage_metrics/2024-05")
    assert [(line.name, line.quantity, line.raw_quantity, line.product) for line in report.lines] == [
        ("North America Requests", Decimal(41250), Decimal(412500000), "cdn_usage"),
        ("North America Bandwidth", Decimal("15234.5"), Decimal(15234500000000), "cdn_usage"),
    ]


def test_service_usage_is_one_listing_for_each_question(account, response, payload):
    body = json.loads(payload("v3_service_usage_metrics"))
    more = json.loads(json.dumps(body))
    body["data"]["meta"]["next_cursor"] = "c2"
    asked = "product_id=cdn_usage&usage_type_name=North+America+Requests"
    responses = [
        response("v3.service_usage_metrics", body, asked),
        response("v3.service_usage_metrics", more, f"{asked}&cursor=c2"),
        response("v3.service_usage_metrics", more, "product_id=compute_usage&usage_type_name=Compute"),
    ]
    account_month = derive(account(), Month(2024, 5), responses)
    assert [(len(listing.row_ids), listing.declared_total, listing.ended) for listing in account_month.listings] == [
        (4, 2, True),
        (2, 2, True),
    ]
    (report,) = account_month.usage_reports
    assert [line.position for line in report.lines] == [1, 2, 3, 4, 5, 6]
    assert report.lines[0].quantity == Decimal("31250.5")
    assert report.lines[0].attributes["service_id"] == "SU1Z0isxPaozGVKXdv0eY"
    assert str(report.ends_at) == "2024-06-01 00:00:00+00:00"


@pytest.mark.parametrize(
    ("operation", "name", "total"),
    [("v3.month_to_date", "v3_month_to_date", "1523.47"), ("v2.month_to_date", "v2_month_to_date", "67.5")],
)
def test_an_estimate_is_read_by_its_generation(account, response, payload, operation, name, total):
    assert derive_month_to_date(account(), response(operation, payload(name))).total == Decimal(total)


def test_what_the_vendor_adds_is_kept_and_noted(account, response):
    account_month = derive(account(), JANUARY, [response("v3.list_invoices", page({**FIRST, "tax_amount": "0.10"}))])
    assert account_month.invoices[0].attributes == {"tax_amount": "0.10"}
    assert {f"{field.record_type}.{field.name}" for field in account_month.unknown_fields} == {"invoice.tax_amount"}


def test_of_invoices_with_one_id_the_first_counts(account, response):
    again = invoice("2", "2024-01-01T00:00:00Z", "2024-01-31T23:59:59Z", total="9.99")
    pages = [response("v3.list_invoices", page(SECOND, FIRST, cursor="c2")), response("v3.list_invoices", page(again))]
    found = derive(account(), JANUARY, pages).invoices
    assert [(each.invoice_id, str(each.total)) for each in found] == [("3", "-0.30"), ("2", "1.10")]


def test_a_page_with_an_ambiguous_invoice_is_refused_before_it_is_kept(response):
    listing = response("v3.list_invoices", page(FIRST))
    listing = replace(listing, body=listing.body.replace(b'"currency_code"', b'"invoice_id": "8", "currency_code"'))
    with pytest.raises(PayloadError, match=r"GET .*: the body of .*uplicate"):
        listing.json()
