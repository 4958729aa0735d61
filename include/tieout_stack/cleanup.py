"""Stop what a killed demo left running, and remove what a demo stored."""

import shutil

from tieout_stack.postgres import PostgresServer
from tieout_stack.server_user import reachable_folder
from tieout_stack.state import StateFolder
from tieout_stack.supervisor import stop_leftovers


def postgres_of(state: StateFolder) -> PostgresServer:
    """Return the demo's Postgres, which may or may not run."""
    return PostgresServer(reachable_folder(state.postgres), log=state.logs / "postgres.log")


def stop_everything_left(state: StateFolder) -> list[str]:
    """Stop the processes of a demo that was killed; return their names."""
    stopped = stop_leftovers(state.processes)
    postgres = postgres_of(state)
    if postgres.running:
        postgres.stop()
        stopped.append("postgres")
    return stopped


def delete(state: StateFolder) -> None:
    """Remove everything that demos stored: both databases, logs, documents, secrets."""
    shutil.rmtree(postgres_of(state).folder, ignore_errors=True)
    shutil.rmtree(state.root, ignore_errors=True)
