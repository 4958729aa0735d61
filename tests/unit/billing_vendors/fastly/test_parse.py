"""Recorded documents and what they should give, digit for digit."""

import pytest

from billing.errors import PayloadError
from billing.month import Month
from billing.payloads import exact_json
from billing.payloads.json_reader import JsonObject
from billing_vendors.fastly import parse, parse_legacy
from billing_vendors.fastly.vocabulary import UnknownFields, end_of

MAY = Month(2020, 5)
PARSERS = {
    "v3_invoice": parse.parse_invoice,
    "v3_invoice.camel_lines": parse.parse_invoice,
    "v3_month_to_date": parse.parse_month_to_date,
    "v2_invoice": lambda row, unknown_fields: parse_legacy.parse_invoice(row, MAY, unknown_fields),
    "v2_invoice.nulls": lambda row, unknown_fields: parse_legacy.parse_invoice(row, MAY, unknown_fields),
    "v2_month_to_date": parse_legacy.parse_month_to_date,
}


@pytest.mark.parametrize("name", sorted(PARSERS))
def test_a_document_gives_what_is_expected(name, payload, expected, plain):
    unknown_fields = UnknownFields()
    value = PARSERS[name](JsonObject(exact_json.loads(payload(name)), name), unknown_fields)
    unknown = sorted(f"{field.record_type}.{field.name}" for field in unknown_fields.unknown)
    assert {"value": plain(value), "unknown": unknown} == expected(name)


@pytest.mark.parametrize(
    ("name", "member"),
    [
        ("v3_invoice", "invoice_id"),
        ("v3_invoice", "billing_start_date"),
        ("v3_invoice", "currency_code"),
        ("v3_invoice", "monthly_transaction_amount"),
        ("v3_month_to_date", "invoice_id"),
        ("v3_month_to_date", "billing_start_date"),
        ("v3_month_to_date", "monthly_transaction_amount"),
        ("v2_invoice", "invoice_id"),
        ("v2_invoice", "total"),
        ("v2_month_to_date", "invoice_id"),
        ("v2_month_to_date", "start_time"),
        ("v2_month_to_date", "total"),
    ],
)
def test_a_missing_member_is_an_error_that_names_it(name, member, payload):
    document = exact_json.loads(payload(name))
    del document[member]
    with pytest.raises(PayloadError, match=member):
        PARSERS[name](JsonObject(document, name), UnknownFields())


@pytest.mark.parametrize("amount", [None, True, [], {}, "12.5 USD", "", "NaN", "1e999999"])
def test_an_amount_that_is_none_is_an_error(amount, payload):
    document = exact_json.loads(payload("v3_invoice"))
    document["transaction_line_items"][1]["amount"] = amount
    with pytest.raises(PayloadError, match="line_items 2: amount"):
        parse.parse_invoice(JsonObject(document, "row"), UnknownFields())


@pytest.mark.parametrize(
    ("written", "end"),
    [
        ("2024-01-31T23:59:59Z", "2024-02-01 00:00:00"),
        ("2024-01-31T23:59:59.999Z", "2024-02-01 00:00:00"),
        ("2024-02-01T00:00:00Z", "2024-02-01 00:00:00"),
        ("2024-01-31", "2024-02-01 00:00:00"),
        ("2024-02-29", "2024-03-01 00:00:00"),
        ("2024-01-31T18:59:59-05:00", "2024-02-01 00:00:00"),
        ("2024-01-10T12:30:00Z", "2024-01-10 12:30:00"),
    ],
)
def test_a_period_s_end_becomes_the_first_instant_after_it(written, end):
    assert end_of(JsonObject({"end": written}, "row"), "end").strftime("%Y-%m-%d %H:%M:%S") == end


@pytest.mark.parametrize("written", ["2024-13-01", "2024-01-31T23:59:59", "soon", 20240131])
def test_an_end_that_is_no_moment_is_an_error(written):
    with pytest.raises(PayloadError, match="end"):
        end_of(JsonObject({"end": written}, "row"), "end")


def test_v2_claims_no_currency(payload):
    """Its prices are in US dollars by the guide, but no document says so."""
    bill = parse_legacy.parse_invoice(JsonObject(exact_json.loads(payload("v2_invoice")), "row"), MAY, UnknownFields())
    assert bill.currency is None
    assert bill.lines_total == bill.total
