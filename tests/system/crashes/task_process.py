"""
A task's process that can be killed: forked from a parent that has imported everything, as a scheduler's worker is.

What it runs is what the DAGs' tasks call. It tells its steps through a pipe, which stands for XCom: what a step gave
is kept if it was told, and lost with the process if it was not.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from airflow.sdk import Asset
from airflow.sdk.execution_time.context import set_current_context

from billing_vendors.base.tasks import accrue, announce, fetch, reconcile
from billing_vendors.registry import vendors

# what the tasks import when they start is imported once, before the fork
VENDORS = {vendor.name: vendor for vendor in vendors()}
for _vendor in VENDORS.values():
    _vendor.load_implementation()
    _vendor.controls()

FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload([__name__])


class Step(NamedTuple):
    """
    One task.

    :param name: ``fetch``, ``reconcile``, ``rederive``, …
    :param month: such as ``2026-08``; a reconcile takes the id that the fetch before it gave.
    """

    name: str
    vendor: str
    account: str
    month: str


@dataclass
class Limits:
    """
    What the process may not survive.

    :param file_event: it kills itself at this event in the folder of documents, counted from 1.
    :param file_bytes: the kernel ends it when a file grows beyond this, in the middle of the write; 0 = no such limit.
    :param full: the write fails instead, as on a full disk.
    """

    file_event: int = 0
    file_bytes: int = 0
    full: bool = False


@dataclass
class Told:
    """What a process told before it ended, and how it ended: ``exitcode`` is 0, or minus the signal."""

    given: list[Any] = field(default_factory=list)
    error: tuple[str, str] | None = None
    file_events: list[str] = field(default_factory=list)
    exitcode: int | None = None


class TaskProcess:
    """Some steps in a process of their own."""

    def __init__(
        self,
        environment: Mapping[str, str],
        steps: Sequence[Step],
        *,
        dag_run: str = "manual__crash",
        fetched: int | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._heard, told = FORKED.Pipe(duplex=False)
        work = (told, dict(environment), list(steps), dag_run, fetched, limits or Limits())
        self._process = FORKED.Process(target=_run, args=work)
        self._process.start()
        told.close()
        self._told = Told()

    def wait_for_start(self) -> None:
        """Wait until the process is about to take its first step."""
        assert self._heard.recv() == ("started", None)

    def kill(self) -> None:
        """Kill it and wait until it is gone, so that nothing it does comes after."""
        self._process.kill()
        self._process.join()

    def wait(self, seconds: float = 120) -> Told:
        """Wait until it has ended."""
        with suppress(EOFError):
            while self._heard.poll(seconds):
                kind, value = self._heard.recv()
                if kind == "gave":
                    self._told.given.append(value)
                elif kind == "failed":
                    self._told.error = value
                elif kind == "files":
                    self._told.file_events = value
        self._process.join(seconds)
        self._told.exitcode = self._process.exitcode
        if self._told.exitcode is None:
            self.kill()
            raise AssertionError(f"a task's process did not end within {seconds} s")
        self._heard.close()
        return self._told


def _run(
    told: Connection,
    environment: dict[str, str],
    steps: list[Step],
    dag_run: str,
    fetched: int | None,
    limits: Limits,
) -> None:
    os.environ.update(environment)
    files = _watch_files(environment["TIEOUT_DOCUMENTS"], limits)
    told.send(("started", None))
    context: Any = {"dag_run": _Run(dag_run), "params": {}}
    try:
        with set_current_context(context):
            for step in steps:
                gave = STEPS[step.name](step, fetched)
                fetched = gave if step.name == "fetch" else fetched
                told.send(("gave", gave))
    except Exception as error:  # noqa: BLE001 (told to the test, whatever it is)
        told.send(("failed", (type(error).__name__, str(error))))
    told.send(("files", files))


class _Run(NamedTuple):
    run_id: str


def _fetch(step: Step, _fetched: int | None) -> int:
    return fetch.fetch_month(VENDORS[step.vendor], step.account, step.month, again=True)


def _reconcile(step: Step, fetched: int | None) -> dict[str, int]:
    assert fetched is not None
    return reconcile.reconcile_fetched(VENDORS[step.vendor], step.account, fetched)


def _rederive(step: Step, _fetched: int | None) -> dict[str, int]:
    return reconcile.rederive_month(VENDORS[step.vendor], step.account, step.month)


STEPS: dict[str, Callable[[Step, int | None], Any]] = {
    "fetch": _fetch,
    "reconcile": _reconcile,
    "rederive": _rederive,
    "take_snapshot": lambda step, _: fetch.take_snapshot(VENDORS[step.vendor], step.account, step.month),
    "keep_running_month": lambda step, _: fetch.keep_running_month(VENDORS[step.vendor], step.account, step.month),
    "propose_accrual": lambda step, _: accrue.propose_accrual(VENDORS[step.vendor], step.account, step.month),
    "announce_month": lambda step, _: announce.publish_month_event(step.vendor, Asset("x-months"), step.month, [], []),
}


def _watch_files(folder: str, limits: Limits) -> list[str]:
    """Count what happens in the folder of documents, as Python itself reports it, and end where a limit says so."""
    seen: list[str] = []
    ours = os.getpid()

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in {"open", "os.rename", "os.remove", "os.mkdir"} or os.getpid() != ours:
            return
        if not str(arguments[0]).startswith(folder) or (event == "open" and "w" not in str(arguments[1])):
            return
        place = arguments[1] if event == "os.rename" else arguments[0]  # a part has no telling name
        seen.append(f"{event} {str(place).removeprefix(folder)}")
        if len(seen) == limits.file_event:
            os.kill(ours, signal.SIGKILL)
            time.sleep(60)  # the signal is already on its way

    sys.addaudithook(audit)
    if limits.file_bytes:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN if limits.full else signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limits.file_bytes, limits.file_bytes))
    return seen
