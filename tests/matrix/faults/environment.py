"""What the cells of the matrix stand on: the simulated vendors, and for each a database with the month before in it."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.pool import NullPool
from tests.matrix.faults.dump import Dump
from tests.matrix.faults.scenarios import BEFORE, LIMITS, LONG_WAIT, Scenario, fetch_and_prove
from tests.matrix.faults.secret_markers import SecretMarkers

from tieout_stack.postgres import PostgresServer
from vendor_simulator.testing import Simulator


@dataclass(frozen=True)
class Truth:
    """The database of a scenario before it is run, and after a run in which nothing went wrong."""

    template: str
    before: Dump
    after: Dump


@dataclass
class ScenarioDatabase:
    """
    A database for one cell.

    :ivar as_before: the cell has made sure that nothing has changed in it but the raw answers.
    """

    engine: Engine
    truth: Truth
    as_before: bool = False


class Environment:
    """
    Makes databases, and remembers what a fault-free run leaves in them.

    :param template: a migrated database, to be copied.
    :param documents: folder of the vendors' files and of the certificates, for all cells.
    :ivar secret_markers: the secrets of both vendors and of the database.
    """

    def __init__(self, postgres: PostgresServer, simulator: Simulator, template: str, documents: Path) -> None:
        self.simulator = simulator
        self.documents = documents
        self.secret_markers = SecretMarkers()
        self.secret_markers.add_connections(simulator.connections())
        self.secret_markers.add("password of the database", str(make_url(postgres.url("postgres")).password))
        self._postgres = postgres
        self.empty = template
        self._truths: dict[str, Truth] = {}
        self._clean: dict[str, str] = {}

    def truth(self, scenario: Scenario) -> Truth:
        """Give a scenario's truth; made once."""
        if scenario.name not in self._truths:
            template = f"faults_{secrets.token_hex(6)}"
            self._postgres.create_database(template, template=self.empty)
            with self._use(template) as engine:
                if scenario.run is fetch_and_prove:
                    outcome = fetch_and_prove(scenario, LIMITS, month=BEFORE)
                    assert outcome.error is None, outcome.error
                before = Dump(engine)
            self._end_sessions(template)
            with self.copy_of(template) as engine:
                outcome = scenario.run(scenario, LIMITS, LONG_WAIT)
                assert outcome.error is None, outcome.error
                self._truths[scenario.name] = Truth(template, before, Dump(engine))
        return self._truths[scenario.name]

    @contextmanager
    def database_of(self, scenario: Scenario) -> Iterator[ScenarioDatabase]:
        """Let the tasks of a scenario use a database as it is before: the same one, while every run leaves it so."""
        truth = self.truth(scenario)
        name = self._clean.pop(scenario.name, "")
        if not name:
            name = f"faults_{secrets.token_hex(6)}"
            self._postgres.create_database(name, template=truth.template)
        with self._use(name) as engine:
            database = ScenarioDatabase(engine, truth)
            yield database
        if database.as_before:
            self._clean[scenario.name] = name
        else:
            self._postgres.drop_database(name)

    @contextmanager
    def copy_of(self, template: str) -> Iterator[Engine]:
        """Copy a database, let the tasks use the copy, and drop it."""
        name = f"faults_{secrets.token_hex(6)}"
        self._postgres.create_database(name, template=template)
        try:
            with self._use(name) as engine:
                yield engine
        finally:
            self._postgres.drop_database(name)

    def drop(self) -> None:
        """Drop all databases."""
        for name in (*self._clean.values(), *(truth.template for truth in self._truths.values())):
            self._postgres.drop_database(name)

    def _end_sessions(self, name: str) -> None:
        """End what tasks have left open in a database: theirs would end with their process."""
        engine = create_engine(self._postgres.url("postgres"), poolclass=NullPool)
        with engine.connect() as connection:
            ended = "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = :name"
            connection.execute(text(ended), {"name": name})
        engine.dispose()

    @contextmanager
    def _use(self, name: str) -> Iterator[Engine]:
        url = make_url(self._postgres.url(name))
        os.environ["AIRFLOW_CONN_BILLING_DB"] = json.dumps(
            {
                "conn_type": "postgres",
                "host": url.host,
                "port": url.port,
                "login": url.username,
                "password": url.password,
                "schema": url.database,
            }
        )
        engine = create_engine(url, poolclass=NullPool)
        yield engine
        engine.dispose()
