"""Shorten a long list of findings: 5,000 lines without a rate are one problem, not 5,000 rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from billing.controls.finding import Finding, Severity, State
from billing.money import exact_sum

SHOWN = 20
_OPERANDS_SHOWN = 200
_NEVER_MANY = frozenset({State.PASS, State.PASS_WITHIN_ROUNDING})  # controls gather these themselves


def keep_largest(findings: Iterable[Finding], most: int = SHOWN) -> list[Finding]:
    """
    Keep, of each subject, state and severity that is not a pass, the findings that differ most, unchanged and in their
    order. The rest of them become one finding at the end.

        5,000 BLOCKED lines of an invoice             -> 20 of them, and one BLOCKED "4,980 more"
        30 EXCEPTION, 25 BLOCKED lines of an invoice  -> 20 + 20, one EXCEPTION "10 more", one BLOCKED "5 more"

    :param findings: of one control, after the account's policy: a policy applies to each finding, never to their sum.
    """
    findings = list(findings)
    alike: dict[tuple[str, State, Severity | None], list[int]] = defaultdict(list)
    for place, finding in enumerate(findings):
        if finding.state not in _NEVER_MANY:
            alike[finding.subject, finding.state, finding.severity].append(place)
    left_out: set[int] = set()
    rest = []
    for places in alike.values():
        further = sorted(sorted(places, key=lambda place: -_size(findings[place]))[most:])
        left_out.update(further)
        if further:
            rest.append(_one_for_all([findings[place] for place in further]))
    return [finding for place, finding in enumerate(findings) if place not in left_out] + rest


def _size(finding: Finding) -> Decimal:
    return abs(finding.difference or Decimal(0))


def _one_for_all(further: Sequence[Finding]) -> Finding:
    """Return one finding with their number, and their sum if all are amounts of one currency."""
    first = further[0]
    currency = first.currency if len({each.currency for each in further}) == 1 else None
    expected, actual, difference = (
        _sum([getattr(each, name) for each in further]) if currency else None
        for name in ("expected", "actual", "difference")
    )
    total = f"; together they differ by {difference} {currency}" if difference is not None else ""
    operands = [dict(each.operands) for each in further if each.operands]
    return Finding(
        first.subject,
        first.state,
        f"{len(further)} more of the same kind, not listed individually{total}",
        expected=expected,
        actual=actual,
        difference=difference,
        currency=currency,
        operands={"further": len(further), "shown": operands[:_OPERANDS_SHOWN]},
        severity=first.severity,
    )


def _sum(numbers: Sequence[Decimal | None]) -> Decimal | None:
    known = [number for number in numbers if number is not None]
    return exact_sum(known) if len(known) == len(numbers) else None
