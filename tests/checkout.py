"""A copy of the checkout as it stands, a repository of its own, for tests that change files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class Checkout:
    """
    A copy of every file that git tracks or would track; commands in it import its packages, not those of this checkout.

    :param folder: where it is made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        found = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for name in filter(None, found.split("\0")):
            if (ROOT / name).exists():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        self.git("init", "--quiet")
        self.git("add", "--all")
        self.git("-c", "user.name=tests", "-c", "user.email=tests@example.com", "commit", "--quiet", "--message=copy")

    def git(self, *arguments: str) -> str:
        """Run git in the copy; return what it printed."""
        done = subprocess.run(["git", *arguments], cwd=self.folder, capture_output=True, text=True, check=True)
        return done.stdout

    def run(self, *command: str | Path, seconds: float = 600) -> str:
        """Run a command of the environment in the copy; return what it printed, fail with it if it fails."""
        paths = os.pathsep.join(str(self.folder / name) for name in ("plugins", "include"))
        program = Path(sys.executable).with_name(str(command[0]))
        done = subprocess.run(
            [program, *command[1:]],
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": paths},
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout
