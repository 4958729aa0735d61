"""The tables that the benchmark of loading prints."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import median
from typing import TypeVar

from loading.contenders import DLT_DECLARED, LIMIT, PRODUCT
from loading.harness import Month, Result
from loading.measuring import Cost

K = TypeVar("K")

_MEGABYTE = 1024 * 1024
_WIDE = 22
_OF_DLT = {"fastly": 1.0, "genesys_cloud": 1.2}  # our whole month to its loading of the lines alone, wall
_AGAIN, _CHANGED = 0.12, 0.3  # to our first load, wall
_OF_LIMIT = 2.5  # deriving and storing to the limit, wall
_MEMORY_MB, _LARGEST_MB, _ONE_BILL_MB = 260, 300, 350  # of a month of up to 200,000 lines, of more, of one invoice
_LONG = 200_000  # lines
_EXPONENT = 1.0  # of time with lines


def say_month(month: Month) -> None:
    """Print what is loaded, and that the server is not the bottleneck."""
    served, truth = month.served, month.served.truths["first"]
    megabytes = served.listed_bytes / _MEGABYTE
    print(f"\n{served.vendor}: {truth.invoices:,} invoices, {truth.lines:,} lines, in {megabytes:.1f} MB", end="; ")
    print(f"all answers together {served.all_bytes / _MEGABYTE:.1f} MB; sum of the lines {truth.amount}")
    seconds = median(month.download_seconds() for _ in range(3))
    print(f"a plain client has the lines from the server in {seconds:.3f} s: {megabytes / seconds:,.0f} MB/s")


def say_results(results: Sequence[Result]) -> None:
    """Print the medians of each loader's steps, with ratios to the limit's first load."""
    rows = _grouped(results, lambda result: (result.contender.name, result.step))
    limit = _median(rows[LIMIT.name, "first"], lambda cost: cost.wall)
    print("medians of interleaved rounds; CPU in seconds, memory and WAL in MB;")
    print("'before' is the memory after the imports, within the peak")
    names = ("rounds", "wall s", "x limit", "CPU", "CPU PG", "peak", "before", "WAL")
    print(f"{'loader':{_WIDE}} {'step':8}" + "".join(f"{name:>8}" for name in names) + "  sums")
    for (name, step), group in rows.items():
        print(f"{name:{_WIDE}} {step:8}{len(group):8}{_figures(group, limit)}  {_verdict(group)}")
    for name, step in ((LIMIT.name, "first"), *((PRODUCT.name, step) for step in PRODUCT.steps)):
        if (name, step) in rows:
            print(f"{name}, {step}: {_parts(rows[name, step])}")


def say_bounds(vendor: str, results: Sequence[Result]) -> list[str]:
    """Print the whole month's ratios with their bounds; return those missed. A loader left out has no ratio."""
    rows = _grouped(results, lambda result: (result.contender.name, result.step))
    seconds = {key: _median(group, lambda cost: cost.wall) for key, group in rows.items()}
    if (first := seconds.get((PRODUCT.name, "first"))) is None:
        return []
    ours = rows[PRODUCT.name, "first"]
    stored = _median(ours, lambda cost: cost.parts["derive"] + cost.parts["store"])
    figures = [
        ("first, to dlt with declared types", first, seconds.get((DLT_DECLARED.name, "first")), _OF_DLT[vendor]),
        ("unchanged, to first", seconds[PRODUCT.name, "again"], first, _AGAIN),
        ("one line changed, to first", seconds[PRODUCT.name, "changed"], first, _CHANGED),
        ("deriving and storing, to the limit", stored, seconds[LIMIT.name, "first"], _OF_LIMIT),
        ("memory, MB", _median(ours, lambda cost: cost.peak_mb), 1, _MEMORY_MB),
    ]
    return [
        missed
        for what, figure, to, bound in figures
        if to and (missed := _say_bound(f"{vendor}, {what}", figure / to, bound))
    ]


