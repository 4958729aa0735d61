"""Identify and signal processes: a process number alone may belong to another process by now."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path


def started_at(pid: int) -> str | None:
    """
    Return when a process started, as text to compare; with the number this identifies it.

    :return: None if there is no such process, or only its unread exit status is left (a zombie).
    """
    if sys.platform.startswith("linux"):
        stat = _stat(pid)
        return None if stat is None or stat[0] in "ZX" else stat[19]
    # ps is part of macOS and the BSDs; slim Linux images lack it
    done = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


def working_folder(pid: int) -> Path | None:
    """Return the working folder of a process; None if it cannot be read (gone, another user's, or no /proc)."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink()
    except OSError:
        return None


def signal_session(leader: int, number: signal.Signals) -> None:
    """
    Signal every process of the session that ``leader`` started.

    A session, not a process group: Airflow gives each task a group of its own, and a task must not outlive
    the scheduler that ran it.
    """
    for pid in session_members(leader):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def wait_for_session(leader: int, seconds: float) -> bool:
    """Wait until the session that ``leader`` started is empty; False if it is not after ``seconds``."""
    deadline = time.monotonic() + seconds
    while session_members(leader):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def session_members(leader: int) -> list[int]:
    """Return the living processes of the session that ``leader`` started; zombies do not count."""
    if not sys.platform.startswith("linux"):
        listing = subprocess.run(["ps", "-axo", "pid=,sess=,stat="], capture_output=True, text=True, check=False)
        rows = [line.split() for line in listing.stdout.splitlines()]
        return [int(pid) for pid, session, state in rows if session == str(leader) and "Z" not in state]
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    stats = {pid: _stat(pid) for pid in pids}
    return [pid for pid, stat in stats.items() if stat and int(stat[3]) == leader and stat[0] not in "ZX"]


def _stat(pid: int) -> list[str] | None:
    """Return the fields of /proc/PID/stat from the third on: state, parent, group, session, …"""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # the second field is the program's name in brackets and may hold blanks and brackets
    return stat[stat.rindex(")") + 2 :].split()
