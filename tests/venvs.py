"""Environments of their own, for tests that must not stand on the developers' one."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TOOLS = Path(sys.executable).parent  # uv and hatchling are in the developers' environment


def cached_venv(kind: str, inputs: list[Path], make: Callable[[Path], None]) -> Path:
    """
    Give the folder of an environment that depends on ``inputs`` alone; made once, older ones of its kind removed.

    :param make: fills the folder; what a failed attempt left is removed first.
    """
    folder = ROOT / ".tieout" / "venvs"
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in inputs) + sys.version.encode()).hexdigest()[:16]
    venv = folder / f"{kind}-{digest}"
    with (folder / f"{kind}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test runs at once make it once
        if not (venv / "complete").exists():
            pass_registry_on()
            for old in folder.glob(f"{kind}-*"):
                shutil.rmtree(old)
            make(venv)
            (venv / "complete").touch()
    return venv


def pass_registry_on() -> None:
    """Tell uv the registry that pip knows from its own settings, as tools/bootstrap does."""
    if {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & set(os.environ):
        return
    command = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    configured = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    if index := os.environ.get("PIP_INDEX_URL") or configured:
        os.environ["UV_DEFAULT_INDEX"] = index


def run(command: list[str | Path], **settings: Any) -> str:
    """Run a command that must succeed; give its output."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **settings)
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout
