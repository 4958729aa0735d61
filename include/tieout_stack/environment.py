"""The environment of the stack's processes: its own, whatever the user's shell has set."""

import os
import sys
from pathlib import Path

KEPT = frozenset({"HOME", "USER", "LOGNAME", "TERM", "TMPDIR", "LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH"})
KEPT_PREFIXES = ("TIEOUT_", "BENCH_", "NSS_WRAPPER_")


def own_environment() -> dict[str, str]:
    """
    Return the environment of a process of the stack.

    Only what names the user, their folders and our own settings is taken from the shell. Everything else there may
    change what a server or client does: ``PG*``, ``AIRFLOW*``, ``PYTHON*``, proxies, certificates, locale, time zone.
    """
    kept = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith(KEPT_PREFIXES)}
    return kept | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONUTF8": "1",  # without a locale, text is UTF-8
        "PYTHONUNBUFFERED": "1",
        "TZ": "UTC",
    }


def forget_shell_settings() -> None:
    """Give this process the environment of the stack: its own clients read it too."""
    own = own_environment()
    os.environ.clear()
    os.environ.update(own)
    os.umask(0o022)  # another user runs the server of root; what is private is created so


def forget_database_settings() -> None:
    """Remove libpq's settings from this process: they would apply to every connection that leaves something open."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]
