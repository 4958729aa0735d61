"""Everything Tieout needs on one machine: Postgres, both vendors simulated, Airflow; connected and ready."""

from pathlib import Path
from typing import Any

from billing.storage.migrate import upgrade
from tieout_stack.airflow import MIGRATION, STOP_ORDER, AirflowStack
from tieout_stack.airflow_migration import is_migrated, note_migrated
from tieout_stack.cleanup import postgres_of, stop_everything_left
from tieout_stack.errors import StackError
from tieout_stack.logins import PERSON, TASKS, prepare_roles
from tieout_stack.ports import LOOPBACK, free_ports, is_free, require_free
from tieout_stack.simulator import NAME as SIMULATOR
from tieout_stack.simulator import SimulatorProcess
from tieout_stack.stages import Stages
from tieout_stack.state import StateFolder
from tieout_stack.stop_signals import StopSignals
from tieout_stack.supervisor import Supervisor

# how many tasks may talk to a vendor at once; a person may change it in the UI
POOL_SLOTS = {"fastly": 4, "genesys_cloud": 4}
MIGRATION_SECONDS = 300


class LocalStack:
    """
    The processes of one local stack, from the first to the last. The caller holds the state folder's lock.

    :param checkout: folder of ``dags/``, ``plugins/`` and ``include/``.
    :param state: where everything it makes is kept.
    :param stages: tells what happens.
    :param signals: are held back while a process is being started.
    :param port: of the UI; None takes the last one again, or a free one.
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
        Start everything, what takes long beside the rest, and wait until it is ready.

        :raises StackError: something did not start; the caller calls ``stop``.
        """
        self._stop_what_is_left()
        self.simulator.start(self.supervisor)
        with self._stages.stage("Postgres"), self._signals.held_back():
            self.postgres.start()
            for database in ("airflow", "billing"):
                self.postgres.ensure_database(database)
        with self._stages.stage("migrations"):
            self._migrate()
        with self._stages.stage(f"simulator of both vendors at {self.simulator.base_url}"):
            self.simulator.wait_until_ready(self.supervisor)
        with self._stages.stage("Airflow"):
            self.airflow.start(self.supervisor)
            self.airflow.wait_until_ready(self.supervisor, self._stages.tell)
        with self._stages.stage("connections and pools"):
            self._set_up()

    def check(self) -> None:
        """
        Look whether everything runs.

        :raises StackError: something ended; names its log file.
        """
        self.supervisor.check()
        if not self.postgres.running:
            raise StackError(f"Postgres ended unasked: see {self.postgres.log}.")

    def stop(self) -> None:
        """Stop every process, the database last."""
        self.supervisor.stop([*STOP_ORDER, (SIMULATOR, MIGRATION)])
        self.postgres.stop()

    def _stop_what_is_left(self) -> None:
        with self._signals.held_back():
            left = stop_everything_left(self.state)
        if left:
            self._stages.tell(f"stopped what a killed run had left: {', '.join(left)}")

    def _migrate(self) -> None:
        """Bring both schemas to what this code needs; Airflow's takes some seconds and is skipped if it is there."""
        airflow = self.airflow
        airflow.write_password()
        needed = not is_migrated(airflow)
        if needed:
            airflow.start_migration(self.supervisor)
        secrets = self.state.secrets()
        prepare_roles(self.billing_url, {TASKS: secrets.tasks_password, PERSON: secrets.person_password})
        upgrade(self.billing_url)
        if needed:
            self.supervisor.finish(MIGRATION, MIGRATION_SECONDS)
            note_migrated(airflow)

    def database_connection(self) -> dict[str, Any]:
        """Return the fields of the Airflow connection ``billing_db``, the tasks' password included."""
        return {
            "conn_type": "postgres",
            "host": LOOPBACK,
            "port": self.postgres.port,
            "login": TASKS,
            "password": self.state.secrets().tasks_password,
            "schema": "billing",
        }

    def _set_up(self) -> None:
        api = self.airflow.api()
        api.put_connections({**self.simulator.connections(), "billing_db": self.database_connection()})
        for vendor, slots in POOL_SLOTS.items():
            api.ensure_pool(vendor, slots, f"requests to {vendor} at once")

    def _last_port(self, free: int) -> int:
        """Take the port of the last start again if it can be had, so that the user's bookmark works."""
        note = self.state.root / "ui-port"
        last = int(note.read_text(encoding="utf-8")) if note.exists() else free
        port = last if is_free(last) else free
        note.write_text(str(port), encoding="utf-8")
        return port
