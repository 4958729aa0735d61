"""The vendor simulator as a process of the stack."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tieout_stack.environment import own_environment
from tieout_stack.errors import StackError
from tieout_stack.ports import LOOPBACK
from tieout_stack.supervisor import Supervisor

NAME = "vendor-simulator"
READY_SECONDS = 60


class SimulatorProcess:
    """
    Both vendors on one loopback port.

    :param port: a free one.
    :param ready_file: the simulator creates it when it accepts requests.
    :param options: further options of its ``serve``, for benchmarks.
    :param program: arguments of Python, for benchmarks with other simulated data.
    :param world: options of each of its commands, which decide what it bills.
    """

    def __init__(
        self,
        port: int,
        ready_file: Path,
        options: Sequence[str] = (),
        program: Sequence[str] = ("-m", "vendor_simulator"),
        world: Sequence[str] = (),
    ) -> None:
        self.base_url = f"http://{LOOPBACK}:{port}"
        self.options = tuple(options)
        self.program = tuple(program)
        self.world = tuple(world)
        self.port = port
        self._ready_file = ready_file

    def start(self, supervisor: Supervisor) -> None:
        """Start it; it is ready a few seconds later."""
        self._ready_file.unlink(missing_ok=True)
        command = [
            sys.executable, *self.program, "serve",
            "--port", str(self.port), "--ready-file", str(self._ready_file), *self.world, *self.options,
        ]  # fmt: skip
        supervisor.start(NAME, command, own_environment())

    def wait_until_ready(self, supervisor: Supervisor) -> None:
        """
        Wait until it accepts requests.

        :raises StackError: it ended or took too long; names the log file.
        """
        deadline = time.monotonic() + READY_SECONDS
        while not self._ready_file.exists():
            supervisor.check_one(NAME)
            if time.monotonic() > deadline:
                raise StackError(f"{NAME} does not respond after {READY_SECONDS} s: see {supervisor.log_of(NAME)}.")
            time.sleep(0.1)

    def connections(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the Airflow connections that lead to it: by connection id, the fields of each."""
        found: Mapping[str, Mapping[str, Any]] = self._run("connections", "--base-url", self.base_url)
        return found

    def planted(self, month: str) -> list[str]:
        """
        Return a line for each billing error that the simulator made in a month on purpose.

        :param month: ``YYYY-MM``.
        """
        errors = self._run("planted", "--from", month, "--to", month)
        return ["  {vendor}/{account}  {control}: {sentence}".format_map(error) for error in errors]

    def _run(self, *arguments: str) -> Any:  # noqa: ANN401 (parsed JSON)
        command = [sys.executable, *self.program, *arguments, *self.world]
        done = subprocess.run(command, env=own_environment(), capture_output=True, encoding="utf-8", check=False)
        if done.returncode != 0:
            raise StackError(f"{NAME} {arguments[0]} failed: {done.stderr.strip()[-300:]}")
        return json.loads(done.stdout)
