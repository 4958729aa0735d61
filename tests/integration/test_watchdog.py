"""A run of the tests that is killed leaves no server behind."""

import tempfile
from pathlib import Path

from tests.watchdog import Watchdog

from tieout_stack.postgres import PostgresServer


def test_a_server_ends_with_the_run_that_started_it():
    folder = Path(tempfile.mkdtemp(prefix="tieout-postgres-"))
    folder.chmod(0o755)
    server = PostgresServer(folder, durable=False)
    server.start()
    watchdog = Watchdog()
    watchdog.watch(folder)
    assert server.running

    watchdog.close()  # as the kernel does when the run is killed

    assert not server.running
    assert not folder.exists()
