"""Count what was judged, print it, and say what must not be."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from judging.cases import Case
from judging.operands import is_known
from judging.verdicts import Clean, Sown, Verdict

SHOWN, SHOWN_OF_A_KIND = 60, 3
OUTCOMES = ("found", "hidden", "missed", "no target")


@dataclass
class Row:
    """One line of the table."""

    months: int = 0
    alarms: int = 0
    blocked: int = 0
    notes: int = 0
    sown: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        planted = sum(self.sown[outcome] for outcome in ("found", "hidden", "missed"))
        counts = "".join(f"{self.sown[outcome]:>10}" for outcome in OUTCOMES)
        return f"{self.months:>8}{self.alarms:>8}{self.blocked:>9}{self.notes:>7}{planted:>9}{counts}"


@dataclass
class Report:
    """Everything that was judged."""

    clean: list[Clean] = field(default_factory=list)
    sown: list[Sown] = field(default_factory=list)

    def add(self, clean: Iterable[Clean], sown: Iterable[Sown]) -> None:
        """Add what one process judged."""
        self.clean += clean
        self.sown += sown

    def alarms(self) -> list[Verdict]:
        """Return what a world without errors must not raise."""
        return [each for each in self._verdicts() if each.is_alarm]

    def unknown_blocks(self) -> list[Verdict]:
        """Return the results BLOCKED for a reason that is not known to be one."""
        return [each for each in self._verdicts() if each.is_block and not is_known(each.control, each.sentence)]

    def missed(self) -> list[Sown]:
        """Return the planted errors that were not found and that no reading hides."""
        return [each for each in self.sown if each.outcome == "missed"]

    def differences(self) -> list[str]:
        """Return what came to something else through Postgres."""
        return [difference for each in self.clean for difference in each.differences]

    def never_planted(self) -> list[str]:
        """Return the kinds of errors that found no place anywhere."""
        planted = {each.kind for each in self.sown if each.outcome != "no target"}
        return sorted({each.kind for each in self.sown} - planted)

    def faults(self) -> int:
        """Return how many things are not as they must be."""
        verdicts = [*self.alarms(), *self.unknown_blocks()]
        return len(verdicts) + len(self.missed()) + len(self.differences()) + len(self.never_planted())

    def text(self, *, show: bool) -> str:
        """Write the table, and what must not be."""
        return "\n".join([*self._table(), "", *self._kinds(), "", *self._blocked(), *self._findings(show=show)])

    def as_json(self) -> dict[str, Any]:
        """Write everything with plain values."""
        return {
            "months": sum(each.months for each in self.clean),
            "alarms": list(map(_verdict_json, self.alarms())),
            "blocked": [_verdict_json(each) for each in self._verdicts() if each.is_block],
            "unknown_blocks": list(map(_verdict_json, self.unknown_blocks())),
            "missed": list(map(_sown_json, self.missed())),
            "differences": self.differences(),
            "outcomes": Counter(each.outcome for each in self.sown),
            "faults": self.faults(),
        }

    def _verdicts(self) -> Iterator[Verdict]:
        return (verdict for each in self.clean for verdict in each.verdicts)

    def _table(self) -> Iterator[str]:
        heads = "".join(f"{outcome:>10}" for outcome in OUTCOMES)
        yield f"{'reading':64}{'months':>8}{'alarms':>8}{'blocked':>9}{'notes':>7}{'planted':>9}{heads}"
        rows: dict[str, Row] = defaultdict(Row)
        for clean in self.clean:
            for row in (rows[_title(clean.case)], rows["all"]):
                row.months += clean.months
                row.alarms += sum(each.is_alarm for each in clean.verdicts)
                row.blocked += sum(each.is_block for each in clean.verdicts)
                row.notes += sum(not each.is_alarm and not each.is_block for each in clean.verdicts)
        for sown in self.sown:
            for row in (rows[_title(sown.case)], rows["all"]):
                row.sown[sown.outcome] += 1
        yield from (f"{title:64}{row}" for title, row in sorted(rows.items()) if title != "all")
        yield f"{'all':64}{rows['all']}"

    def _kinds(self) -> Iterator[str]:
        """Write what became of the planted errors, by kind."""
        counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for sown in self.sown:
            counts[sown.case.vendor, sown.kind][sown.outcome] += 1
        yield f"{'kind of error':32}{''.join(f'{outcome:>10}' for outcome in OUTCOMES)}"
        for (vendor, kind), count in sorted(counts.items()):
            yield f"{vendor + ' ' + kind:32}{''.join(f'{count[outcome]:>10}' for outcome in OUTCOMES)}"

    def _blocked(self) -> Iterator[str]:
        blocks = (each for each in self._verdicts() if each.is_block)
        reasons = Counter((v.control, _reason(v.sentence), is_known(v.control, v.sentence)) for v in blocks)
        for (control, reason, known), number in sorted(reasons.items()):
            yield f"blocked {number:6} times by {control}: {reason}{'' if known else '   NOT KNOWN TO BE MISSING'}"

    def _findings(self, *, show: bool) -> Iterator[str]:
        chosen = list(self._verdicts()) if show else [*self.alarms(), *self.unknown_blocks()]
        yield from self._verdict_lines(chosen, everything=show)
        yield from _few([_sown_line(each) for each in (self.sown if show else self.missed())], everything=show)
        yield from _few(self.differences(), everything=show)
        yield f"kinds never planted: {', '.join(self.never_planted()) or 'none'}"
        yield (
            f"alarms {len(self.alarms())}, BLOCKED for an unknown reason {len(self.unknown_blocks())}, "
            f"planted errors missed {len(self.missed())}, other results through Postgres {len(self.differences())}"
        )

    def _verdict_lines(self, verdicts: list[Verdict], *, everything: bool) -> Iterator[str]:
        """Write some of each kind of verdict, with the command that shows it alone."""
        seen: Counter[tuple[str, str]] = Counter()
        lines = []
        for verdict in verdicts:
            key = verdict.control, _reason(verdict.sentence)
            seen[key] += 1
            if everything or seen[key] <= SHOWN_OF_A_KIND:
                lines.append(_verdict_line(verdict))
        yield from _few(lines, everything=everything)
        for (control, reason), number in seen.most_common():
            if number > SHOWN_OF_A_KIND and not everything:
                yield f"{number} times {control}: {reason}"


def _title(case: Case) -> str:
    return case.title if "." in case.title else f"{case.vendor}: {case.title}"


def _reason(sentence: str) -> str:
    """Return a sentence without what differs from case to case."""
    return re.sub(r"'[^']*'|\"[^\"]*\"|[\w.-]*\d[\w.,:%-]*", "…", sentence)[:200]


def _verdict_line(verdict: Verdict) -> str:
    return (
        f"{verdict.state} {verdict.control} {verdict.case.account} {verdict.month} {verdict.subject}: "
        f"{verdict.sentence}\n    {_command(verdict.case)}"
    )


def _sown_line(sown: Sown) -> str:
    return (
        f"{sown.outcome.upper()} {sown.kind} {sown.case.account} {sown.month}: {sown.sentence}"
        f"{''.join(f' [raised {v.control} {v.state}: {v.sentence[:160]}]' for v in sown.raised[:3])}\n"
        f"    {_command(sown.case)} --kind {sown.kind}"
    )


def _command(case: Case) -> str:
    readings = "".join(f" --reading {key}={value}" for key, value in case.readings.items())
    return f"bench/readings.py --vendor {case.vendor} --seed {case.seed} --account {case.account}{readings} --show"


def _few(lines: list[str], *, everything: bool) -> Iterator[str]:
    yield from lines if everything else lines[:SHOWN]
    if len(lines) > SHOWN and not everything:
        yield f"and {len(lines) - SHOWN} more"


def _verdict_json(verdict: Verdict) -> dict[str, Any]:
    names = ("month", "control", "severity", "state", "subject", "sentence")
    return _case_json(verdict.case) | {name: getattr(verdict, name) for name in names}


def _sown_json(sown: Sown) -> dict[str, Any]:
    return _case_json(sown.case) | {name: getattr(sown, name) for name in ("kind", "outcome", "month", "sentence")}


def _case_json(case: Case) -> dict[str, Any]:
    return {"vendor": case.vendor, "seed": case.seed, "account": case.account, "readings": dict(case.readings)}
