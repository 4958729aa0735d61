"""What a control found; terms and states are those of auditing (docs/controls.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any, Literal

from billing.money import difference, minor_unit, rounding_bound

Severity = Literal["exception", "hold", "blocked", "alert", "warning", "variance", "info"]


class State(StrEnum):
    """How a control ended. An invoice passes only with the first three."""

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

    :param subject: the invoice id, the billing period id, or the month that was checked.
    :param explanation: one sentence a controller can act on.
    :param expected: in ``currency`` where that is given, else a plain quantity.
    :param difference: actual - expected.
    :param bound: largest difference that rounding alone explains; derived, never chosen.
    :param operands: what was compared, exact numbers and identifiers.
    :param severity: what an exception means here; None: what the control says.
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
    severity: Severity | None = None


def blocked(subject: str, missing: str) -> Finding:
    """Create the finding of a control that could not run, with the reason."""
    return Finding(subject, State.BLOCKED, f"cannot be checked: {missing}")


def not_applicable(subject: str, reason: str) -> Finding:
    """Create the finding of a control that does not apply here, with the reason."""
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
    bound = bound_of(currency, roundings)
    state = state_of(gap, bound)
    return Finding(
        subject,
        state,
        f"{what}: {_verdict(state, gap, roundings, bound)}",
        expected=expected,
        actual=actual,
        difference=gap,
        bound=bound,
        currency=currency,
    )


@lru_cache(maxsize=1024)
def bound_of(currency: str | None, roundings: int) -> Decimal | None:
    """Return the largest difference that rounding explains; None without a known currency."""
    unit = minor_unit(currency) if currency else None
    return rounding_bound(roundings, unit) if unit is not None else None


def state_of(gap: Decimal, bound: Decimal | None) -> State:
    """Return the state of a difference between two amounts; without a bound only equal amounts pass."""
    if gap == 0:
        return State.PASS
    if bound is None:
        return State.BLOCKED
    return State.PASS_WITHIN_ROUNDING if abs(gap) <= bound else State.EXCEPTION


def _verdict(state: State, gap: Decimal, roundings: int, bound: Decimal | None) -> str:
    match state:
        case State.PASS:
            return "agrees"
        case State.BLOCKED:
            return f"differs by {gap}, and the currency is unknown, so no rounding bound can be calculated"
        case State.PASS_WITHIN_ROUNDING:
            return f"differs by {gap}, which {roundings} roundings explain"
        case _:
            return f"differs by {gap}, more than rounding explains ({bound})"
