"""
Stops what a run of the tests has started, if the run itself is killed.

It waits for the end of a pipe whose other end only the run holds. A run that ends well has stopped everything before.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from tieout_stack.cleanup import stop_everything_left
from tieout_stack.postgres import PostgresServer
from tieout_stack.state import StateFolder


class Watchdog:
    """The process that waits."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C is the run's to handle
        )

    def watch(self, folder: Path) -> None:
        """Stop, should the run be killed, the Postgres server in a folder, or the local stack in its ``state``."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{folder}\n".encode())
        self._process.stdin.flush()

    def close(self) -> None:
        """Let it do what a killed run would make it do, and wait for it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def main() -> None:
    """Wait for the end, then stop what is there."""
    for folder in [Path(line.strip()) for line in sys.stdin]:
        if (folder / "state").exists():
            stop_everything_left(StateFolder(folder / "state"))
        elif folder.exists():
            PostgresServer(folder).stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
