"""The same months through Postgres, as tasks do it: fetch and keep, derive and store, run the controls."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from billing.config.accounts import Account
from billing.month import Month
from billing.reconciliation.reconciler import Rules, reconcile_month
from billing.storage.document_store import document_reader
from billing.storage.engine import task_engine
from billing.storage.migrate import upgrade
from billing.storage.payloads import Fetch
from billing_vendors.base.tasks.fetch import keep_all
from billing_vendors.base.vendor import Vendor
from judging.cases import Case
from judging.verdicts import Verdict
from tieout_stack.postgres import PostgresServer

RESULTS = text(
    "select control_id, severity, state, subject, explanation from billing.current_control_result "
    "where vendor = :vendor and account = :account and to_char(month, 'YYYY-MM') = :month "
    "and state in ('EXCEPTION', 'BLOCKED')"
)


@contextmanager
def database() -> Iterator[str]:
    """Start a server with an empty database of the product; yield its URL."""
    folder = Path(tempfile.mkdtemp(prefix="tieout-readings-"))
    folder.chmod(0o755)  # the user who runs Postgres for root must get through
    try:
        with PostgresServer(folder, durable=False) as server:
            server.create_database("readings")
            upgrade(server.url("readings"))
            yield server.url("readings")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Stored:
    """Months of accounts in a database, which holds those of one world: accounts of several have the same names."""

    engine: Engine
    documents: Path
    vendor: Vendor

    def reconcile(self, account: Account[Any], month: Month) -> None:
        """Fetch and reconcile a month."""
        implementation = self.vendor.load_implementation()
        fetch = Fetch(
            self.engine,
            self.documents,
            purpose="month",
            vendor=self.vendor.name,
            account=account.name,
            month=month,
            dag_run="readings",
        )
        fetched = keep_all(fetch, implementation.collect(account, month))
        rules = Rules(implementation.derive, self.vendor.controls(), document_reader(self.documents))
        reconcile_month(self.engine, rules, account, fetched.fetch_id)

    def verdicts(self, case: Case, month: Month) -> tuple[Verdict, ...]:
        """Return the results of a month that a person would have to look at."""
        with self.engine.connect() as connection:
            rows = connection.execute(
                RESULTS, {"vendor": case.vendor, "account": case.account, "month": str(month)}
            ).all()
        return tuple(Verdict(case, str(month), *row) for row in rows)


@contextmanager
def open_stored(url: str, vendor: Vendor) -> Iterator[Stored]:
    """Open a database of :func:`database`."""
    engine = task_engine(url)
    with tempfile.TemporaryDirectory() as folder:
        try:
            yield Stored(engine, Path(folder), vendor)
        finally:
            engine.dispose()
