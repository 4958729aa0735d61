"""What a control found: its words and states are those of the audit trade (docs/controls.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from billing.money import difference, minor_unit, rounding_bound


class State(StrEnum):
    """How a control ended. Only the first three let an invoice pass."""

    PASS = "PASS"  # noqa: S105 (a state, not a password)
    PASS_WITHIN_ROUNDING = "PASS_WITHIN_ROUNDING"  # noqa: S105 (the same)
    VARIANCE_TOLERATED = "VARIANCE_TOLERATED"
    EXCEPTION = "EXCEPTION"
    BLOCKED = "BLOCKED"
    NOT_APPLICABLE = "NOT_APPLICABLE"


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One outcome of a control.

    :param subject: the invoice id, the billing period id, or the month that was looked at.
    :param explanation: one sentence a controller can act on.
    :param expected: in ``currency`` where that is given, else a plain quantity.
    :param difference: actual - expected.
    :param bound: largest difference that rounding alone explains; derived, never chosen.
    :param operands: what was compared, exact numbers and identifiers.
    """

    subject: str
    state: State
    explanation: str
    expected: Decimal | None = None
    actual: Decimal | None = None
    difference: Decimal | None = None
    bound: Decimal | None = None
    currency: str | None = None
    operands: Mapping[str, Any] = field(default_factory=dict)


def blocked(subject: str, missing: str) -> Finding:
    """Say that a control could not run, because of what."""
    return Finding(subject, State.BLOCKED, f"cannot be judged: {missing}")


def not_applicable(subject: str, reason: str) -> Finding:
    """Say that a control has nothing to judge here, and why."""
    return Finding(subject, State.NOT_APPLICABLE, reason)


def compare_amounts(
    subject: str, what: str, *, expected: Decimal, actual: Decimal, currency: str | None, roundings: int
) -> Finding:
    """
    Compare two amounts of one currency; the bound is half a minor unit for each independent rounding.

        expected 15.00, actual 15.00, 2 roundings in USD  -> PASS
        expected 15.00, actual 15.01, 2 roundings in USD  -> PASS_WITHIN_ROUNDING (bound 0.01)
        expected 15.00, actual 15.02, 2 roundings in USD  -> EXCEPTION
        no currency                                       -> PASS only if equal, else BLOCKED
    """
    gap = difference(actual, expected)
    unit = minor_unit(currency) if currency else None
    bound = rounding_bound(roundings, unit) if unit is not None else None
    if gap == 0:
        state, verdict = State.PASS, "agrees"
    elif bound is None:
        state, verdict = State.BLOCKED, f"differs by {gap}, and without a known currency no rounding bound exists"
    elif abs(gap) <= bound:
        state, verdict = State.PASS_WITHIN_ROUNDING, f"differs by {gap}, which {roundings} roundings explain"
    else:
        state, verdict = State.EXCEPTION, f"differs by {gap}, more than rounding explains ({bound})"
    return Finding(
        subject,
        state,
        f"{what}: {verdict}",
        expected=expected,
        actual=actual,
        difference=gap,
        bound=bound,
        currency=currency,
    )
