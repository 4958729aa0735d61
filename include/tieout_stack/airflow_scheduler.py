"""
``airflow scheduler``, with what tasks import loaded before it forks its workers.

LocalExecutor's workers, and from them the tasks, inherit what the scheduler has imported: that halves what a task
costs. An edit of our own code needs no restart: a task that finds a file changed reads our code anew.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

LIBRARIES = (
    "aiohttp",
    "airflow.dag_processing.dagbag",
    "airflow.providers.http.hooks.http",
    "airflow.providers.postgres.hooks.postgres",
    "airflow.sdk.definitions.asset.metadata",
    "airflow.sdk.definitions.decorators",
    "airflow.sdk.execution_time.task_runner",
    "croniter",
    "iso4217",
    "jinja2.ext",
    "jiter",
    "pypdf",
    "requests",
    "requests_toolbelt",
    "sqlalchemy.dialects.postgresql.psycopg2",
    "yaml",
    "zstandard",
)
TASKS = ("accruing", "announcing", "fetching", "proving", "sensors", "triggers")
OURS = ("billing", "billing_vendors")


def main() -> None:
    """Load, then be Airflow's command line."""
    for name in LIBRARIES:
        importlib.import_module(name)
    load_ours()
    loaded = times_of_ours()
    os.register_at_fork(after_in_child=lambda: forget_if_edited(loaded))
    importlib.import_module("airflow.__main__").main()


def load_ours() -> None:
    """Import what the tasks of every vendor import, and nothing if it cannot be: the tasks will say why."""
    try:
        for name in TASKS:
            importlib.import_module(f"billing_vendors.base.{name}")
        for vendor in importlib.import_module("billing_vendors.registry").vendors():
            vendor.work()
            vendor.catalogue()
            importlib.import_module(f"billing_vendors.{vendor.name}.looks")
    except Exception as error:  # noqa: BLE001 (whatever an edit in progress may raise)
        sys.stderr.write(f"tasks will import our code themselves: {error!r}\n")
        forget_ours()


def times_of_ours() -> dict[str, int]:
    """Tell when the files of our loaded modules were written last: nanoseconds by path."""
    files = [getattr(module, "__file__", None) for name, module in sys.modules.items() if is_ours(name)]
    return {path: Path(path).stat().st_mtime_ns for path in files if path}


def forget_if_edited(loaded: Mapping[str, int]) -> None:
    """
    Let a process that was just forked import our code anew if a file of it has changed or gone.

    :param loaded: what ``times_of_ours`` told when it was imported.
    """
    try:
        unchanged = all(Path(path).stat().st_mtime_ns == time for path, time in loaded.items())
    except OSError:
        unchanged = False
    if not unchanged:
        forget_ours()


def forget_ours() -> None:
    """Let our modules be imported anew."""
    for name in [name for name in sys.modules if is_ours(name)]:
        del sys.modules[name]
    importlib.invalidate_caches()


def is_ours(name: str) -> bool:
    """Tell our own modules from all others."""
    return name.partition(".")[0] in OURS


if __name__ == "__main__":
    main()
