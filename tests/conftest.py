"""
The real parts that tests stand on: Postgres, the vendor simulator, an Airflow home; and what kind each test is.

Airflow reads its settings when it is first imported, so they are set here, before any test module is.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # unit tests need none of this
    from tieout_stack.postgres import PostgresServer

ROOT = Path(__file__).resolve().parent.parent
HOME = Path(tempfile.mkdtemp(prefix="tieout-airflow-"))
KINDS = ("system", "matrix", "integration", "unit")  # the folders, in the order in which they run

SOAK_SEED = int(os.environ.get("TIEOUT_SEED") or secrets.randbelow(1_000_000))

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # for the processes that tests start
for name in [name for name in os.environ if name.startswith(("AIRFLOW_", "AIRFLOW__", "TIEOUT_"))]:
    del os.environ[name]  # a developer's own Airflow stays out of the tests
os.environ |= {
    "AIRFLOW_HOME": str(HOME),
    "AIRFLOW__CORE__UNIT_TEST_MODE": "True",
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
    "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
    "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
    "AIRFLOW__CORE__FERNET_KEY": "rQ1bLkFmEfBTPWQK4W8Qe1b0lTzG4hJx6rJ0J7eY5pU=",
    "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(64),
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{HOME}/airflow.db",
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """
    Mark each test with its folder, and as long what ``make test`` leaves out.

    Of ``matrix`` and ``system`` that is everything but the tests marked ``sample``.
    """
    for item in items:
        kind = kind_of(item)
        item.add_marker(kind)
        if kind in {"matrix", "system"} and not item.get_closest_marker("sample"):
            item.add_marker("long")
    items.sort(key=lambda item: KINDS.index(kind_of(item)))


def kind_of(item: pytest.Item) -> str:
    """Return the folder of ``tests`` in which a test lies."""
    return item.path.relative_to(ROOT / "tests").parts[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log):
    """Return what hands tests out to processes: those that share costly fixtures go to one of them."""
    from tests.distribution import SharedFixtures

    return SharedFixtures(config, log)


@pytest.fixture(scope="session")
def watchdog():
    """Told of a folder, it stops what runs there if this run of the tests is killed."""
    from tests.watchdog import Watchdog

    watching = Watchdog()
    yield watching
    watching.close()


@pytest.fixture(scope="session")
def postgres(watchdog) -> Iterator[PostgresServer]:
    """One embedded server for the whole run; nothing it keeps outlives it."""
    # not tmp_path: its parents are closed to the user that runs Postgres when the tests run as root
    folder = Path(tempfile.mkdtemp(prefix="tieout-postgres-"))
    folder.chmod(0o755)
    watchdog.watch(folder)
    from tieout_stack.postgres import PostgresServer

    try:
        with PostgresServer(folder, durable=False) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def billing_url(postgres: PostgresServer) -> Iterator[str]:
    """URL of a fresh, empty database."""
    yield from _fresh_database(postgres, template="template0")


@pytest.fixture
def migrated_url(postgres: PostgresServer, migrated_template: str) -> Iterator[str]:
    """URL of a fresh database in which all migrations ran."""
    yield from _fresh_database(postgres, template=migrated_template)


@pytest.fixture
def tasks_url(migrated_url: str) -> str:
    """URL of the same database with a login of the role that tasks have: what the product does, it does with this."""
    from tieout_stack.logins import TASKS

    return _as(TASKS, migrated_url)


@pytest.fixture
def person_url(migrated_url: str) -> str:
    """URL of the same database with the login of a person who reads."""
    from tieout_stack.logins import PERSON

    return _as(PERSON, migrated_url)


@pytest.fixture(scope="session")
def migrated_template(postgres: PostgresServer) -> str:
    """Name of a database with its roles, in which all migrations ran; to be copied, never to be written."""
    from billing.storage.migrate import upgrade
    from tieout_stack.logins import ROLE_OF, prepare_roles

    name = "migrated_template"
    postgres.create_database(name)
    prepare_roles(postgres.url(name), {login: login for login in ROLE_OF})
    upgrade(postgres.url(name))
    return name


def _as(login: str, url: str) -> str:
    from sqlalchemy import make_url

    return make_url(url).set(username=login, password=login).render_as_string(hide_password=False)


def _fresh_database(postgres: PostgresServer, template: str) -> Iterator[str]:
    name = f"test_{secrets.token_hex(6)}"
    postgres.create_database(name, template=template)
    yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture(scope="session")
def simulator():
    """The vendor simulator on loopback; a test that sets faults takes them back."""
    from vendor_simulator.testing import Simulator
    from vendor_simulator.world import World

    with Simulator(World(seed=7)) as running:
        yield running


@pytest.fixture(scope="session")
def airflow_home() -> Path:
    """Airflow's home with a migrated metadata database, for tests that run tasks or whole DAGs."""
    command = [sys.executable, "-m", "airflow", "db", "migrate"]
    migrated = subprocess.run(command, capture_output=True, text=True, check=False)
    assert migrated.returncode == 0, migrated.stdout + migrated.stderr
    return HOME


@pytest.fixture(scope="session")
def soak_seed() -> int:
    """The seed of a soak test; TIEOUT_SEED sets it."""
    return SOAK_SEED


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say by which seed a soak is run."""
    asked = "soak" in config.getoption("markexpr").removeprefix("not soak")
    return f"soak: TIEOUT_SEED={SOAK_SEED} runs the same again" if asked else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the fault matrix, one line for each fault and outcome (with -v each cell), and what was survived."""
    from tests.matrix.faults import report
    from tests.system.crashes import tally

    report.tell(terminalreporter)  # here, because only this file is read by the process that prints
    tally.tell(terminalreporter)


def pytest_unconfigure() -> None:
    """Leave no folder behind."""
    shutil.rmtree(HOME, ignore_errors=True)
