"""
Load a month's invoices with Tieout, the limit, a minimal exact loader, and dlt, in one run.

    .venv/bin/python bench/load_invoices.py                  20,000 lines of Fastly's, 10,000 of Genesys Cloud's
    .venv/bin/python bench/load_invoices.py --size L         200,000 and 100,000; then memory and growth up to 1,000,000
    .venv/bin/python bench/load_invoices.py --vendor fastly --invoices 2000 --lines 100 --only 'Tieout, whole month'

A vendor on loopback serves prepared bytes. Each load runs in a process of its own, on a database of its own, in
an embedded Postgres with fsync on; the loaders take turns, so that a busy minute of the machine affects all of them.
Each loader's file in loading/ says what is measured. Tieout fetches every Fastly invoice also by its id, because a
control compares the two: twice the bytes; the others read the list alone. Of Genesys Cloud, all but dlt
also fetch each invoice's file. Exit code 1 if a bound is missed or a sum is wrong.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from loading import contenders as who
from loading import report
from loading.harness import Harness, Result
from loading.sources import SOURCES
from termination import unwind_on_sigterm

SIZES = {
    "S": {"fastly": (200, 100), "genesys_cloud": (50, 200)},
    "L": {"fastly": (2_000, 100), "genesys_cloud": (500, 200)},
}
GROWTH = ((100, 100), (1_000, 100), (2_000, 100), (10_000, 100), (1, 100_000))
ALLOWED, WINDOW = 60, 5  # requests, seconds: the vendor's 300 a minute, without waiting minutes


def main() -> None:
    arguments = _arguments()
    unwind_on_sigterm()
    large = arguments.size == "L"
    chosen = [who.PRODUCT, who.MINIMAL, who.DLT_DECLARED, *([who.DLT_DEFAULT] if large else [])]
    if arguments.only:
        chosen = [each for each in chosen if each.name in arguments.only]
    exact, missed = True, list[str]()
    with tempfile.TemporaryDirectory(prefix="tieout-bench-") as folder:
        Path(folder).chmod(0o755)  # the user who runs Postgres for root must get through
        with Harness(Path(folder)) as harness:
            for vendor in [arguments.vendor] if arguments.vendor else SOURCES:
                invoices, lines = SIZES[arguments.size][vendor]
                size = (arguments.invoices or invoices, arguments.lines or lines)
                later = [each for each in chosen if not (large and each.slow)]
                results = compare(harness, vendor, [chosen, *[later] * (arguments.rounds - 1)], size)
                missed += report.say_bounds(vendor, results)
                exact &= _ours_are_exact(results)
                if vendor == "genesys_cloud":
                    obey(harness)
                elif large:
                    results = grow(harness, vendor)
                    missed += report.say_growth(results)
                    exact &= _ours_are_exact(results)
    sys.exit("Tieout has not stored what was billed" if not exact else "\n".join(missed) or 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=SIZES, default="S")
    parser.add_argument("--vendor", choices=SOURCES)
    parser.add_argument("--invoices", type=int)
    parser.add_argument("--lines", type=int, help="of each invoice")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", action="append", help="a loader's name; may be repeated")
    return parser.parse_args()


def compare(
    harness: Harness, vendor: str, rounds: Sequence[Sequence[who.Contender]], size: tuple[int, int]
) -> list[Result]:
    """Let the loaders of each round take turns on one size, and print every step of each with the limit."""
    results: list[Result] = []
    with harness.month(vendor, *size) as month:
        report.say_month(month)
        for chosen in rounds:
            for contender in (who.LIMIT, *(each for each in chosen if vendor in each.vendors)):
                results += month.load(contender, contender.steps)
        report.say_results(results)
        report.say_counts(month)
    return results


def grow(harness: Harness, vendor: str) -> list[Result]:
    """Load ever more lines for the first time."""
    results: list[Result] = []
    for size in GROWTH:
        with harness.month(vendor, *size) as month:
            for contender in (who.LIMIT, who.PRODUCT, who.MINIMAL):
                results += month.load(contender, ("first",))
    return results


def obey(harness: Harness) -> None:
    """Load a small month from a Genesys Cloud that allows little, and print the server's request counts."""
    with harness.month("genesys_cloud", 50, 20, allowed=ALLOWED, window=WINDOW) as month:
        print(f"\na small month of Genesys Cloud, {ALLOWED} requests allowed in {WINDOW} s")
        report.say_counts(month)


def _ours_are_exact(results: Sequence[Result]) -> bool:
    return all(result.exact for result in results if result.contender.ours)


if __name__ == "__main__":
    main()
