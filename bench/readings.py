"""
What a vendor's contract leaves open must raise no alarm, and hide no error: judge worlds under every reading of it.

    python bench/readings.py                                      every reading alone, and 200 mixes, on ten seeds
    python bench/readings.py --part                               the part that make test runs
    python bench/readings.py --reading fastly.period_end=exclusive
    python bench/readings.py --vendor fastly --seed 4 --account drawn-fastly-17 --reading KEY=VALUE --show

The vendors are simulated (``include/vendor_simulator``), with accounts that are drawn from the seed. Each month is
collected over HTTP, derived and judged by the product's own functions. Three months of each account are judged clean,
each reading alone on half of the seeds; then each kind of error is planted by itself, once under each reading. The
table has a row for each reading:

    months    account-months judged in clean worlds
    alarms    results EXCEPTION of controls of severity exception or hold, and months that could not be stored; none is
              allowed
    blocked   results that say that an operand is missing; each reason has to be one of ``judging/operands.py``
    notes     results EXCEPTION of any other severity; a month may have them
    planted   errors planted, and how many of them their own control found in their own month (the vendor's, or the one
              that the document is stored in where no listed billing period tells it); hidden by the reading as
              docs/readings.md says; missed: none is allowed

A month is judged without a database, in half of the time. To show that it comes to the same, the first seed's
months go through Postgres too, as tasks do it, and each result is compared. Errors that only a second fetch shows are
planted there. Exit code 1: an alarm, a missed error, an unknown reason of BLOCKED, or a difference between both ways.
"""

from __future__ import annotations

import argparse
import json
import logging
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from judging.cases import MIX, SECOND_FETCH, Case, cases_of, cases_on
from judging.report import Report
from judging.verdicts import Clean, Sown
from vendor_simulator.readings import parse_readings
from vendor_simulator.registry import simulated_vendors
from vendor_simulator.world import World

SEEDS, MIXES = 10, 200
ALONE_EVERY = 2
"""A reading alone is judged with one seed in so many."""
CASES_AT_ONCE = 40
PART = 20
"""``--part`` judges one case of so many, of one seed."""

Job = tuple[list[Case], dict[Case, list[str]]]


def main() -> int:
    options = _parser().parse_args()
    options.reading = parse_readings(options.reading)
    began = time.monotonic()
    with TemporaryDirectory() as home:
        # Airflow reads its settings when it is imported. Certificates are not needed on loopback: reading the usual
        # ones for each session takes half of the time; an empty folder has none.
        os.environ |= {"AIRFLOW_HOME": home, "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR", "REQUESTS_CA_BUNDLE": home}
        report = judge_all(list(_jobs(options)), options.processes)
    print(report.text(show=options.show))
    print(f"{time.monotonic() - began:.0f} s, {options.processes} processes")
    if options.json:
        options.json.write_text(json.dumps(report.as_json(), indent=1), encoding="utf-8")
    return 1 if report.faults() else 0


def judge_all(jobs: Sequence[Job], processes: int) -> Report:
    """Judge all cases, in processes of their own."""
    import judging.judge  # noqa: F401, PLC0415 (once, before processes are forked, and after main made Airflow's settings)
    from judging.stored import database  # noqa: PLC0415 (the same)

    report = Report()
    first = min(job[0][0].seed for job in jobs)
    pool = multiprocessing.get_context("fork").Pool(processes, _be_quiet)
    with database() as url, pool:
        work = [(cases, plant, url if cases[0].seed == first else None) for cases, plant in jobs]
        for clean, sown in pool.imap(_judge, work):
            report.add(clean, sown)
            print(f"{len(report.clean)} cases, {len(report.sown)} errors", end="\r", file=sys.stderr, flush=True)
    return report


def _judge(work: tuple[list[Case], dict[Case, list[str]], str | None]) -> tuple[list[Clean], list[Sown]]:
    from judging.judge import judge_cases  # noqa: PLC0415 (imports Airflow, whose settings main makes)

    return judge_cases(*work)


def _be_quiet() -> None:
    logging.disable(logging.ERROR)


def _jobs(options: argparse.Namespace) -> Iterator[Job]:
    seeds = options.seed or range(1, 2 if options.part else options.seeds + 1)
    for vendor in options.vendor or [each.name for each in simulated_vendors()]:
        kinds = World().vendors[vendor].kinds()
        for seed in seeds:
            cases = list(_cases(options, vendor, seed, len(seeds)))
            plant = {case: list(_kinds(options, case, kinds, stored=seed == min(seeds))) for case in cases}
            for start in range(0, len(cases), CASES_AT_ONCE):
                chunk = cases[start : start + CASES_AT_ONCE]
                yield chunk, {case: plant[case] for case in chunk}


def _cases(options: argparse.Namespace, vendor: str, seed: int, seeds: int) -> Iterator[Case]:
    if options.reading or options.account:
        given = {key: value for key, value in options.reading.items() if key.startswith(f"{vendor}.")}
        yield from cases_on(vendor, seed, options.account, given)
        return
    every = ALONE_EVERY if seeds >= ALONE_EVERY else 1
    for case in cases_of(vendor, seed, -(-options.combinations // (SEEDS if options.part else seeds))):
        chosen = case.title == MIX or (case.number + seed) % every == 0
        if chosen and (not options.part or case.number % PART == 0):
            yield case


def _kinds(options: argparse.Namespace, case: Case, kinds: Sequence[str], *, stored: bool) -> Iterator[str]:
    """
    Yield the kinds that are planted on a case: over the seeds, each kind under each reading.

    :param stored: the case goes through the database.
    """
    turns = SEEDS // ALONE_EVERY if case.title != MIX else SEEDS
    for place, kind in enumerate(kinds):
        if options.kind:
            planted = kind in options.kind
        elif kind.startswith(SECOND_FETCH):
            planted = stored
        else:
            planted = bool(options.reading) or (case.number + place + case.seed // ALONE_EVERY) % turns == 0
        if planted:
            yield kind


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=SEEDS, metavar="N", help="seeds 1 to N")
    parser.add_argument("--seed", type=int, action="append", help="this seed; repeatable")
    parser.add_argument("--combinations", type=int, default=MIXES, metavar="N", help="random mixes of each vendor")
    parser.add_argument("--vendor", action="append", choices=[each.name for each in simulated_vendors()])
    parser.add_argument("--reading", action="append", default=[], metavar="KEY=VALUE", help="these together, no others")
    parser.add_argument("--account", action="append", default=[], metavar="NAME", help="with --reading: only this one")
    parser.add_argument("--kind", action="append", default=[], metavar="KIND", help="plant only this kind of error")
    parser.add_argument("--part", action="store_true", help="a part of one seed, as make test does")
    parser.add_argument("--show", action="store_true", help="print every result that is not a pass")
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything found to a file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
