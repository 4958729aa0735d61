"""Which process is which: a number alone may belong to a stranger by now."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path


def started_at(pid: int) -> str | None:
    """
    Tell when a process began, as text to compare; with the number this names one process for good.

    :return: None if there is no such process, or only its unread exit status is left (a zombie).
    """
    if sys.platform.startswith("linux"):
        return _started_at_in_proc(pid)
    # ps is part of macOS and the BSDs; slim Linux images lack it
    answer = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout
    return answer.strip() or None


def _started_at_in_proc(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # the second field is the program's name in brackets and may hold blanks and brackets
    fields = stat[stat.rindex(")") + 2 :].split()
    state, start_ticks = fields[0], fields[19]
    return None if state in "ZX" else start_ticks


def working_folder(pid: int) -> Path | None:
    """Tell where a process works; None if that cannot be seen (gone, another user's, or no /proc)."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink()
    except OSError:
        return None


def signal_group(pid: int, number: signal.Signals) -> None:
    """Signal the process group that ``pid`` leads; one that is gone is fine."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):  # macOS says EPERM for a group of zombies
        return


def group_lives(pid: int) -> bool:
    """Tell whether any process of the group that ``pid`` led still runs."""
    try:
        os.killpg(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return _any_not_zombie(pid)


def _any_not_zombie(group: int) -> bool:
    """Look past processes that ended and whose parent (a container's process 1) never asked how."""
    if not sys.platform.startswith("linux"):
        return True
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        fields = stat[stat.rindex(")") + 2 :].split()
        if int(fields[2]) == group and fields[0] not in "ZX":
            return True
    return False


def wait_for_group(pid: int, seconds: float) -> bool:
    """Wait until the group that ``pid`` led is gone; False if it still lives after ``seconds``."""
    deadline = time.monotonic() + seconds
    while group_lives(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
