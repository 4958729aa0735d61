"""Run a month, kill it, run what is left as Airflow would, and hold what is stored against an undisturbed run."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.system.crashes.dump import Dump, differences, files
from tests.system.crashes.kill_points import KillPoint, Trace
from tests.system.crashes.stage import Case, Place, Stage
from tests.system.crashes.task_process import Limits, Step, Told

from billing.certificate.publish import publish
from billing.certificate.sources import Subject
from billing.month import Month
from billing.storage.engine import engine_from_url

ARCHIVE = ("payload", "document")  # kept as it arrives, whatever becomes of the run


@dataclass(frozen=True)
class Ending:
    """What a run left."""

    dump: Dump
    readings: Counter[Any]
    files: dict[str, bytes]

    @classmethod
    def of(cls, place: Place) -> Ending:
        return cls(place.rows.dump(), place.rows.readings(), files(place.documents))

    @property
    def derived(self) -> Dump:
        """Give what one transaction stores; the archive is filled before."""
        return {name: rows for name, rows in self.dump.items() if name not in ARCHIVE}

    @property
    def shown(self) -> dict[str, bytes]:
        """Give the files that have a name; what a killed process was writing has none yet."""
        return {name: body for name, body in self.files.items() if not name.startswith(".parts/")}


class Killing:
    """A case's undisturbed run, and runs that are killed to compare with it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    @cached_property
    def undisturbed(self) -> tuple[Ending, Ending, Trace]:
        """Give the beginning, the end, and what happened between."""
        with self.stage.place() as place:
            beginning, began = Ending.of(place), time.monotonic()
            told = place.run(self.stage.case.steps())
            seconds = time.monotonic() - began
            end = Ending.of(place)
            new = [len(body) for name, body in end.files.items() if beginning.files.get(name) != body]
            trace = Trace(list(place.http.events), list(place.sql.events), told.file_events, new, seconds)
        return beginning, end, trace

    def survive(self, points: Sequence[KillPoint]) -> int:
        """
        Kill a run at a point, and each retry at the next one; the last retry is left alone. Compare.

        Gives the number of kills: a retry has less to do and may be through before its point.
        """
        killed = 0
        with self.stage.place() as place:
            steps, fetched = self.stage.case.steps(), None
            for point in points:
                told = self._kill(place, steps, fetched, point)
                self.is_old_or_new(place, point)
                if told.exitcode == 0:
                    assert killed or point.wire == "time", (point, "was not reached")
                    break
                killed += 1
                steps, fetched = left(steps, told, fetched)
            else:
                place.run(steps, fetched=fetched)
            self.ended_well(place, points)
        return killed

    def ended_well(self, place: Place, tries: Sequence[object]) -> None:
        """Hold what a retry has left against an undisturbed run; each earlier try may have added a whole reading."""
        end, found = self.undisturbed[1], Ending.of(place)
        differing = differences(end.dump, found.dump)
        assert not differing, (tries, differing)
        assert set(found.readings) == set(end.readings), (tries, "a reading that is not whole")
        assert sum(found.readings.values()) <= sum(end.readings.values()) + len(tries), tries
        assert {n for n in found.shown.keys() | end.shown.keys() if found.shown.get(n) != end.shown.get(n)} == set()
        certificates_say_what_the_rows_say(place, self.stage.case)

    def _kill(self, place: Place, steps: Sequence[Step], fetched: int | None, point: KillPoint) -> Told:
        limits = Limits(
            file_event=point.number if point.wire == "file" else 0,
            file_bytes=point.number if point.wire == "bytes" else 0,
        )
        process = place.start(steps, fetched=fetched, limits=limits)
        if point.wire in {"http", "sql"}:
            wire = place.http if point.wire == "http" else place.sql
            wire.stop, wire.stop_at = (lambda _: process.kill()), (point.number, point.moment)
        process.wait_for_start()
        if point.wire == "time":
            time.sleep(point.fraction * self.undisturbed[2].seconds)
            process.kill()
        return process.wait()

    def is_old_or_new(self, place: Place, point: object) -> None:
        """A reader sees the month as it was or as it is, with whole files, also while nobody mends it."""
        (beginning, end, _), found = self.undisturbed, Ending.of(place)
        assert found.derived in (beginning.derived, end.derived), (point, differences(end.dump, found.dump))
        for name, body in found.shown.items():
            assert body in (beginning.files.get(name), end.files.get(name)), (point, name)


def certificates_say_what_the_rows_say(place: Place, case: Case) -> None:
    """Make them once more, elsewhere: to the last byte the same."""
    engine, again = engine_from_url(place.url), place.documents.with_name(f"{place.documents.name}.again")
    for month in (case.month, *case.around):
        location = publish(engine, Subject(case.vendor, case.account, Month.parse(month)), again)
        assert (again / location).read_bytes() == (place.documents / location).read_bytes(), location
    shutil.rmtree(again)


def left(steps: Sequence[Step], told: Told, fetched: int | None) -> tuple[Sequence[Step], int | None]:
    """Give what Airflow would run again: not a task that has handed on its result."""
    if steps[0].name == "fetch" and told.given:
        return steps[1:], told.given[0]
    return steps, fetched
