"""Judge accounts of simulated worlds: first clean, then with one error planted; in memory, or through Postgres."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from airflow.sdk._shared.secrets_masker import reset_secrets_masker

from billing.config.accounts import Account
from billing.controls.finding import State
from billing.controls.runner import ControlRun
from billing.month import Month
from judging.cases import SECOND_FETCH, Case
from judging.evidence import Known
from judging.stored import Stored, open_stored
from judging.verdicts import FAILED, Clean, Sown, Verdict
from judging.worlds import NOW, accounts_of, months_of, served, vendor_of, world_of
from vendor_simulator.months import Month as SimulatedMonth
from vendor_simulator.planted import Planted
from vendor_simulator.world import World

PLANTED_IN = (-2, -1)
"""In which of a case's months an error may be planted: preferably in one that others surround."""
FIRST_MONTH_TOO = ("G19",)
"""Kinds that are as visible in a month without one before: credit memos are rare."""
Verdicts = dict[Month, tuple[Verdict, ...]]
Judge = Callable[[Case, Month, str], Iterator[tuple[Verdict, ...]]]
"""
Yields what is found in a month with an error in a document: at first glance, then with more months fetched again, then
in the month that the document is stored in if that is another one.
"""


@dataclass
class Track:
    """A case in its clean world: its months, and what was found in each."""

    known: Known
    verdicts: Verdicts


def judge_cases(
    cases: Sequence[Case], plant: Mapping[Case, Sequence[str]], url: str | None
) -> tuple[list[Clean], list[Sown]]:
    """
    Judge cases of one vendor and seed.

    :param plant: the kinds of errors to plant, by case, each alone.
    :param url: of a database; the cases go through it too, and what only a second fetch shows is planted there.
    """
    tracks = _clean(cases)
    clean = {
        case: Clean(case, len(track.verdicts), tuple(each for month in track.verdicts.values() for each in month))
        for case, track in tracks.items()
    }
    sown = list(_planted(plant, tracks))
    if url is not None:
        with open_stored(url, vendor_of(cases[0].vendor)) as database:
            for case, differences in _store(database, tracks).items():
                clean[case] = replace(clean[case], differences=differences)
            sown += _planted_later(database, plant, tracks)
    return list(clean.values()), sown


def _clean(cases: Sequence[Case]) -> dict[Case, Track]:
    world = world_of(cases)
    accounts = accounts_of(world, cases)
    with served(world, cases):
        return {case: _judge(case, _unknown(account), months_of(case, account)) for case, account in accounts.items()}


def _unknown(account: Account[Any]) -> Known:
    return Known(vendor_of(account.vendor), account)


def _judge(case: Case, known: Known, months: Iterable[Month]) -> Track:
    """
    Fetch some months, then judge them, in memory: as a backfill does, which judges a month again when later ones come.

    A month that cannot be collected or derived is a verdict of its own.
    """
    reset_secrets_masker()  # each token of each account makes the next one slower to mask
    collect = known.vendor.load_implementation().collect
    verdicts: Verdicts = {}
    for month in months:
        try:
            known = known.with_month(month, collect(known.account, month))
        except Exception as error:  # noqa: BLE001 (whatever keeps a month from being stored is an alarm)
            known = known.without(month)
            verdicts[month] = (_failed(case, month, error),)
    for month in months:
        if month in known.months:
            verdicts[month] = _verdicts(case, month, known.judge(month, NOW))
    return Track(known, verdicts)


def _failed(case: Case, month: Month, error: Exception) -> Verdict:
    return Verdict(case, str(month), FAILED, "exception", FAILED, str(month), f"{type(error).__name__}: {error}")


def _verdicts(case: Case, month: Month, outcome: ControlRun) -> tuple[Verdict, ...]:
    return tuple(
        Verdict(
            case,
            str(month),
            result.control.control_id,
            result.finding.severity or result.control.severity,
            result.finding.state.value,
            result.finding.subject,
            result.finding.explanation,
        )
        for result in outcome.results
        if result.finding.state in {State.EXCEPTION, State.BLOCKED}
    )


