"""
Load a month's invoices: Tieout beside the limit, a minimal exact loader, and dlt, in one run.

    .venv/bin/python bench/load_invoices.py                  200 invoices of 100 lines, three rounds
    .venv/bin/python bench/load_invoices.py --size L         2,000 x 100, then memory and growth up to 1,000,000 lines
    .venv/bin/python bench/load_invoices.py --invoices 2000 --lines 100 --only Tieout

A vendor on loopback serves bytes that lie ready. Each load runs in a process of its own, on a database of its own, in
an embedded Postgres with fsync on; the loaders take turns, so that a busy minute of the machine hits all of them.
Tieout reads every invoice twice, in the list and by id, because a control compares the two; the others read the list.
"""

from __future__ import annotations

import argparse
import tempfile
from contextlib import ExitStack
from pathlib import Path

from loading import contenders as who
from loading import report
from loading.arena import Arena, Result
from loading.sources import SOURCES

SMALL, STANDARD = (200, 100), (2_000, 100)
GROWTH = ((100, 100), (1_000, 100), (2_000, 100), (10_000, 100), (1, 100_000))
ALL = (who.LIMIT, who.PRODUCT, who.MINIMAL, who.DLT_DECLARED)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vendor", choices=SOURCES, default="fastly")
    parser.add_argument("--size", choices=["S", "L"], default="S")
    parser.add_argument("--invoices", type=int)
    parser.add_argument("--lines", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", action="append", help="a loader's name; may be repeated")
    arguments = parser.parse_args()
    large = arguments.size == "L"
    invoices, lines = STANDARD if large else SMALL
    size = (arguments.invoices or invoices, arguments.lines or lines)
    chosen = [*ALL, *([who.DLT_DEFAULT] if large else [])]
    if arguments.only:
        chosen = [each for each in chosen if each is who.LIMIT or each.name in arguments.only]
    with tempfile.TemporaryDirectory(prefix="tieout-bench-") as folder, ExitStack() as closing:
        Path(folder).chmod(0o755)  # the user who runs Postgres for root must get through
        arena = closing.enter_context(Arena(Path(folder)))
        compare(arena, arguments.vendor, chosen, size, arguments.rounds)
        if large:
            grow(arena, arguments.vendor)


def compare(arena: Arena, vendor: str, chosen: list[who.Contender], size: tuple[int, int], rounds: int) -> None:
    """Let the loaders take turns on one size, and print every step of each beside the limit."""
    with arena.month(vendor, *size) as month:
        report.say_month(month)
        results: list[Result] = []
        for _ in range(rounds):
            for contender in chosen:
                results += month.load(contender, contender.steps)
        report.say_results(results)


def grow(arena: Arena, vendor: str) -> None:
    """Load ever more lines for the first time, and print memory and the exponent of time."""
    results: list[Result] = []
    for size in GROWTH:
        with arena.month(vendor, *size) as month:
            for contender in (who.LIMIT, who.PRODUCT, who.MINIMAL):
                results += month.load(contender, ("first",))
    report.say_growth(results)


if __name__ == "__main__":
    main()
