"""Start the stack's processes, detect one that ended, and stop them all."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

from tieout_stack.errors import StackError
from tieout_stack.processes import session_members, signal_session, started_at, wait_for_session
from tieout_stack.state import write_private
from tieout_stack.stop_signals import StopSignals

FIRST_TERM_SECONDS = 3
SECOND_TERM_SECONDS = 4
ORPHAN_SECONDS = 2
KILL_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Record:
    """What is stored of a process, so that a later run can identify it."""

    name: str
    pid: int
    started_at: str | None


class Supervisor:
    """
    The processes of one stack, each in a session of its own and with a log file of its own.

    :param logs: folder of the log files, ``<name>.log``.
    :param records: file that lists the running processes.
    :param signals: delays stop signals while a process is being started.
    """

    def __init__(self, logs: Path, records: Path, signals: StopSignals | None = None) -> None:
        self._logs = logs
        self._records = records
        self._signals = signals
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._ending: set[str] = set()

    def log_of(self, name: str) -> Path:
        """Return the log file of a process."""
        return self._logs / f"{name}.log"

    def start(self, name: str, command: Sequence[str | Path], env: Mapping[str, str]) -> None:
        """Start a process that is to run until it is stopped, or one that ends by itself (``finish``)."""
        with self._signals.delayed() if self._signals else nullcontext(), self.log_of(name).open("wb") as log:
            self._running[name] = subprocess.Popen(
                [*command],
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._write_records()

    def check(self) -> None:
        """
        Check that all processes run; one that is expected to end may have ended, if it succeeded.

        :raises StackError: one ended; names its log file.
        """
        for name in self._running:
            self.check_one(name)

    def check_one(self, name: str) -> None:
        """
        Check that one process runs.

        :raises StackError: it ended; names its log file.
        """
        code = self._running[name].poll()
        if code is None or (code == 0 and name in self._ending):
            return
        outcome = "failed" if name in self._ending else "stopped unexpectedly"
        raise StackError(f"{name} {outcome} ({_exit_reason(code)}): see {self.log_of(name)}.")

    def finish(self, name: str, seconds: float) -> None:
        """
        Wait for a process that ends by itself, and check the others meanwhile.

        :raises StackError: it failed or took too long, or another one ended.
        """
        self._ending.add(name)
        process = self._running[name]
        deadline = time.monotonic() + seconds
        while process.poll() is None:
            self.check()
            if time.monotonic() > deadline:
                raise StackError(f"{name} took longer than {seconds:.0f} s: see {self.log_of(name)}.")
            time.sleep(0.1)
        self.check_one(name)
        del self._running[name]
        self._write_records()

    def stop(self, layers: Iterable[Sequence[str]] = ()) -> None:
        """
        Stop all processes, layer by layer, then those that no layer names.

        Each gets SIGTERM, again after 3 s, and 4 s later SIGKILL with everything that it started.
        """
        named = [[name for name in layer if name in self._running] for layer in layers]
        rest = [name for name in self._running if not any(name in layer for layer in named)]
        for layer in (*named, rest):
            _stop_sessions([self._running[name].pid for name in layer])
            for name in layer:
                self._running.pop(name).wait()
        self._write_records()

    def _write_records(self) -> None:
        rows = [Record(name, each.pid, started_at(each.pid)) for name, each in self._running.items()]
        write_private(self._records, json.dumps([asdict(row) for row in rows], indent=2))


def stop_leftovers(records: Path) -> list[str]:
    """
    Stop the processes that a killed run recorded; return their names.

    A process number that now belongs to another process is ignored: the start time differs. While any process of a
    session lives, no other process can get the number of the one that started it.
    """
    try:
        rows = [Record(**row) for row in json.loads(records.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        return []
    ours = [row for row in rows if started_at(row.pid) in (row.started_at, None) and session_members(row.pid)]
    _stop_sessions([row.pid for row in ours])
    records.unlink(missing_ok=True)
    return [row.name for row in ours]


def _stop_sessions(leaders: Sequence[int]) -> None:
    """
    Send all leaders SIGTERM, wait for them together, then kill the rest of their sessions.

    A second SIGTERM tells Airflow not to wait: without it a triggerer takes 10 s to end.
    """
    for seconds in (FIRST_TERM_SECONDS, SECOND_TERM_SECONDS):
        for leader in leaders:
            if started_at(leader) is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(leader, signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while any(started_at(leader) for leader in leaders) and time.monotonic() < deadline:
            time.sleep(0.05)
    for leader in leaders:
        # what the leader started ends soon after it
        if not wait_for_session(leader, 0 if started_at(leader) else ORPHAN_SECONDS):
            signal_session(leader, signal.SIGKILL)
            wait_for_session(leader, KILL_SECONDS)


def _exit_reason(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