def _planted(plant: Mapping[Case, Sequence[str]], tracks: Mapping[Case, Track]) -> Iterator[Sown]:
    """Judge what is planted before the only fetch of a month."""

    def judge(case: Case, month: Month, document: str) -> Iterator[tuple[Verdict, ...]]:
        known = tracks[case].known
        yield _judge(case, known, [month]).verdicts[month]
        # the bill that lacks may be one of another month: fetch those around it, too
        again = _judge(case, known, [each for each in known.months if each >= month.shifted(-1)])
        yield again.verdicts[month]
        # without a listed billing period, or with a wrong date, the month of a bill is another one than the vendor's
        yield from (again.verdicts[each] for each in again.known.months_of(document) if each in again.verdicts)

    chosen = {case: [kind for kind in kinds if not kind.startswith(SECOND_FETCH)] for case, kinds in plant.items()}
    return _sow(chosen, tracks, judge)


def _planted_later(
    database: Stored, plant: Mapping[Case, Sequence[str]], tracks: Mapping[Case, Track]
) -> Iterator[Sown]:
    """Judge what is planted in months that are stored, and are fetched once more."""

    def judge(case: Case, month: Month, _: str) -> Iterator[tuple[Verdict, ...]]:
        yield _judge_stored(database, case, tracks[case].known.account, month)

    chosen = {case: [kind for kind in kinds if kind.startswith(SECOND_FETCH)] for case, kinds in plant.items()}
    return _sow(chosen, tracks, judge)


def _sow(plant: Mapping[Case, Sequence[str]], tracks: Mapping[Case, Track], judge: Judge) -> Iterator[Sown]:
    """Plant one error on each account of a fresh world and judge its month; then the next ones, in another world."""
    for turn in range(max(map(len, plant.values()))):
        kinds = {case: kinds[turn] for case, kinds in plant.items() if turn < len(kinds)}
        world = world_of(list(kinds))
        errors = {case: _plant(world, kind, case, tracks[case]) for case, kind in kinds.items()}
        with served(world, kinds):
            for case, kind in kinds.items():
                yield _judged(kind, errors[case], tracks[case], case, judge)


def _judged(kind: str, error: Planted | None, track: Track, case: Case, judge: Judge) -> Sown:
    if error is None:
        return Sown(case, kind, "no target")
    month = Month.parse(str(error.month))
    usual = {each for verdicts in track.verdicts.values() for each in verdicts}
    for found in judge(case, month, error.document):
        new = [each for each in found if each not in usual]
        sown = _outcome(case, kind, error, new)
        if sown.outcome == "found":
            break
    return sown


def _plant(world: World, kind: str, case: Case, track: Track) -> Planted | None:
    """Plant an error in one of the months of a case; None if there is nothing to put it on."""
    months = sorted(track.known.months)
    for place in (*PLANTED_IN, -3) if kind in FIRST_MONTH_TOO else PLANTED_IN:
        if -place <= len(months):
            error = world.plant(kind, case.account, SimulatedMonth.parse(str(months[place])))
            if error is not None and Month.parse(str(error.month)) in months:
                return error
    return None


def _outcome(case: Case, kind: str, error: Planted, new: Iterable[Verdict]) -> Sown:
    own = [each for each in new if each.control == error.control and each.speaks]
    outcome = "found" if own else "hidden" if case.hides(kind) else "missed"
    raised = tuple(each for each in new if each.control != error.control)
    return Sown(case, kind, outcome, str(error.month), error.sentence, raised)


def _store(database: Stored, tracks: Mapping[Case, Track]) -> dict[Case, tuple[str, ...]]:
    """Send the clean months through the database; return, in words, what comes to something else."""
    world = world_of(list(tracks))
    with served(world, tracks):
        return {case: tuple(_differences(database, case, track)) for case, track in tracks.items()}


def _differences(database: Stored, case: Case, track: Track) -> Iterator[str]:
    failed = {month: _store_month(database, case, track.known.account, month) for month in track.verdicts}
    for month, verdicts in track.verdicts.items():
        here = {(each.control, each.subject, each.state) for each in verdicts}
        stored = failed[month] or database.verdicts(case, month)
        there = {(each.control, each.subject, each.state) for each in stored}
        for way, only in (("in memory", here - there), ("through Postgres", there - here)):
            yield from (f"{case.account} {month}: only {way}: {' '.join(result)}" for result in sorted(only))


def _judge_stored(database: Stored, case: Case, account: Account[Any], month: Month) -> tuple[Verdict, ...]:
    return _store_month(database, case, account, month) or database.verdicts(case, month)


def _store_month(database: Stored, case: Case, account: Account[Any], month: Month) -> tuple[Verdict, ...]:
    """Fetch and reconcile a month; return a verdict only if that failed."""
    try:
        database.reconcile(account, month)
    except Exception as error:  # noqa: BLE001 (as in memory)
        return (_failed(case, month, error),)
    return ()
