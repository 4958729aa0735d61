"""Recorded answers, accounts, and the simulated Fastly."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billing.config.accounts import Account
from billing.month import Month
from billing.payloads.response import Response
from billing_vendors.fastly.settings import FastlySettings
from vendor_simulator.fastly.world import FastlyWorld
from vendor_simulator.testing import Simulator
from vendor_simulator.world import World

FOLDER = Path(__file__).parent


@pytest.fixture
def payload() -> Callable[[str], bytes]:
    """Read a recorded body by its file's name."""
    return lambda name: (FOLDER / "payloads" / f"{name}.json").read_bytes()


@pytest.fixture
def expected() -> Callable[[str], Any]:
    """Read what a recorded body should give."""
    return lambda name: json.loads((FOLDER / "expected" / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture
def plain() -> Callable[[object], Any]:
    """Write a value as JSON with every decimal digit for digit; empty members are left out."""
    return as_plain


def as_plain(value: object) -> Any:
    match value:
        case None | str() | bool() | int():
            return value
        case Decimal():
            return f"{value:f}"
        case date() | Month():
            return str(value)
        case dict():
            return {name: as_plain(member) for name, member in value.items()}
        case list() | tuple():
            return [as_plain(member) for member in value]
    members = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return {name: as_plain(member) for name, member in members.items() if member not in (None, {})}


@pytest.fixture
def response() -> Callable[..., Response]:
    """Make an answer of an operation."""

    def make(operation: str, body: bytes | dict[str, Any], query: str = "", status: int = 200) -> Response:
        encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = f"GET /{operation}?{query}"
        return Response(operation, request, status, "application/json", encoded, datetime(2026, 11, 22, tzinfo=UTC))

    return make


@pytest.fixture
def account() -> Callable[..., Account[FastlySettings]]:
    """Make an account; keywords are its settings."""

    def make(name: str = "acme", conn_id: str = "fastly_test", **settings: Any) -> Account[FastlySettings]:
        own = FastlySettings(**{"customer_id": "abc", **settings})
        return Account("fastly", name, conn_id, "USD", Month(2023, 1), 5, own)

    return make


@pytest.fixture(scope="module")
def fastly() -> Iterator[Simulator]:
    """The simulated Fastly, on 22 November 2026."""
    with Simulator(World(seed=7), now=datetime(2026, 11, 22, 12, tzinfo=UTC)) as running:
        yield running


@pytest.fixture
def simulated(fastly, monkeypatch) -> Iterator[Simulator]:
    """The simulated Fastly with its connections defined and no fault in force."""
    for conn_id, connection in fastly.connections().items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection))
    yield fastly
    fastly.faults.clear()
    fastly.set_now(datetime(2026, 11, 22, 12, tzinfo=UTC))


@pytest.fixture
def accounts(simulated) -> dict[str, Account[FastlySettings]]:
    """The simulated accounts by name."""
    return {
        known.name: Account(
            "fastly",
            known.name,
            known.conn_id,
            known.currency,
            Month.parse(str(known.first_month)),
            known.posting_day,
            FastlySettings(known.customer_id, known.api, known.parent_pay),
        )
        for known in simulated.world.of(FastlyWorld).accounts
    }
