"""
The user that the Postgres server runs as.

Postgres refuses to run as root. A normal user runs it under his own account; root runs it as a system user, who
must be able to read the server's files and to reach its data folder.
"""

import hashlib
import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from tieout_stack.environment import own_environment
from tieout_stack.errors import StackError

SYSTEM_USERS = ("postgres", "nobody")


class Rights(TypedDict, total=False):
    """Arguments of ``subprocess`` that change the user."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class ServerUser:
    """
    The user of the server's processes.

    :param name: for messages.
    :param uid: None if the server runs as the current user.
    :param gid: that user's main group; None with ``uid``.
    """

    name: str
    uid: int | None = None
    gid: int | None = None

    @property
    def rights(self) -> Rights:
        """Return the arguments for ``subprocess.run`` and ``Popen``."""
        if self.uid is None or self.gid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Make the server's user the owner of a file or folder."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def can_run(self, program: Path) -> bool:
        """Return whether the user can run ``program``: tried, as permission bits do not show mount options."""
        try:
            done = subprocess.run(
                [program, "--version"], cwd="/", env=own_environment(), check=False, capture_output=True, **self.rights
            )
        except OSError:
            return False
        return done.returncode == 0

    def can_reach(self, folder: Path) -> bool:
        """Return whether the user may enter ``folder``."""
        if self.uid is None:
            return os.access(folder, os.X_OK)
        try:
            done = subprocess.run(
                ["/bin/sh", "-c", 'cd "$1"', "sh", folder],
                cwd="/",
                check=False,
                capture_output=True,
                **self.rights,
            )
        except OSError:
            return False
        return done.returncode == 0


def server_user(data: Path) -> ServerUser:
    """
    Return the owner of existing data, else the first system user that exists.

    :param data: the data folder, which may not exist yet.
    :raises StackError: we are root and there is no user to change to.
    """
    if os.geteuid() != 0:
        return ServerUser(f"of uid {os.geteuid()}")  # a container's user may have no name
    if data.exists() and (owner := data.stat().st_uid):
        return _as_user(pwd.getpwuid(owner))
    for name in SYSTEM_USERS:
        try:
            return _as_user(pwd.getpwnam(name))
        except KeyError:
            continue
    raise StackError(
        "Postgres does not run as root, and this machine has neither a user 'postgres' nor 'nobody': "
        "create one (useradd --system postgres) or run as a normal user."
    )


def _as_user(entry: pwd.struct_passwd) -> ServerUser:
    return ServerUser(entry.pw_name, entry.pw_uid, entry.pw_gid)


def reachable_folder(wanted: Path) -> Path:
    """
    Return ``wanted`` if the server's user can reach it, else another folder for the server's files.

    A checkout below root's closed home cannot be entered by another user. Its server lives in ``/var/lib/tieout``,
    in a folder of its own per checkout.
    """
    user = server_user(wanted / "data")
    existing = next(folder for folder in (wanted, *wanted.parents) if folder.exists())
    if user.can_reach(existing):
        return wanted
    place = Path("/var/lib/tieout") / hashlib.sha256(str(wanted).encode()).hexdigest()[:12]
    place.mkdir(parents=True, exist_ok=True)
    return place
