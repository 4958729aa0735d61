"""Run controls so that none can hide another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from billing.controls.control import Control, Evidence
from billing.controls.result import Finding, blocked


@dataclass(frozen=True, slots=True)
class Result:
    """A finding and the control that made it."""

    control: Control
    finding: Finding


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    All results of a month.

    :param faults: controls that could not run by our own fault, by id; their result is BLOCKED.
    """

    results: tuple[Result, ...]
    faults: dict[str, Exception]


def run_controls(controls: Iterable[Control], evidence: Evidence) -> Outcome:
    """Run every control, in order. One that raises is recorded as BLOCKED and the others still run."""
    results: list[Result] = []
    faults: dict[str, Exception] = {}
    for control in controls:
        try:
            findings = list(control.check(evidence))
        except Exception as error:  # noqa: BLE001 (recorded as BLOCKED and raised by the caller once all have run)
            faults[control.control_id] = error
            findings = [blocked(str(evidence.month.period), f"the control itself failed with {type(error).__name__}")]
        results.extend(Result(control, finding) for finding in findings)
    return Outcome(tuple(results), faults)
