"""
``airflow scheduler``, with what tasks import loaded before it forks its workers.

LocalExecutor's workers, and from them the tasks, inherit what the scheduler has imported: that saves each task some
tenths of a second of a core. An edit of our own code needs no restart: a task that finds a file changed reads our code
again.
"""

from __future__ import annotations

import importlib
import os
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Any

LIBRARIES = (
    "aiohttp",
    "airflow.dag_processing.dagbag",
    "airflow.providers.http.hooks.http",
    "airflow.providers.postgres.hooks.postgres",
    "airflow.dag_processing.bundles.local",
    "airflow.sdk.definitions.asset.metadata",
    "airflow.sdk.definitions.decorators",
    "airflow.sdk.execution_time.cache",
    "airflow.sdk.execution_time.task_runner",
    "airflow.sdk.execution_time.timeout",
    "croniter",
    "encodings.utf_8_sig",
    "iso4217",
    "jinja2.debug",
    "jinja2.ext",
    "jiter",
    "pypdf.filters",
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
    read_dags()
    os.register_at_fork(after_in_child=lambda: forget_if_edited(loaded))
    importlib.import_module("airflow.__main__").main()


def load_ours() -> None:
    """Import what the tasks of every vendor import, and nothing if it cannot be: the tasks will say why."""
    try:
        for name in TASKS:
            importlib.import_module(f"billing_vendors.base.{name}")
        for vendor in importlib.import_module("billing_vendors.registry").vendors():
            vendor.load_implementation()
            importlib.import_module(f"billing_vendors.{vendor.name}.looks")
            look_up(vendor)
    except Exception as error:  # noqa: BLE001 (whatever an edit in progress may raise)
        sys.stderr.write(f"tasks will import our code themselves: {error!r}\n")
        forget_ours()


def read_dags() -> None:
    """
    Read the DAG files once, as every task does before it starts: what Python and Airflow look up on the way, such as
    which class is a kind of which other, is inherited. What comes of it is thrown away, for files may be edited.
    """
    before = set(sys.modules)
    try:
        importlib.import_module("airflow.dag_processing.dagbag").DagBag(load_op_links=False)
    except (Exception, SystemExit) as error:  # noqa: BLE001 (whatever an edit in progress may raise)
        sys.stderr.write(f"tasks will read DAG files as if nobody had before: {error!r}\n")
    for name in set(sys.modules) - before:
        if not is_of_library(getattr(sys.modules[name], "__file__", None)):
            del sys.modules[name]


def is_of_library(file: str | None) -> bool:
    """Return what is installed, or comes with Python, from what may be edited while the scheduler runs."""
    return file is None or file.startswith(
        tuple(sysconfig.get_paths()[kind] for kind in ("stdlib", "purelib", "platlib"))
    )


def look_up(vendor: Any) -> None:  # noqa: ANN401 (of our own code, which may be imported anew)
    """Let what results name be inherited too: hashes of the code that reads answers and of each rule, the version."""
    importlib.import_module("billing.reconciliation.code_version").code_sha256(f"billing_vendors.{vendor.name}")
    _ = [control.rule_sha256 for control in vendor.controls()]
    importlib.import_module("billing.storage.reconciliations").code_version()


def times_of_ours() -> dict[Path, int]:
    """Return when our files and folders were written last, imported or not: nanoseconds by path."""
    roots = [Path(place) for name in OURS if name in sys.modules for place in sys.modules[name].__path__]
    paths = [path for root in roots for path in (root, *root.rglob("*"))]
    return {
        path: path.stat().st_mtime_ns
        for path in paths
        if path.suffix == ".py" or (path.is_dir() and path.name != "__pycache__")
    }


def forget_if_edited(loaded: Mapping[Path, int]) -> None:
    """
    Let a process that was just forked import our code again if a file of it has changed or gone, or there is a new one.

    :param loaded: what ``times_of_ours`` told when it was imported.
    """
    try:
        unchanged = all(path.stat().st_mtime_ns == time for path, time in loaded.items())
    except OSError:
        unchanged = False
    if not unchanged:
        forget_ours()


def forget_ours() -> None:
    """Let our modules be imported again."""
    for name in [name for name in sys.modules if is_ours(name)]:
        del sys.modules[name]
    importlib.invalidate_caches()


def is_ours(name: str) -> bool:
    """Return our own modules from all others."""
    return name.partition(".")[0] in OURS


if __name__ == "__main__":
    main()
