"""The environment of the fault matrix, and its table at the end of the report."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.matrix.faults.environment import Environment
from tests.matrix.faults.report import Line, Report

from billing_vendors.fastly import probes as fastly_probes
from billing_vendors.genesys_cloud import probes as genesys_probes
from tieout_stack.postgres import PostgresServer
from vendor_simulator.testing import Simulator
from vendor_simulator.web.settings import Settings
from vendor_simulator.world import World

ROOT = Path(__file__).resolve().parents[3]
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def vendors() -> Iterator[Simulator]:
    """Both vendors on 22 November 2026; what takes them a while is ready at once."""
    settings = Settings(estimate_asks=0, report_asks=0, rate_limit=100_000)
    with Simulator(World(seed=7), now=NOW, settings=settings) as simulator:
        yield simulator


@pytest.fixture(scope="session")
def session_environment(
    postgres: PostgresServer,
    migrated_template: str,
    vendors: Simulator,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Environment]:
    """The environment of all cells."""
    environment = Environment(postgres, vendors, migrated_template, tmp_path_factory.mktemp("faults"))
    yield environment
    environment.drop()


@pytest.fixture
def environment(session_environment: Environment, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """The environment, and the Airflow connections to it."""
    for conn_id, connection in session_environment.simulator.connections().items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection))
    monkeypatch.setenv("AIRFLOW_CONN_BILLING_DB", "")  # so that what the environment sets is taken back
    monkeypatch.setenv("TIEOUT_ACCOUNTS", str(ROOT / "include" / "accounts.yaml"))
    monkeypatch.setenv("TIEOUT_DOCUMENTS", str(session_environment.documents))
    for probes in (fastly_probes, genesys_probes):  # the product's own, but for pauses of hundredths of a second
        monkeypatch.setattr(probes, "_ONE_ATTEMPT", replace(probes._ONE_ATTEMPT, first_pause_seconds=0.01))
    return session_environment


@pytest.fixture
def report(record_property: Callable[[str, object], None]) -> Report:
    """Add a line to the table at the end; a property of the test reaches the process that prints it."""

    def add(line: Line) -> None:
        record_property(Line.__name__, asdict(line))

    return add
