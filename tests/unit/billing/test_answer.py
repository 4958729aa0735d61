"""One vendor answer, as it was received."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billing.errors import PayloadError
from billing.payloads.response import Response


def response(body):
    return Response("v3.list_invoices", "GET /billing/v3/invoices", 200, "application/json", body, datetime.now(UTC))


def test_the_hash_is_that_of_the_bytes():
    assert response(b"abc").sha256.hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_the_body_is_read_without_floats():
    assert response(b'{"a": 1.10}').json() == {"a": Decimal("1.10")}


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a": NaN}', b'{"a": 1, "a": 2}'])
def test_a_body_that_is_no_json_names_the_request(body):
    with pytest.raises(PayloadError, match=rf"^GET /billing/v3/invoices: the body of {len(body)} bytes"):
        response(body).json()


@pytest.mark.parametrize(("body", "kind"), [(b"[]", "list"), (b"null", "NoneType"), (b'"a"', "str"), (b"1", "int")])
def test_another_json_type_than_an_object_names_the_request(body, kind):
    with pytest.raises(PayloadError, match=rf"^GET /billing/v3/invoices: expected a JSON object, found {kind}"):
        response(body).json_object()
