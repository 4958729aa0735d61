"""``make demo``: the whole product on this machine, one month of both vendors, then the table."""

import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from billing.storage.migrate import upgrade
from tieout_stack.airflow import ADMIN, MIGRATION, STOP_ORDER, AirflowStack
from tieout_stack.airflow_migration import is_migrated, note_migrated
from tieout_stack.cleanup import postgres_of, stop_everything_left
from tieout_stack.errors import StackError
from tieout_stack.monthly_runs import MonthlyRun, failures, start_runs, wait_for_runs
from tieout_stack.ports import LOOPBACK, free_ports, is_free, require_free
from tieout_stack.postgres import SUPERUSER
from tieout_stack.simulator import NAME as SIMULATOR
from tieout_stack.simulator import SimulatorProcess
from tieout_stack.stages import Stages
from tieout_stack.state import StateFolder
from tieout_stack.stop_signals import StopSignals
from tieout_stack.summary import month_table
from tieout_stack.supervisor import Supervisor

DAGS = {"fastly": "invoices_fastly", "genesys_cloud": "invoices_genesys_cloud"}
# how many tasks may talk to a vendor at once; a person may change it in the UI
POOL_SLOTS = {"fastly": 4, "genesys_cloud": 4}
MIGRATION_SECONDS = 300


class Demo:
    """
    The processes of one demo, from the first to the last.

    :param checkout: folder of ``dags/``, ``plugins/`` and ``include/``.
    :param state: where everything it makes is kept.
    :param port: of the UI; None takes the last one again, or a free one.
    """

    def __init__(
        self, checkout: Path, state: StateFolder, stages: Stages, signals: StopSignals, port: int | None
    ) -> None:
        self.state = state
        self.stages = stages
        self.signals = signals
        self.supervisor = Supervisor(state.logs, state.processes, signals)
        self.postgres = postgres_of(state)
        simulator_port, free = free_ports(2)
        self.simulator = SimulatorProcess(simulator_port, state.root / "simulator.ready")
        self.ui_port = require_free(port, "the Airflow UI") if port else self._last_port(free)
        self.checkout = checkout
        self.serving = False  # the table is out, and the user may look around
        self.month = latest_closed_month(datetime.now(UTC).date())

    def run(self, *, exit_after: bool) -> int:
        """
        Start, run the month, print; then wait for a stop signal unless ``exit_after``.

        :return: the exit code: 0 only if every run succeeded.
        """
        self.stages.done("environment", self.stages.elapsed)
        self._stop_what_is_left()
        airflow = self._start()
        states = self._run_month(airflow)
        succeeded = set(states.values()) == {"success"}
        self._print_outcome(airflow, states)
        if not exit_after:
            self._serve()
        return 0 if succeeded else 1

    def stop(self) -> None:
        """Stop every process, the database last."""
        self.supervisor.stop([*STOP_ORDER, (SIMULATOR, MIGRATION)])
        self.postgres.stop()

    def _stop_what_is_left(self) -> None:
        with self.signals.held_back():
            left = stop_everything_left(self.state)
        if left:
            self.stages.tell(f"stopped what a killed run had left: {', '.join(left)}")

    def _start(self) -> AirflowStack:
        """Start everything; what takes long runs beside the rest."""
        self.simulator.start(self.supervisor)
        with self.stages.stage("Postgres"), self.signals.held_back():
            self.postgres.start()
            for database in ("airflow", "billing"):
                self.postgres.ensure_database(database)
        airflow = AirflowStack(self.checkout, self.state, self.postgres.url("airflow"), self.ui_port)
        airflow.write_password()
        self._migrate(airflow)
        with self.stages.stage(f"simulator of both vendors at {self.simulator.base_url}"):
            self.simulator.wait_until_ready(self.supervisor)
        with self.stages.stage("Airflow"):
            airflow.start(self.supervisor)
            airflow.wait_until_ready(self.supervisor, self.stages.tell)
        with self.stages.stage("connections and pools"):
            self._set_up(airflow)
        return airflow

    def _migrate(self, airflow: AirflowStack) -> None:
        """Bring both schemas to what this code needs; Airflow's takes some 10 s and is skipped if it is there."""
        with self.stages.stage("migrations"):
            needed = not is_migrated(airflow)
            if needed:
                airflow.start_migration(self.supervisor)
            upgrade(self.postgres.url("billing"))
            if needed:
                self.supervisor.finish(MIGRATION, MIGRATION_SECONDS)
                note_migrated(airflow)

    def _set_up(self, airflow: AirflowStack) -> None:
        api = airflow.api()
        database = {
            "conn_type": "postgres",
            "host": LOOPBACK,
            "port": self.postgres.port,
            "login": SUPERUSER,
            "password": self.postgres.password,
            "schema": "billing",
        }
        api.put_connections({**self.simulator.connections(), "billing_db": database})
        for vendor, slots in POOL_SLOTS.items():
            api.ensure_pool(vendor, slots, f"requests to {vendor} at once")

    def _run_month(self, airflow: AirflowStack) -> dict[MonthlyRun, str]:
        api = airflow.api()
        with self.stages.stage(f"{self.month:%Y-%m} of {' and '.join(DAGS)}"):
            runs = start_runs(api, DAGS, f"{self.month:%Y-%m}")
            return wait_for_runs(api, runs, self.stages.tell, self._check)

    def _print_outcome(self, airflow: AirflowStack, states: dict[MonthlyRun, str]) -> None:
        api = airflow.api()
        for run, state in states.items():
            for line in failures(api, run, self.state.airflow_home / "logs") if state != "success" else []:
                print(line)
        print("", *month_table(self.postgres.url("billing"), self.month), "", sep="\n")
        print(f"{self.stages.elapsed:6.1f} s  in all", end="\n\n")
        password = self.state.secrets().admin_password
        print(f"Airflow   {airflow.base_url}   user {ADMIN}   password {password}", flush=True)

    def _serve(self) -> None:
        self.serving = True
        print("Ctrl-C stops everything.", flush=True)
        while True:
            self._check()
            time.sleep(0.5)

    def _check(self) -> None:
        self.supervisor.check()
        if not self.postgres.running:
            raise StackError(f"Postgres ended unasked: see {self.postgres.log}.")

    def _last_port(self, free: int) -> int:
        """Take the port of the last start again if it can be had, so that the user's bookmark works."""
        note = self.state.root / "ui-port"
        last = int(note.read_text(encoding="utf-8")) if note.exists() else free
        port = last if is_free(last) else free
        note.write_text(str(port), encoding="utf-8")
        return port


def latest_closed_month(today: date) -> date:
    """Give the first day of the month before ``today``'s."""
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)
