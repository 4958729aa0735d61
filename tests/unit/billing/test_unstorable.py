"""The sentence about a value that the database cannot hold names its invoice and line."""

from datetime import UTC, datetime

import pytest

from billing.errors import PayloadError
from billing.payloads.response import Response
from billing.payloads.unstorable import place_of_unstorable

LINE = '{"data": [{"invoice_id": "900001", "lines": [{"name": "a"}, {"sku_number": 7, "name": %s}]}], "meta": {"n": 1}}'
PLACE = "data 1 (invoice_id 900001), lines 2 (sku_number 7), name"


@pytest.mark.parametrize(
    "value",
    [
        '"a\\u0000"',
        '"\\ud800"',
        '"\\udc00x"',
        "1E+200",
        "1E-200",
        "9" * 101,
        "NaN",
        "-Infinity",
        "1E+99999999999999999999",
    ],
)
def test_the_place_is_named(value):
    assert place_of_unstorable((LINE % value).encode()) == PLACE


@pytest.mark.parametrize(
    "value", ['"a"', '"\\ud83d\\ude00"', '"\\\\u0000"', "1E+99", "0.5", "true", "null", "[]", '"%s"' % ("9" * 300)]
)
def test_what_can_be_stored_has_no_place(value):
    assert place_of_unstorable((LINE % value).encode()) is None


def test_the_first_place_counts_and_names_of_members_too():
    assert place_of_unstorable(b'{"a": {"b\\u0000": 1}, "c": "\\u0000"}') == "a, b\\x00"
    assert place_of_unstorable(b'{"a": ["\\u0000"], "c": "\\u0000"}') == "a 1"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 100_000, b'{"a": '])
def test_what_is_not_json_has_no_place(body):
    assert place_of_unstorable(body) is None


def test_a_response_says_where_and_that_a_retry_is_useless():
    body = (LINE % '"a\\u0000b"').encode()
    response = Response("list", "GET /invoices", 200, "application/json", body, datetime(2026, 11, 1, tzinfo=UTC))
    with pytest.raises(
        PayloadError, match=r"GET /invoices: .*U\+0000.*; it is in data 1 \(invoice_id 900001\), lines 2 .*useless"
    ):
        response.json()
