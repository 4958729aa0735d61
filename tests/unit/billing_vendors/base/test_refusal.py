"""Which error an HTTP answer means."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from billing.errors import PayloadError, VendorRejected, VendorUnavailable
from billing_vendors.base.client.request import PDF, Request
from billing_vendors.base.client.status_errors import (
    RawResponse,
    retry_after_seconds,
    sanitize,
    status_error,
    wrong_body,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
QUESTION = Request("v1.thing", "/thing", {"page": "2"})


def raw(status: int, body: object = b"", **headers: str) -> RawResponse:
    encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
    return RawResponse(status, {name.replace("_", "-"): value for name, value in headers.items()}, encoded, NOW)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        ("30", 30.0),
        ("1.5", 1.5),
        ("-5", 0.0),
        ("1e400", 86400.0),
        ("99999999", 86400.0),
        ("nan", None),
        ("soon", None),
        ("", None),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        ("Sun, 22 Nov 2026 12:01:30 -0000", 90.0),
        (format_datetime(NOW - timedelta(hours=1), usegmt=True), 0.0),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(value, seconds):
    assert retry_after_seconds(value, NOW) == seconds


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_what_may_pass_is_unavailable_and_keeps_what_the_vendor_asked_for(status):
    error = status_error(QUESTION, raw(status, retry_after="17"))
    assert isinstance(error, VendorUnavailable)
    assert (error.retry_after, error.status) == (17.0, status)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 406, 409, 413, 415, 422])
def test_what_will_not_pass_is_rejected(status):
    error = status_error(QUESTION, raw(status))
    assert isinstance(error, VendorRejected)
    assert error.status == status
    assert str(error).startswith(f"GET /thing?page=2 answered {status}")


def test_a_success_nobody_asked_for_is_a_payload_error():
    assert isinstance(status_error(QUESTION, raw(202)), PayloadError)


def test_a_redirect_names_the_target_host_and_no_more():
    error = status_error(QUESTION, raw(302, location="https://files.example.org/a?signature=s3cr3t"))
    assert isinstance(error, VendorRejected)
    assert "files.example.org" in str(error)
    assert "s3cr3t" not in str(error)


def test_the_vendors_words_are_shown_on_one_line_and_cut():
    error = status_error(QUESTION, raw(403, {"msg": "No\r\nFAKE LOG LINE \x1b[31m" + "x" * 500, "token": "s3cr3t"}))
    assert "\n" not in str(error)
    assert "\x1b" not in str(error)
    assert "No\\r\\nFAKE" in str(error)
    assert len(str(error)) < 400
    assert "s3cr3t" not in str(error)


@pytest.mark.parametrize("body", [b"<html>s3cr3t</html>", b"[1]", b'{"a": "s3cr3t"}', b'{"msg": 1}', b"\xff"])
def test_a_body_without_a_documented_text_is_not_quoted(body):
    assert str(status_error(QUESTION, raw(500, body))) == "GET /thing?page=2 answered 500"


def test_json_is_taken_under_any_media_type_but_must_be_json():
    assert wrong_body(QUESTION, raw(200, {"a": 1}, content_type="text/plain")) is None
    assert wrong_body(QUESTION, raw(202, b"")) is None
    error = wrong_body(QUESTION, raw(200, b"<html>s3cr3t</html>", content_type="text/html; charset=utf-8"))
    assert "text/html, not usable as application/json" in str(error)
    assert "s3cr3t" not in str(error)


def test_a_file_must_have_the_media_type_asked_for():
    request = Request("v1.file", "/file", accept=PDF)
    assert wrong_body(request, raw(200, b"%PDF-", content_type="Application/PDF; x=y")) is None
    assert wrong_body(request, raw(200, b"%PDF-", content_type="text/html")) is not None


@pytest.mark.parametrize("length", [0, 159, 160, 161, 5000])
def test_shown_text_is_ascii_without_control_characters(length):
    text = ("aé\n\u2028\x00😀\\" * length)[:length]
    assert sanitize(text).isprintable()
    assert len(sanitize(text)) <= 161