def _say_bound(what: str, figure: float, bound: float) -> str:
    """Print a figure with its bound; return a sentence if it is above."""
    print(f"{what}: {figure:.2f}, bound {bound}{' MISSED' if figure > bound else ''}")
    return f"{what}: {figure:.2f} is above {bound}" if figure > bound else ""


def say_counts(month: Month) -> None:
    """Print the vendor's request counts of all loaders together."""
    counts = month.served.counts()
    print(f"{counts.requests:,} requests, at most {counts.most_at_once} at once", end="; ")
    print(f"at most {counts.most_in_window:,} in a window of the rate limit, {counts.refused} refused")


def say_growth(results: Sequence[Result]) -> list[str]:
    """
    Print time and memory by size, and the exponent of time from the smallest to the largest of many invoices.

    :returns: the bounds that Tieout has missed.
    """
    missed = []
    rows = _grouped(results, lambda result: (result.contender.name, result.truth.invoices, result.truth.lines))
    print("\nfirst loads, one of each size")
    names = ("wall s", "x limit", "CPU", "CPU PG", "peak", "before", "WAL")
    print(f"{'loader':{_WIDE}} {'invoices':>9}{'lines':>10}" + "".join(f"{name:>8}" for name in names) + "  sums")
    for (name, invoices, lines), group in rows.items():
        limit = _median(rows[LIMIT.name, invoices, lines], lambda cost: cost.wall)
        print(f"{name:{_WIDE}} {invoices:9,}{lines:10,}{_figures(group, limit)}  {_verdict(group)}")
    for name in dict.fromkeys(name for name, _, _ in rows):
        ours = [(lines, group) for (each, invoices, lines), group in rows.items() if each == name and invoices > 1]
        (fewest, low), (most, high) = min(ours, key=lambda pair: pair[0]), max(ours, key=lambda pair: pair[0])
        growth = _median(high, lambda cost: cost.wall) / _median(low, lambda cost: cost.wall)
        exponent = math.log(growth) / math.log(most / fewest)
        print(f"{name}: time grows from {fewest:,} to {most:,} lines with exponent {exponent:.2f}")
        if name == PRODUCT.name:
            missed.append(_say_bound("exponent of time with lines", exponent, _EXPONENT))
    for (name, invoices, lines), group in rows.items():
        if name == PRODUCT.name:
            bound = _ONE_BILL_MB if invoices == 1 else _MEMORY_MB if lines <= _LONG else _LARGEST_MB
            memory = _median(group, lambda cost: cost.peak_mb)
            missed.append(_say_bound(f"memory of {invoices:,} invoices, {lines:,} lines, MB", memory, bound))
    return list(filter(None, missed))


def _grouped(results: Sequence[Result], key: Callable[[Result], K]) -> dict[K, list[Result]]:
    groups: dict[K, list[Result]] = {}
    for result in results:
        groups.setdefault(key(result), []).append(result)
    return groups


def _median(group: Sequence[Result], figure: Callable[[Cost], float]) -> float:
    return median(figure(result.cost) for result in group)


def _figures(group: Sequence[Result], limit: float) -> str:
    wall = _median(group, lambda cost: cost.wall)
    seconds = f"{wall:8.2f}{wall / limit:8.2f}"
    cpu = f"{_median(group, lambda cost: cost.cpu):8.2f}{_median(group, lambda cost: cost.postgres_cpu):8.2f}"
    memory = f"{_median(group, lambda cost: cost.peak_mb):8.0f}{_median(group, lambda cost: cost.before_mb):8.0f}"
    return f"{seconds}{cpu}{memory}{_median(group, lambda cost: cost.wal_mb):8.1f}"


def _verdict(group: Sequence[Result]) -> str:
    """Return whether every round stored exactly the truth; if not, what one of them stored."""
    wrong = [result for result in group if not result.exact]
    return f"NOT EXACT: {wrong[0].stored.texts()}" if wrong else f"exact, {group[0].stored.lines:,} lines"


def _parts(group: Sequence[Result]) -> str:
    parts = (f"{part} {median(result.cost.parts[part] for result in group):.2f} s" for part in group[0].cost.parts)
    return ", ".join(parts)
