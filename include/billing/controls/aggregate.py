"""Reduce the findings of a control: one for all that passed, and each that did not pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from billing.controls.finding import Finding, State
from billing.money import difference

_GOOD = frozenset({State.PASS, State.PASS_WITHIN_ROUNDING})
_SHOWN = 200


def summarize_passes(
    subject: str, record_type: str, findings: Iterable[Finding], *, listed: bool = False
) -> Iterator[Finding]:
    """
    Yield what did not pass, then one finding for all that did: 5,000 lines that agree are one row.

        2 PASS, 1 PASS_WITHIN_ROUNDING, 1 EXCEPTION  -> the EXCEPTION; one PASS_WITHIN_ROUNDING for 3

    :param record_type: what was checked one by one, e.g. ``lines``.
    :param listed: show the operands of those that passed (the first 200).
    """
    passed: list[Finding] = []
    total = 0
    for finding in findings:
        total += 1
        if finding.state in _GOOD:
            passed.append(finding)
        else:
            yield finding
    if not passed:
        return
    rounded = [finding for finding in passed if finding.state is State.PASS_WITHIN_ROUNDING]
    operands = {record_type: total, "agree": len(passed), "within_rounding": len(rounded)}
    yield Finding(
        subject,
        State.PASS_WITHIN_ROUNDING if rounded else State.PASS,
        f"{len(passed)} of {total} {record_type} agree, {len(rounded)} of them within rounding",
        bound=max((finding.bound for finding in rounded if finding.bound is not None), default=None),
        currency=passed[0].currency,
        operands=operands | ({"shown": [dict(each.operands) for each in passed[:_SHOWN]]} if listed else {}),
    )


def compare_quantities(
    subject: str, what: str, *, expected: Decimal, actual: Decimal, bound: Decimal = Decimal(0)
) -> Finding:
    """
    Compare two quantities of one unit; they are counted, not rounded, so the bound is 0 unless one is derived.

        expected 12, actual 12  -> PASS
        expected 12, actual 13  -> EXCEPTION
        expected 40.5, actual 40.51, bound 0.0125 (half a token at 0.025)  -> PASS_WITHIN_ROUNDING
    """
    gap = difference(actual, expected)
    if gap == 0:
        state, verdict = State.PASS, "agrees"
    elif abs(gap) <= bound:
        state, verdict = State.PASS_WITHIN_ROUNDING, f"differs by {gap}, which rounding explains ({bound})"
    else:
        state, verdict = State.EXCEPTION, f"is {actual} where {expected} is expected ({gap:+})"
    return Finding(subject, state, f"{what}: {verdict}", expected=expected, actual=actual, difference=gap, bound=bound)
