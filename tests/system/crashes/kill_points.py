"""Where a run is killed: points spread over all that it does, chosen by a seed."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import cycle

from tests.system.crashes.wire_proxy import ANSWERED, BEFORE, HALF_ANSWERED, TORN, Event

ANY_MOMENT = "any moment"


@dataclass(frozen=True)
class KillPoint:
    """
    One place in a run.

    :param place: what is going on there, in words.
    :param wire: ``http``, ``sql``, ``file``, ``bytes`` or ``time``.
    :param number: of the message on the wire or of the event in the folder, or the size of a file.
    :param moment: of a message; see :mod:`wire_proxy`.
    :param fraction: of the time that an undisturbed run takes.
    """

    place: str
    wire: str
    number: int = 0
    moment: str = ""
    fraction: float = 0.0


@dataclass(frozen=True)
class Trace:
    """What an undisturbed run did: its messages, its events in the folder, its files' sizes, its seconds."""

    http: Sequence[Event]
    sql: Sequence[Event]
    files: Sequence[str]
    sizes: Sequence[int]
    seconds: float


def points_of(trace: Trace) -> list[KillPoint]:
    """List every point of a run that can be hit exactly."""
    return [
        *(point for event in trace.http for point in _http(event)),
        *(point for event in trace.sql for point in _sql(event)),
        *(_file(number, event) for number, event in enumerate(trace.files, start=1)),
        *(KillPoint("in the middle of a file", "bytes", size // 2) for size in sorted(set(trace.sizes)) if size > 1),
    ]


def _http(event: Event) -> Iterable[KillPoint]:
    for moment, words in ((BEFORE, "before a request"), (HALF_ANSWERED, "half an answer"), (ANSWERED, "answer unread")):
        yield KillPoint(f"HTTP: {words}", "http", event.number, moment)


def _sql(event: Event) -> Iterable[KillPoint]:
    if event.label.startswith("cop"):
        for moment in (BEFORE, TORN, ANSWERED):
            yield KillPoint("SQL: in a COPY", "sql", event.number, moment)
    elif event.label == "commit":
        yield KillPoint("SQL: before a commit", "sql", event.number, BEFORE)
        yield KillPoint("SQL: committed, not heard", "sql", event.number, ANSWERED)
    else:
        yield KillPoint("SQL: between statements", "sql", event.number, BEFORE)
        yield KillPoint("SQL: half a statement", "sql", event.number, TORN)
        yield KillPoint("SQL: done, not heard", "sql", event.number, ANSWERED)


def _file(number: int, event: str) -> KillPoint:
    what = "a certificate" if "/certificates/" in event else "a part" if "/.parts" in event else "a document"
    when = {"os.mkdir": "before", "open": "before", "os.rename": "written, not yet in place:"}
    return KillPoint(f"files: {when.get(event.partition(' ')[0], 'after')} {what}", "file", number)


def by_place(trace: Trace, seeded: random.Random) -> dict[str, list[KillPoint]]:
    """Sort the points by what is going on; within a place at random."""
    sorted_: dict[str, list[KillPoint]] = {}
    for point in points_of(trace):
        sorted_.setdefault(point.place, []).append(point)
    for points in sorted_.values():
        seeded.shuffle(points)
    return sorted_


def one_of_each_place(trace: Trace, seeded: random.Random) -> dict[str, KillPoint]:
    """Choose one point of each place."""
    exact = {place: points[0] for place, points in by_place(trace, seeded).items()}
    return exact | {ANY_MOMENT: _any_moment(seeded)}


def _any_moment(seeded: random.Random) -> KillPoint:
    return KillPoint(ANY_MOMENT, "time", fraction=seeded.uniform(0.02, 0.95))


def choose(trace: Trace, count: int, seeded: random.Random) -> list[KillPoint]:
    """Choose points so that every place gets its turn."""
    left = by_place(trace, seeded)
    chosen: list[KillPoint] = []
    for place in cycle([*left, ANY_MOMENT]):
        if len(chosen) == count:
            return chosen
        if place == ANY_MOMENT:
            chosen.append(_any_moment(seeded))
        elif left[place]:
            chosen.append(left[place].pop())
        elif not any(left.values()):
            chosen.append(seeded.choice(points_of(trace)))
    return chosen
