"""Each text of each answer replaced by each hostile one: it is read as it came, or refused in one harmless line."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.matrix.hostile.words import HOSTILE
from tests.unit.billing_vendors.genesys_cloud.test_derive import a_month

from billing.config.accounts import Account
from billing.errors import BillingError
from billing.models import AccountMonth
from billing.month import Month
from billing.payloads.response import Response
from billing_vendors.fastly.settings import FastlySettings
from billing_vendors.genesys_cloud.settings import GenesysSettings
from billing_vendors.registry import vendor_named

FASTLY_PAYLOADS = Path(__file__).resolve().parents[2] / "unit" / "billing_vendors" / "fastly" / "payloads"
ACCOUNTS = {
    "fastly": FastlySettings("abc"),
    "genesys_cloud": GenesysSettings("9d7f0d63-95ae-4df7-8955-2bca7152ca19", "A-00000077", None),
}


def fastly_month() -> list[Response]:
    def response(operation: str, body: object) -> Response:
        now = datetime(2026, 11, 22, tzinfo=UTC)
        return Response(operation, f"GET /{operation}", 200, "application/json", json.dumps(body).encode(), now)

    def payload(name: str) -> Any:
        return json.loads((FASTLY_PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))

    invoice = payload("v3_invoice")
    return [
        response("v3.list_invoices", {"data": [invoice], "meta": {"next_cursor": "", "total": 1}}),
        response("v3.invoice_by_id", invoice),
        response("v3.usage_metrics", payload("v3_usage_metrics")),
    ]


ANSWERS = {"fastly": fastly_month(), "genesys_cloud": a_month()}
MONTHS = {
    "fastly": Month.parse(json.loads(ANSWERS["fastly"][1].body)["billing_start_date"][:7]),
    "genesys_cloud": Month(2025, 1),
}


def leaves(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Give the place of each text in a JSON value, and of each object as ``…, None``: there a member may be added."""
    if isinstance(value, str):
        yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from leaves(member, (*path, name))


def with_text(responses: list[Response], at: int, path: tuple[str | int, ...], text: str) -> list[Response]:
    document = copy.deepcopy(json.loads(responses[at].body))
    inner = document
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = text
    body = json.dumps(document).encode()
    return [*responses[:at], replace(responses[at], body=body), *responses[at + 1 :]]


def account(vendor: str) -> Account[Any]:
    return Account(vendor, "acme", "c", "USD", Month(2023, 1), 5, ACCOUNTS[vendor])


PLACES = [
    pytest.param(vendor, at, id=f"{vendor}-{response.operation}-{at}")
    for vendor, responses in ANSWERS.items()
    for at, response in enumerate(responses)
]
TURNS = 4  # each place meets a quarter of the words, and the place beside it the next quarter


@pytest.mark.parametrize(("vendor", "at"), PLACES)
def test_a_hostile_text_is_a_value_or_an_error_of_one_line(vendor, at):
    derive = vendor_named(vendor).load_implementation().derive
    for turn, path in enumerate(leaves(json.loads(ANSWERS[vendor][at].body))):
        for name, text in list(HOSTILE.items())[turn % TURNS :: TURNS]:
            responses = with_text(ANSWERS[vendor], at, path, text)
            try:
                account_month = derive(account(vendor), MONTHS[vendor], responses)
            except BillingError as error:
                message = str(error)
                assert message.isprintable(), (path, name, message)
                assert len(message) < 2100
            else:
                assert isinstance(account_month, AccountMonth)


@pytest.mark.parametrize("vendor", ANSWERS)
def test_a_hostile_member_is_kept_and_named(vendor):
    """A vendor may add members at any time, and calls them what it likes."""
    derive = vendor_named(vendor).load_implementation().derive
    at = next(n for n, response in enumerate(ANSWERS[vendor]) if response.operation in {"v3.list_invoices", "invoices"})
    rows = "data" if vendor == "fastly" else "entities"
    for name, text in HOSTILE.items():
        document = json.loads(ANSWERS[vendor][at].body)
        document[rows][0][text] = text
        body = json.dumps(document).encode()
        responses = [replace(each, body=body) if n == at else each for n, each in enumerate(ANSWERS[vendor])]
        account_month = derive(account(vendor), MONTHS[vendor], responses)
        assert text in {field.name for field in account_month.unknown_fields}, name
