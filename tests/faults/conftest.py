"""The ground of the fault matrix, and its table at the end of the report."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.faults.ground import Ground

from tieout_stack.postgres import PostgresServer
from vendor_simulator.testing import Simulator
from vendor_simulator.web.settings import Settings
from vendor_simulator.world import World

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Line:
    """One cell of the report."""

    fault: str
    place: str
    outcome: str
    requests: int
    busiest: int
    seconds: float


LINES = pytest.StashKey[list[Line]]()


@pytest.fixture(scope="session")
def vendors() -> Iterator[Simulator]:
    """Both vendors on 22 November 2026; what takes them a while is ready at once."""
    settings = Settings(estimate_asks=0, report_asks=0, rate_limit=100_000)
    with Simulator(World(seed=7), now=NOW, settings=settings) as simulator:
        yield simulator


@pytest.fixture(scope="session")
def session_ground(
    postgres: PostgresServer, migrated_template: str, vendors: Simulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ground]:
    ground = Ground(postgres, vendors, migrated_template, tmp_path_factory.mktemp("faults"))
    yield ground
    ground.drop()


@pytest.fixture
def ground(session_ground: Ground, monkeypatch: pytest.MonkeyPatch) -> Ground:
    """The ground, and the Airflow connections to it."""
    for conn_id, connection in session_ground.simulator.connections().items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection))
    monkeypatch.setenv("AIRFLOW_CONN_BILLING_DB", "")  # so that what the ground sets is taken back
    monkeypatch.setenv("TIEOUT_ACCOUNTS", str(ROOT / "include" / "accounts.yaml"))
    monkeypatch.setenv("TIEOUT_DOCUMENTS", str(session_ground.documents))
    return session_ground


@pytest.fixture
def lines(request: pytest.FixtureRequest) -> list[Line]:
    """The report so far."""
    return request.config.stash.setdefault(LINES, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print one line for each fault and outcome; with -v one for each cell. ``FAULTS_TABLE=FILE`` writes the cells."""
    lines = config.stash.get(LINES, [])
    if not lines:
        return
    if path := os.environ.get("FAULTS_TABLE"):
        rows = (
            "\t".join(map(str, (x.fault, x.place, x.outcome, x.requests, x.busiest, f"{x.seconds:.2f}"))) for x in lines
        )
        Path(path).write_text(
            "fault\tplace\toutcome\trequests\tbusiest\tseconds\n" + "\n".join(rows) + "\n", encoding="utf-8"
        )
    terminalreporter.section(f"{len(lines)} cells of the fault matrix")
    head = f"{'fault':20} {'outcome':28} {'cells':>5} {'requests':>8} {'busiest':>7} {'seconds':>7}  places"
    terminalreporter.write_line(head)
    if config.get_verbosity() > 0:
        grouped = {(line.fault, line.outcome, line.place): [line] for line in lines}
    else:
        grouped = defaultdict(list)
        for line in lines:
            grouped[line.fault, line.outcome, ""].append(line)
    for (fault, outcome, place), cells in grouped.items():
        most = max(line.busiest for line in cells)
        total, longest = sum(line.requests for line in cells), max(line.seconds for line in cells)
        terminalreporter.write_line(
            f"{fault:20} {outcome:28} {len(cells):5} {total:8} {most:7} {longest:7.2f}  {place}".rstrip()
        )
