"""Commands on a running demo: open its database, certify an invoice, derive a month again."""

import os
import subprocess
import sys
import time
from typing import NoReturn

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from tieout_stack.airflow import ADMIN
from tieout_stack.airflow_api import AirflowApi
from tieout_stack.cleanup import postgres_of
from tieout_stack.environment import own_environment
from tieout_stack.errors import StackError
from tieout_stack.logins import PERSON
from tieout_stack.ports import LOOPBACK
from tieout_stack.postgres import embedded_bin_dir
from tieout_stack.state import StateFolder

REDERIVE = "rederive"
SECONDS = 600
DERIVED = """
    SELECT count(*) FROM billing.record_version
    WHERE cause = 'parser' AND recorded_at >= :since
"""


class RunningDemo:
    """
    A running demo, as another command of the same user finds it.

    :raises StackError: none runs in this state folder.
    """

    def __init__(self, state: StateFolder) -> None:
        if not state.root.exists() or not state.is_locked():
            raise StackError("No demo runs here: start one with `make demo` in another terminal.")
        self._state = state

    def exec_psql(self, options: list[str]) -> NoReturn:
        """Replace this process by psql, connected to the billing database with a login that can only read."""
        postgres = postgres_of(self._state)
        settings = {
            "PGHOST": LOOPBACK,
            "PGPORT": str(postgres.port),
            "PGUSER": PERSON,
            "PGPASSWORD": self._state.secrets().person_password,
            "PGDATABASE": "billing",
            "PGCLIENTENCODING": "UTF8",
        }
        psql = embedded_bin_dir() / "psql"
        shell = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        os.execve(psql, [str(psql), *options], shell | settings)  # noqa: S606 (no shell, on purpose)

    def certify(self, invoice_id: str) -> int:
        """Write an invoice's certificate below ``.tieout/certificates``; return the command's exit code."""
        folder = self._state.root / "certificates"
        command = [sys.executable, "-m", "billing.certificate", "invoice", invoice_id, "--to", str(folder)]
        environment = own_environment() | {
            "TIEOUT_BILLING_URL": self._billing_url(),
            "TIEOUT_DOCUMENTS": str(self._state.documents),
        }
        return subprocess.run(command, env=environment, check=False).returncode

    def rederive(self, month: str) -> int:
        """Derive a month's rows again from its stored responses and print what changed; return the exit code."""
        port = (self._state.root / "ui-port").read_text(encoding="utf-8")
        api = AirflowApi(f"http://{LOOPBACK}:{port}", ADMIN, self._state.secrets().admin_password)
        engine = create_engine(self._billing_url(), poolclass=NullPool)
        with engine.connect() as connection:
            since = connection.scalar(text("select now()"))
        run_id = api.trigger(REDERIVE, {"month": month})
        deadline = time.monotonic() + SECONDS
        while (state := api.run_state(REDERIVE, run_id)) not in {"success", "failed"}:
            if time.monotonic() > deadline:
                raise StackError(f"Run {run_id} of {REDERIVE} did not end within {SECONDS} s: see the Airflow UI.")
            time.sleep(1)
        with engine.connect() as connection:
            changed = connection.scalar(text(DERIVED), {"since": since})
        print(f"{month} derived again from its stored responses, run {run_id}: {state}, {changed} versions added")
        return 0 if state == "success" else 1

    def _billing_url(self) -> str:
        return postgres_of(self._state).url("billing", PERSON, self._state.secrets().person_password)
