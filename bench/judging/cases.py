"""Which accounts of which worlds are judged: each reading alone, and random mixes of all."""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice

from vendor_simulator.months import Month
from vendor_simulator.readings import Reading
from vendor_simulator.registry import simulated_vendors
from vendor_simulator.world import World

LAST_MONTHS = tuple(map(Month.parse, ("2024-03", "2025-02", "2025-06", "2024-12", "2026-03", "2026-10")))
"""By turns the last month of a world's cases: after 29 and 28 February, over a year's end, of 30 and of 31 days."""
MIX, DEFAULTS = "a mix", "all defaults"
SECOND_FETCH = ("F20", "G25")
"""Controls of what only a second fetch of a month shows: their errors are planted after the first one is stored."""
DRAWN = 400
"""Accounts of a vendor to choose from, in each world."""


@dataclass(frozen=True, eq=False)
class Case:
    """
    One account of one world.

    :param title: the row of the table in which it is counted: ``KEY=VALUE``, or that it is a mix.
    :param number: its place among the cases of its seed.
    :param readings: value by key.
    :param last_month: the last of its months.
    """

    vendor: str
    seed: int
    number: int
    account: str
    title: str
    readings: Mapping[str, str]
    last_month: Month

    @property
    def drawn(self) -> int:
        """How many drawn accounts a world must have to have this one."""
        return int(self.account.rpartition("-")[2]) if self.account.startswith("drawn-") else 0

    def hides(self, kind: str) -> bool:
        """Return whether one of its readings makes a kind of error invisible."""
        vendor = next(each for each in simulated_vendors() if each.name == self.vendor)
        known = {reading.key: reading for reading in vendor.readings}
        alone = any(known[key].hidden(value, kind) for key, value in self.readings.items())
        return alone or any(each.hidden(self.readings, kind) for each in vendor.hidden_together)


@cache
def readings_of(vendor: str) -> tuple[Reading, ...]:
    """Return what a vendor's contract leaves open."""
    return next(each.readings for each in simulated_vendors() if each.name == vendor)


def cases_of(vendor: str, seed: int, mixes: int) -> Iterator[Case]:
    """Yield a case of the defaults, one of each value of each reading, and random mixes, on an account each."""
    readings = readings_of(vendor)
    values = [(each.key, value) for each in readings for value in each.values if value != each.default]
    wanted: list[tuple[str, dict[str, str]]] = [(DEFAULTS, {})]
    wanted += [(f"{key}={value}", {key: value}) for key, value in values]
    for number in range(mixes):
        draw = random.Random(f"{vendor} {seed} {number}")  # noqa: S311 (not a secret)
        wanted.append((MIX, {each.key: draw.choice(each.values) for each in readings}))
    accounts = _Accounts(vendor, seed)
    for number, (title, given) in enumerate(wanted):
        yield Case(vendor, seed, number, accounts.next_for(title), title, given, _last_month(seed))


def cases_on(vendor: str, seed: int, accounts: Collection[str], readings: Mapping[str, str]) -> Iterator[Case]:
    """Yield a case of the same readings on each of several accounts; on the first drawn ones if none are named."""
    title = ", ".join(f"{key}={value}" for key, value in readings.items()) or DEFAULTS
    own = [each["name"] for each in World(seed, drawn=DRAWN).accounts() if each["vendor"] == vendor]
    chosen = [name for name in accounts if name in own] if accounts else islice(_drawn(vendor, seed), 12)
    for number, name in enumerate(chosen):
        yield Case(vendor, seed, number, name, title, readings, _last_month(seed))


def _last_month(seed: int) -> Month:
    return LAST_MONTHS[seed % len(LAST_MONTHS)]


class _Accounts:
    """Hands out the drawn accounts of a world, each once; to readings of one API generation those that use it."""

    def __init__(self, vendor: str, seed: int) -> None:
        self._free = _drawn(vendor, seed)

    def next_for(self, title: str) -> str:
        api = re.search(r"\.(v[23])_", title)
        fitting = (name for name, other in self._free.items() if api is None or other == api[1])
        name = next(fitting, None) or next(iter(self._free))
        del self._free[name]
        return name


def _drawn(vendor: str, seed: int) -> dict[str, str]:
    """Return the names of a world's drawn accounts and their API generations."""
    entries = (each for each in World(seed, drawn=DRAWN).accounts() if each["vendor"] == vendor)
    return {each["name"]: each.get("api", "") for each in entries if each["name"].startswith("drawn-")}
