"""Everything Tieout needs on one machine: Postgres, simulated vendors, Airflow; connected and ready."""

from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import billing_vendors
from billing.storage.migrate import upgrade
from tieout_stack.airflow import MIGRATION, STOP_ORDER, AirflowStack
from tieout_stack.airflow_migration import is_migrated, store_revision
from tieout_stack.cleanup import postgres_of, stop_everything_left
from tieout_stack.environment import forget_database_settings
from tieout_stack.errors import StackError
from tieout_stack.logins import CLOSING, PAGES, PERSON, TASKS, prepare_roles
from tieout_stack.ports import LOOPBACK, free_ports, is_free, require_free
from tieout_stack.simulator import NAME as SIMULATOR
from tieout_stack.simulator import SimulatorProcess
from tieout_stack.stages import Stages
from tieout_stack.state import StateFolder
from tieout_stack.stop_signals import StopSignals
from tieout_stack.supervisor import Supervisor

POOL_SLOTS = 4  # tasks that may send requests to one vendor at once; a person may change it in the UI
MIGRATION_SECONDS = 300


class LocalStack:
    """
    The processes of one local stack. The caller holds the state folder's lock.

    :param checkout: folder of ``dags/``, ``plugins/`` and ``include/``.
    :param state: where everything that it creates is stored.
    :param stages: prints what happens.
    :param signals: delayed while a process is being started.
    :param port: of the UI; None takes that of the last start, or a free one.
    """

    def __init__(
        self, checkout: Path, state: StateFolder, stages: Stages, signals: StopSignals, port: int | None = None
    ) -> None:
        state.prepare()
        self.state = state
        self._stages = stages
        self._signals = signals
        self.supervisor = Supervisor(state.logs, state.processes, signals)
        self.postgres = postgres_of(state)
        simulator_port, free = free_ports(2)
        self.simulator = SimulatorProcess(simulator_port, state.root / "simulator.ready")
        self._ui_port = require_free(port, "the Airflow UI") if port else self._last_port(free)
        self._checkout = checkout

    @property
    def airflow(self) -> AirflowStack:
        """Airflow on the running Postgres."""
        return AirflowStack(self._checkout, self.state, self.postgres.url("airflow"), self._ui_port)

    @property
    def billing_url(self) -> str:
        """URL of the billing database, with the superuser's login."""
        return self.postgres.url("billing")

    @property
    def reading_url(self) -> str:
        """URL of the billing database, with the login of a person who only reads."""
        return self.postgres.url("billing", PERSON, self.state.secrets().person_password)

    def start(self) -> None:
        """
        Start everything, slow parts in parallel, and wait until it is ready.

        :raises StackError: something did not start; the caller calls ``stop``.
        """
        forget_database_settings()
        self._stop_what_is_left()
        self.simulator.start(self.supervisor)
        with self._stages.stage("Postgres"), self._signals.delayed():
            self.postgres.start()
            for database in ("airflow", "billing"):
                self.postgres.ensure_database(database)
        with self._stages.stage("migrations"):
            self._migrate()
        with self._stages.stage(f"simulated vendors at {self.simulator.base_url}"):
            self.simulator.wait_until_ready(self.supervisor)
        with self._stages.stage("Airflow"):
            self.airflow.start(self.supervisor)
            self.airflow.wait_until_ready(self.supervisor, self._stages.print_progress)
        with self._stages.stage("connections and pools"):
            self._set_up()

    def check(self) -> None:
        """
        Check that everything runs.

        :raises StackError: something ended; names its log file.
        """
        self.supervisor.check()
        if not self.postgres.running:
            raise StackError(f"Postgres stopped unexpectedly: see {self.postgres.log}.")

    def stop(self) -> None:
        """Stop every process, the database last."""
        self.supervisor.stop([*STOP_ORDER, (SIMULATOR, MIGRATION)])
        self.postgres.stop()

    def _stop_what_is_left(self) -> None:
        with self._signals.delayed():
            left = stop_everything_left(self.state)
        if left:
            self._stages.print_progress(f"stopped what a killed run had left running: {', '.join(left)}")

    def _migrate(self) -> None:
        """Migrate both databases; Airflow's takes some seconds and is skipped if it is up to date."""
        airflow = self.airflow
        airflow.write_password()
        needed = not is_migrated(airflow)
        if needed:
            airflow.start_migration(self.supervisor)
        prepare_roles(self.billing_url, self._passwords())
        upgrade(self.billing_url)
        if needed:
            self.supervisor.finish(MIGRATION, MIGRATION_SECONDS)
            store_revision(airflow)

    def database_connection(self, login: str = TASKS) -> dict[str, Any]:
        """Return the fields of an Airflow connection to the billing database, the login's password included."""
        return {
            "conn_type": "postgres",
            "host": LOOPBACK,
            "port": self.postgres.port,
            "login": login,
            "password": self._passwords()[login],
            "schema": "billing",
        }

    def _passwords(self) -> dict[str, str]:
        """Return the password of each login of the billing database."""
        secrets = self.state.secrets()
        return {
            TASKS: secrets.tasks_password,
            PERSON: secrets.person_password,
            PAGES: secrets.pages_password,
            CLOSING: secrets.closing_password,
        }

    def _set_up(self) -> None:
        api = self.airflow.api()
        logins = {"billing_db": TASKS, "billing_review_db": PAGES, "billing_close_db": CLOSING}
        ours = {conn_id: self.database_connection(login) for conn_id, login in logins.items()}
        api.put_connections({**self.simulator.connections(), **ours})
        for vendor in vendor_names():
            api.ensure_pool(vendor, POOL_SLOTS, f"requests to {vendor} at once")

    def _last_port(self, free: int) -> int:
        """Return the port of the last start if it is free, so that the user's bookmark works; else ``free``."""
        stored = self.state.root / "ui-port"
        last = int(stored.read_text(encoding="utf-8")) if stored.exists() else free
        port = last if is_free(last) else free
        stored.write_text(str(port), encoding="utf-8")
        return port


def vendor_names() -> list[str]:
    """Return the names of all vendors. Their folders are listed, as importing them would import Airflow here."""
    return sorted(
        module.name for module in iter_modules(billing_vendors.__path__) if module.ispkg and module.name != "base"
    )
