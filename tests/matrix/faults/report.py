"""What the matrix has to say at the end of a test run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Line:
    """
    One cell of the matrix.

    :param requests: of all endpoints.
    :param busiest: to one endpoint within one minute.
    :param seconds: that the run under the fault took, pauses between requests shortened.
    """

    fault: str
    place: str
    outcome: str
    requests: int
    busiest: int
    seconds: float


Report = Callable[[Line], None]


def written(lines: list[Line]) -> str:
    """Write every cell, tab separated."""
    names = [field.name for field in fields(Line)]
    rows = ("\t".join(str(getattr(line, name)) for name in names) for line in lines)
    return "\n".join(("\t".join(names), *rows)) + "\n"


def summed_up(lines: list[Line], *, every: bool) -> Iterator[str]:
    """Yield a table with one line for each fault and outcome, or for each cell."""
    yield f"{'fault':20} {'outcome':28} {'cells':>5} {'requests':>8} {'most/min':>8} {'longest s':>9}"
    grouped: dict[tuple[str, str, str], list[Line]] = {}
    for line in lines:
        grouped.setdefault((line.fault, line.outcome, line.place if every else ""), []).append(line)
    for (fault, outcome, place), cells in grouped.items():
        most, longest = max(line.busiest for line in cells), max(line.seconds for line in cells)
        total = sum(line.requests for line in cells)
        yield f"{fault:20} {outcome:28} {len(cells):5} {total:8} {most:8} {longest:9.2f}  {place}".rstrip()


def tell(reporter: pytest.TerminalReporter) -> None:
    """Print the table; ``FAULTS_TABLE=FILE`` writes every cell to a file."""
    reports = [*reporter.getreports("passed"), *reporter.getreports("failed")]
    lines = [Line(**line) for report in reports for name, line in report.user_properties if name == Line.__name__]
    if lines:
        if path := os.environ.get("FAULTS_TABLE"):
            Path(path).write_text(written(lines), encoding="utf-8")
        reporter.section(f"{len(lines)} cells of the fault matrix")
        for row in summed_up(lines, every=reporter.config.get_verbosity() > 0):
            reporter.write_line(row)
