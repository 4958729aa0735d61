"""A task that is killed at any point of a month and run again leaves the rows of one that nobody disturbed."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from tests.system.crashes.conftest import CASES
from tests.system.crashes.kill_points import choose, one_of_each_place, points_of

SEED = 20260822
SOAK_KILLS_OF_A_CASE = 500


@pytest.mark.parametrize("vendor", sorted({case.vendor for case in CASES}))
def test_a_month_that_is_killed_and_retried_is_stored_as_one_that_was_not(killings, tally, vendor):
    """At one point of every place that a run of the vendor has, its cases taking turns."""
    seeded = random.Random(f"{SEED} {vendor}")  # noqa: S311 (points to be killed at)
    cases = [killings(case) for case in CASES if case.vendor == vendor]
    points = [one_of_each_place(killing.undisturbed[2], seeded) for killing in cases]
    for turn, place in enumerate(sorted(set().union(*points))):
        able = [(killing, of_each[place]) for killing, of_each in zip(cases, points, strict=True) if place in of_each]
        killing, point = able[turn % len(able)]
        _survive(killing, [point], tally)


@pytest.mark.soak
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_month_that_is_killed_up_to_three_times_is_stored_as_one_that_was_not(killings, tally, case, soak_seed):
    killing = killings(case)
    _, _, trace = killing.undisturbed
    seeded = random.Random(f"{soak_seed} {case.name}")  # noqa: S311 (the same)
    points = choose(trace, SOAK_KILLS_OF_A_CASE, seeded)
    for first in points:
        more = seeded.choices(points, k=seeded.choice((0, 0, 1, 2)))
        _survive(killing, [first, *more], tally)


def _survive(killing, points, tally):
    """Kill and compare; a run that was through before its moment is killed at an earlier one."""
    while not (killed := killing.survive(points)):
        points = [replace(points[0], fraction=points[0].fraction / 2), *points[1:]]
    for point in points[:killed]:
        tally("kills survived", point.place)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_two_undisturbed_runs_are_alike_and_the_comparison_can_fail(killings, case):
    killing = killings(case)
    beginning, end, trace = killing.undisturbed
    assert beginning.derived != end.derived
    killing.survive([])
    assert len(points_of(trace)) > 100
