"""Airflow's four processes and the settings they share."""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from tieout_stack.airflow_api import AirflowApi
from tieout_stack.environment import own_environment
from tieout_stack.errors import StackError
from tieout_stack.ports import LOOPBACK
from tieout_stack.state import StateFolder, write_private
from tieout_stack.supervisor import Supervisor

ADMIN = "admin"
APPROVER = "approver"
"""A second person: months are closed by two."""
# module and arguments; logs are read from the disk they are written to, so no component serves them
COMPONENTS: Mapping[str, tuple[str, ...]] = {
    "airflow-api-server": ("airflow", "api-server", "--workers", "1"),
    "airflow-scheduler": ("tieout_stack.airflow_scheduler", "scheduler", "--skip-serve-logs"),
    "airflow-dag-processor": ("airflow", "dag-processor"),
    "airflow-triggerer": ("airflow", "triggerer", "--skip-serve-logs"),
}
# the api-server last: the others report to it while they stop
STOP_ORDER = (("airflow-scheduler", "airflow-triggerer", "airflow-dag-processor"), ("airflow-api-server",))
MIGRATION = "airflow-db-migrate"
READY_SECONDS = 180


@dataclass(frozen=True, slots=True)
class AirflowStack:
    """
    One Airflow on loopback, with LocalExecutor.

    :param checkout: folder of ``dags/``, ``plugins/`` and ``include/``.
    :param state: where logs, secrets and Airflow's home are.
    :param metadata_url: Airflow's own database.
    :param port: of the UI and the API.
    """

    checkout: Path
    state: StateFolder
    metadata_url: str
    port: int

    @property
    def base_url(self) -> str:
        """Address of the UI and the API."""
        return f"http://{LOOPBACK}:{self.port}"

    def api(self) -> AirflowApi:
        """Return a client signed in as the administrator."""
        return AirflowApi(self.base_url, ADMIN, self.state.secrets().admin_password)

    def api_of_approver(self) -> AirflowApi:
        """Return a client signed in as the second person."""
        return AirflowApi(self.base_url, APPROVER, self.state.secrets().approver_password)

    def environment(self) -> dict[str, str]:
        """Return the environment of every Airflow process, without settings of the user's own Airflow."""
        secrets = self.state.secrets()
        passwords = self.state.airflow_home / "passwords.json"
        settings = {
            "core.load_examples": "False",
            "core.executor": "LocalExecutor",
            "core.parallelism": str(parallelism()),
            "core.max_map_length": "5000",  # accounts of a run; default 1024
            "core.dags_folder": str(self.checkout / "dags"),
            "core.plugins_folder": str(self.checkout / "plugins"),
            "core.fernet_key": secrets.fernet_key,
            "core.execution_api_server_url": f"{self.base_url}/execution/",
            "core.simple_auth_manager_users": f"{ADMIN}:admin,{APPROVER}:user",
            "core.simple_auth_manager_passwords_file": str(passwords),
            "core.test_connection": "Enabled",
            "core.hostname_callable": "airflow.utils.net.get_host_ip_address",
            "database.sql_alchemy_conn": self.metadata_url,
            "api.host": LOOPBACK,
            "api.port": str(self.port),
            "api.base_url": self.base_url,
            "api.secret_key": secrets.api_secret,
            "api_auth.jwt_secret": secrets.jwt_secret,
            "dag_processor.refresh_interval": "10",  # default 300: a new DAG file is unseen for 5 minutes
            "scheduler.scheduler_idle_sleep_time": "0.5",
            "workers.min_heartbeat_interval": "1",  # default 5: holds a finished task's slot that long
            "workers.execution_api_timeout": "30",  # default 5: a busy small machine kills healthy tasks
        }
        return (
            own_environment()
            | {f"AIRFLOW__{name.upper().replace('.', '__')}": value for name, value in settings.items()}
            | {
                "AIRFLOW_HOME": str(self.state.airflow_home),
                "TIEOUT_DOCUMENTS": str(self.state.documents),
            }
        )

    def write_password(self) -> None:
        """Write the file with the passwords of the UI's users."""
        secrets = self.state.secrets()
        content = json.dumps({ADMIN: secrets.admin_password, APPROVER: secrets.approver_password})
        write_private(self.state.airflow_home / "passwords.json", content)

    def start(self, supervisor: Supervisor) -> None:
        """Start the four processes; they are ready some 10 to 20 s later (``wait_until_ready``)."""
        self.write_password()
        environment = self.environment()
        for name, arguments in COMPONENTS.items():
            supervisor.start(name, [sys.executable, "-m", *arguments], environment)

    def start_migration(self, supervisor: Supervisor) -> None:
        """Start the migration of the metadata database to the installed version; it ends by itself."""
        supervisor.start(MIGRATION, [sys.executable, "-m", "airflow", "db", "migrate"], self.environment())

    def wait_until_ready(self, supervisor: Supervisor, report: Callable[[str], None]) -> None:
        """
        Wait until all four report that they are healthy.

        :param report: called at most every 5 s with what is still missing.
        :raises StackError: one ended, or they took too long; names a log file.
        """
        api = self.api()
        deadline = time.monotonic() + READY_SECONDS
        reported_at = time.monotonic()
        while missing := api.unhealthy():
            supervisor.check()
            if time.monotonic() > deadline:
                log = supervisor.log_of(f"airflow-{missing[0].replace('_', '-')}")
                raise StackError(f"Airflow's {missing[0]} is not healthy after {READY_SECONDS} s: see {log}.")
            if time.monotonic() - reported_at >= 5:
                reported_at = time.monotonic()
                report("waiting for " + ", ".join(missing))
            time.sleep(0.25)


def parallelism() -> int:
    """Return how many tasks run at once. The executor forks all its workers at the start, 50 MB each."""
    return min(16, max(4, 2 * (os.cpu_count() or 2)))


def airflow_version() -> str:
    """Return the installed version without importing Airflow, which takes seconds."""
    return version("apache-airflow-core")
