"""Runs that are killed, races and migrations: what they need, and what they say in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from tests.system.crashes.killing import Killing
from tests.system.crashes.stage import Case, Stage

from tieout_stack.postgres import PostgresServer
from vendor_simulator.testing import Simulator
from vendor_simulator.web.settings import Settings
from vendor_simulator.world import World

AROUND = ("2026-07", "2026-09")
CASES = (
    Case("fastly", "acme-media", "2026-08", AROUND, restated=True),
    Case("fastly", "legacy-press", "2026-08", AROUND),
    Case("genesys_cloud", "nord-contact", "2026-08", AROUND),
    Case("genesys_cloud", "pacific-care", "2026-08", AROUND, restated=True),
)
Tally = Callable[[str, str], None]


def a_vendor() -> Simulator:
    """Make a simulator that has every report ready and no limit; its world is its own to be restated."""
    return Simulator(World(seed=7), settings=Settings(report_asks=0, rate_limit=1_000_000))


@pytest.fixture
def tally(record_property: Callable[[str, object], None]) -> Tally:
    """Count what was survived, by kind and place: said at the end of the run, whichever process ran the test."""
    return record_property


@pytest.fixture(scope="session")
def stages(
    postgres: PostgresServer, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Case], Stage]]:
    """Give the stage of a case, with a vendor of its own; made once."""
    made: dict[Case, Stage] = {}

    def stage(case: Case) -> Stage:
        if case not in made:
            simulator = opened.enter_context(a_vendor())
            made[case] = Stage(postgres, migrated_template, simulator, tmp_path_factory.mktemp("stage"), case)
        return made[case]

    with ExitStack() as opened:
        yield stage
        for each in made.values():
            each.close()


@pytest.fixture(scope="session")
def killings(stages: Callable[[Case], Stage]) -> Callable[[Case], Killing]:
    """Give the undisturbed run of a case, played once, to compare with."""
    made: dict[Case, Killing] = {}

    def killing(case: Case) -> Killing:
        if case not in made:
            made[case] = Killing(stages(case))
        return made[case]

    return killing
