"""A vendor that answers what a test says, and a billing database to keep and prove it in."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from sqlalchemy import Engine

from billing.config.accounts import Account
from billing.models import AccountMonth, Invoice, InvoiceLine
from billing.month import Month
from billing.payloads.response import Response
from billing.reconciliation.reconciler import Reconciled, Rules, reconcile_month
from billing.storage.engine import engine_from_url
from billing.storage.payloads import Fetch
from billing.storage.tables import metadata
from billing_vendors.fastly.settings import FastlySettings

OCTOBER = Month(2026, 10)


class Examples:
    """Makes the values that tests talk about; whatever is not named is unremarkable."""

    month_key = OCTOBER

    @staticmethod
    def account(name: str = "acme", currency: str = "USD") -> Account[object]:
        return Account(
            "initech", name, "initech_acme", currency, Month(2020, 1), 5, FastlySettings("acme")
        )  # tests borrow its controls

    @staticmethod
    def line(position: int, amount: str, **changed: Any) -> InvoiceLine:
        return replace(InvoiceLine(position, f"line {position}", Decimal(amount)), **changed)

    @classmethod
    def invoice(cls, *amounts: str, invoice_id: str = "I-1", total: str | None = None, **changed: Any) -> Invoice:
        lines = tuple(cls.line(position, amount) for position, amount in enumerate(amounts, start=1))
        made = Invoice(invoice_id, OCTOBER, "said by the test", Decimal(0), "USD", lines)
        made = replace(made, **changed)
        return replace(made, total=Decimal(total) if total is not None else made.lines_total)

    @classmethod
    def month(cls, *invoices: Invoice, account: str = "acme", month: Month = OCTOBER, **rest: Any) -> AccountMonth:
        return AccountMonth("initech", account, month, invoices, **rest)


@pytest.fixture(scope="session")
def make() -> type[Examples]:
    """Makes accounts, invoices and months."""
    return Examples


@dataclass
class Ledger:
    """
    A billing database with a vendor beside it.

    The vendor's answer only names a reading; ``readings`` says what today's code derives from it. To change an entry
    is to change the parser, to answer with another name is to change what the vendor says.
    """

    url: str
    engine: Engine
    folder: Path
    readings: dict[str, AccountMonth] = field(default_factory=dict)
    controls: tuple[Any, ...] = ()

    def fetch(self, *readings: str, account: str = "acme", month: Month = OCTOBER) -> int:
        """Read one month of the vendor completely; give the fetch's id."""
        fetch = self.begin(account=account, month=month)
        for reading in readings:
            fetch.keep(self.response(reading))
        return fetch.complete().fetch_id

    def begin(self, *, account: str = "acme", month: Month = OCTOBER, purpose: str = "month") -> Fetch:
        return Fetch(
            self.engine,
            self.folder,
            purpose=purpose,
            vendor="initech",
            account=account,
            month=month,
            dag_run="manual__1",
        )

    @staticmethod
    def response(reading: str, request: str = "GET /invoices", body: bytes | None = None) -> Response:
        return Response(
            operation="list_invoices",
            request=request,
            status=200,
            media_type="application/json",
            body=json.dumps({"reading": reading}).encode() if body is None else body,
            received_at=datetime.now(UTC),
            headers={"x-request-id": "r-1"},
        )

    def reconcile(
        self, fetch_id: int, account: Account[object] | None = None, derive: Callable[..., AccountMonth] | None = None
    ) -> Reconciled:
        account = account or Examples.account()
        return reconcile_month(self.engine, Rules(derive or self.derive, self.controls), account, fetch_id)

    def derive(
        self, _account: Account[object], _period: Month, responses: tuple[Response, ...], *_: object
    ) -> AccountMonth:
        return self.readings[responses[0].json_object()["reading"]]

    def store(self, account_month: AccountMonth, reading: str = "first") -> Reconciled:
        """Let the vendor say a month, and reconcile it."""
        self.readings[reading] = account_month
        fetch_id = self.fetch(reading, account=account_month.account, month=account_month.month)
        return self.reconcile(fetch_id, Examples.account(account_month.account))

    # -- plain SQL, without the code under test

    @cached_property
    def plain(self) -> psycopg2.extensions.connection:
        """A connection of the test's own; each statement is a transaction."""
        connection = psycopg2.connect(self.url.replace("+psycopg2", ""), options="-c timezone=UTC")
        connection.autocommit = True
        return connection

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self.plain.cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def one(self, statement: str, *values: object) -> Any:
        ((value,),) = self.rows(statement, *values)
        return value

    def dump(self, *, without: tuple[str, ...] = ()) -> dict[str, list[str]]:
        """Give every row of every table as text."""
        return {
            table.name: [row for (row,) in self.rows(f"select t::text from {table.fullname} t order by t::text")]
            for table in metadata.sorted_tables
            if table.name not in without
        }

    def tamper(self, table: str, statement: str) -> None:
        """Do what only somebody with all rights can: switch the guard off, change, switch it on."""
        self.rows(
            f"alter table billing.{table} disable trigger append_only; {statement}; "
            f"alter table billing.{table} enable trigger append_only"
        )


@pytest.fixture
def ledger(migrated_url: str, tasks_url: str, tmp_path: Path) -> Iterator[Ledger]:
    """A migrated billing database, which the product reaches as tasks do, and a vendor with nothing to say yet."""
    engine = engine_from_url(tasks_url)
    made = Ledger(migrated_url, engine, tmp_path)
    yield made
    made.plain.close()
    engine.dispose()


@pytest.fixture(scope="session")
def differing() -> Callable[[Mapping[str, list[str]], Mapping[str, list[str]]], set[str]]:
    """Name the tables that differ between two dumps."""
    return lambda before, after: {name for name in before if before[name] != after[name]}
