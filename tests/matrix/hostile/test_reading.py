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

from billing.accounts import Account
from billing.answer import Answer
from billing.errors import BillingError
from billing.models import AccountMonth
from billing.period import BillingPeriod
from billing_vendors.fastly.settings import FastlySettings
from billing_vendors.genesys_cloud.settings import GenesysSettings
from billing_vendors.registry import vendor_named

FASTLY_PAYLOADS = Path(__file__).resolve().parents[2] / "unit" / "billing_vendors" / "fastly" / "payloads"
ACCOUNTS = {
    "fastly": FastlySettings("abc"),
    "genesys_cloud": GenesysSettings("9d7f0d63-95ae-4df7-8955-2bca7152ca19", "A-00000077", None),
}


def fastly_month() -> list[Answer]:
    def answer(operation: str, body: object) -> Answer:
        now = datetime(2026, 11, 22, tzinfo=UTC)
        return Answer(operation, f"GET /{operation}", 200, "application/json", json.dumps(body).encode(), now)

    def payload(name: str) -> Any:
        return json.loads((FASTLY_PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))

    invoice = payload("v3_invoice")
    return [
        answer("v3.list_invoices", {"data": [invoice], "meta": {"next_cursor": "", "total": 1}}),
        answer("v3.invoice_by_id", invoice),
        answer("v3.usage_metrics", payload("v3_usage_metrics")),
    ]


ANSWERS = {"fastly": fastly_month(), "genesys_cloud": a_month()}
MONTHS = {
    "fastly": BillingPeriod.parse(json.loads(ANSWERS["fastly"][1].body)["billing_start_date"][:7]),
    "genesys_cloud": BillingPeriod(2025, 1),
}


def leaves(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Give the place of each text in a JSON value, and of each object as ``…, None``: there a member may be added."""
    if isinstance(value, str):
        yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from leaves(member, (*path, name))


def with_text(answers: list[Answer], at: int, path: tuple[str | int, ...], text: str) -> list[Answer]:
    document = copy.deepcopy(json.loads(answers[at].body))
    inner = document
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = text
    body = json.dumps(document).encode()
    return [*answers[:at], replace(answers[at], body=body), *answers[at + 1 :]]


def account(vendor: str) -> Account[Any]:
    return Account(vendor, "acme", "c", "USD", BillingPeriod(2023, 1), 5, ACCOUNTS[vendor])


PLACES = [
    pytest.param(vendor, at, id=f"{vendor}-{answer.operation}-{at}")
    for vendor, answers in ANSWERS.items()
    for at, answer in enumerate(answers)
]
TURNS = 4  # each place meets a quarter of the words, and the place beside it the next quarter


@pytest.mark.parametrize(("vendor", "at"), PLACES)
def test_a_hostile_text_is_a_value_or_an_error_of_one_line(vendor, at):
    derive = vendor_named(vendor).derive
    for turn, path in enumerate(leaves(json.loads(ANSWERS[vendor][at].body))):
        for name, text in list(HOSTILE.items())[turn % TURNS :: TURNS]:
            answers = with_text(ANSWERS[vendor], at, path, text)
            try:
                month = derive(account(vendor), MONTHS[vendor], answers)
            except BillingError as error:
                message = str(error)
                assert message.isprintable(), (path, name, message)
                assert len(message) < 2100
            else:
                assert isinstance(month, AccountMonth)


@pytest.mark.parametrize("vendor", ANSWERS)
def test_a_hostile_member_is_kept_and_named(vendor):
    """A vendor may add members at any time, and calls them what it likes."""
    derive = vendor_named(vendor).derive
    at = next(n for n, answer in enumerate(ANSWERS[vendor]) if answer.operation in {"v3.list_invoices", "invoices"})
    rows = "data" if vendor == "fastly" else "entities"
    for name, text in HOSTILE.items():
        document = json.loads(ANSWERS[vendor][at].body)
        document[rows][0][text] = text
        body = json.dumps(document).encode()
        answers = [replace(each, body=body) if n == at else each for n, each in enumerate(ANSWERS[vendor])]
        month = derive(account(vendor), MONTHS[vendor], answers)
        assert text in {field.name for field in month.unknown_fields}, name
