"""Run every control, even if another one fails, and check the findings against the account's tolerances."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from billing.config.tolerances import EXACT, Tolerance
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked
from billing.controls.truncate import keep_largest
from billing.errors import ConfigurationError

_OPEN = (State.EXCEPTION, State.BLOCKED)


@dataclass(frozen=True, slots=True)
class Result:
    """A finding and the control that made it."""

    control: Control
    finding: Finding


@dataclass(frozen=True, slots=True)
class ControlRun:
    """
    All results of a month.

    :param faults: internal errors by control id; the result of such a control is BLOCKED.
    """

    results: tuple[Result, ...]
    faults: dict[str, Exception]

    @property
    def states(self) -> dict[str, int]:
        """Number of results by state."""
        return dict(Counter(result.finding.state.value for result in self.results))

    def summary(self) -> str:
        """Return one line: number of results by state, and the controls that a person has to review; no amounts."""
        counts = ", ".join(f"{count} {state}" for state, count in sorted(self.states.items()))
        found = ((result.finding.state, result.control.control_id) for result in self.results)
        named = list(dict.fromkeys(pair for pair in found if pair[0] in _OPEN))
        look_at = "; ".join(
            f"{state.value}: {', '.join(control_id for other, control_id in named if other is state)}"
            for state in _OPEN
            if any(other is state for other, _ in named)
        )
        return f"{counts or 'no results'}; {look_at or 'nothing to review'}"


def run_controls(controls: Iterable[Control], evidence: Evidence[object]) -> ControlRun:
    """
    Run every control, in order. One that raises is recorded as BLOCKED and the others still run; one without a finding
    is recorded as BLOCKED, too. Of many findings of one kind only the largest are listed individually.

    :raises ConfigurationError: the account has a tolerance for a control that is not run.
    """
    controls = tuple(controls)
    _check_tolerances(controls, evidence)
    results: list[Result] = []
    faults: dict[str, Exception] = {}
    for control in controls:
        try:
            judged = (_under_policy(control, finding, evidence) for finding in control.check(evidence))
            findings = keep_largest(judged)
            findings = findings or [blocked(str(evidence.account_month.month), "the control found nothing to check")]
        except Exception as error:  # noqa: BLE001 (recorded as BLOCKED and raised by the caller once all have run)
            faults[control.control_id] = error
            findings = [
                blocked(str(evidence.account_month.month), f"the control itself failed with {type(error).__name__}")
            ]
        results.extend(Result(control, finding) for finding in findings)
    return ControlRun(tuple(results), faults)


def _check_tolerances(controls: tuple[Control, ...], evidence: Evidence[object]) -> None:
    unknown = sorted(set(evidence.account.tolerances) - {control.control_id for control in controls})
    if unknown:
        raise ConfigurationError(
            f"{evidence.account.vendor}/{evidence.account.name}: tolerances: there is no control {unknown[0]}"
        )


def _under_policy(control: Control, finding: Finding, evidence: Evidence[object]) -> Finding:
    """
    Turn an exception that is small enough for the policy in force into a tolerated variance, and report the policy.

    Called only for differences that rounding does not explain.
    """
    policy = policy_of(control, evidence, finding.currency)
    if finding.state is not State.EXCEPTION or not finding.difference or policy == EXACT:
        return finding
    operands = {**finding.operands, "policy": policy.as_operand()}
    if policy.is_exceeded_by(finding.difference, finding.expected or Decimal(0)):
        return replace(finding, operands=operands, explanation=f"{finding.explanation}; more than the policy: {policy}")
    return replace(
        finding,
        state=State.VARIANCE_TOLERATED,
        operands=operands,
        explanation=f"{finding.explanation}; within the policy: {policy}",
    )


def policy_of(control: Control, evidence: Evidence[object], currency: str | None) -> Tolerance:
    """Return the tolerance that the account names for a control, else the control's own, in major units."""
    return evidence.account.tolerances.get(control.control_id, control.tolerance).in_currency(currency)
