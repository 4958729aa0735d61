"""A month to be run: an account with months before and after, its database, its folder, its vendor on a wire."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import make_url
from tests.system.crashes.dump import JsonRows
from tests.system.crashes.task_process import Step, TaskProcess, Told
from tests.system.crashes.wire_proxy import Http, Postgres, WireProxy

from tieout_stack.postgres import PostgresServer
from vendor_simulator.testing import Simulator


@dataclass(frozen=True)
class Case:
    """
    Which month of which account.

    :param restated: the month is stored already, and the vendor has changed one of its bills since.
    """

    vendor: str
    account: str
    month: str
    around: tuple[str, ...]
    restated: bool = False

    @property
    def name(self) -> str:
        return f"{self.vendor} {self.account}{' restated' if self.restated else ''}"

    def steps(self, month: str | None = None, *names: str) -> list[Step]:
        return [Step(name, self.vendor, self.account, month or self.month) for name in names or ("fetch", "reconcile")]


@dataclass
class Place:
    """
    One billing database and one folder of documents, reached over the wires.

    :ivar http: the wire to the vendor.
    :ivar sql: the wire to Postgres.
    """

    url: str
    documents: Path
    environment: dict[str, str]
    http: WireProxy
    sql: WireProxy

    @property
    def rows(self) -> JsonRows:
        return JsonRows(self.url)

    def start(self, steps: Sequence[Step], **options: Any) -> TaskProcess:
        """Start some steps in a process of their own; the wires count from here on."""
        self.http.restart_count()
        self.sql.restart_count()
        return TaskProcess(self.environment, steps, **options)

    def run(self, steps: Sequence[Step], **options: Any) -> Told:
        """Run some steps to their end, which must be good."""
        told = self.start(steps, **options).wait()
        assert (told.exitcode, told.error) == (0, None), told
        return told


class Stage:
    """Where a case is played: as often as wanted, each time from the same beginning."""

    def __init__(self, postgres: PostgresServer, template: str, simulator: Simulator, folder: Path, case: Case) -> None:
        self.case = case
        self.postgres = postgres
        self.simulator = simulator
        self._folder = folder
        self._accounts = folder / "accounts.yaml"
        accounts = [each for each in simulator.world.accounts() if each["name"] == case.account]
        self._accounts.write_text(yaml.safe_dump({"accounts": accounts}), encoding="utf-8")
        self._vendor = WireProxy(make_url(simulator.base_url).port, Http)
        self._sql = WireProxy(postgres.port, Postgres)
        self._template = f"stage_{secrets.token_hex(4)}"
        postgres.create_database(self._template, template=template)
        self._prepare()

    def _prepare(self) -> None:
        """Store the months around, and the month itself if it is to be restated."""
        place = self._place(self._template, self._folder / "beginning")
        for month in (*self.case.around, *([self.case.month] if self.case.restated else [])):
            place.run(self.case.steps(month), dag_run="manual__before")
        if self.case.restated:
            self.simulator.restate(self.case.vendor, self.invoice_id)

    @property
    def invoice_id(self) -> str:
        """The month's first invoice."""
        return self.simulator.truth(self.case.vendor, self.case.account, self.case.month)[0].invoice_id

    @contextmanager
    def place(self) -> Iterator[Place]:
        """Give a fresh copy of the beginning."""
        name = f"stage_{secrets.token_hex(6)}"
        self.postgres.create_database(name, template=self._template)
        documents = self._folder / name
        shutil.copytree(self._folder / "beginning", documents)
        try:
            yield self._place(name, documents)
        finally:
            self.postgres.drop_database(name)
            shutil.rmtree(documents)

    def close(self) -> None:
        self._vendor.close()
        self._sql.close()
        self.postgres.drop_database(self._template)

    def _place(self, database: str, documents: Path) -> Place:
        documents.mkdir(exist_ok=True)
        url = make_url(self.postgres.url(database))
        connections = self.simulator.world.connections(f"http://127.0.0.1:{self._vendor.own_port}")
        connections["billing_db"] = {
            "conn_type": "postgres",
            "host": "127.0.0.1",
            "port": self._sql.own_port,
            "login": url.username,
            "password": url.password,
            "schema": database,
        }
        environment = {f"AIRFLOW_CONN_{name.upper()}": json.dumps(fields) for name, fields in connections.items()}
        environment |= {"TIEOUT_ACCOUNTS": str(self._accounts), "TIEOUT_DOCUMENTS": str(documents)}
        return Place(self.postgres.url(database), documents, environment, self._vendor, self._sql)
