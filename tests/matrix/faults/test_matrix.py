"""Every fault at every endpoint where it can occur: nothing lost, nothing half-written, nobody asked too often."""

from __future__ import annotations

import pytest
from airflow.sdk.definitions.retry_policy import RetryAction
from tests.matrix.faults.catalogue import (
    BROKEN,
    EMPTY,
    FOUND,
    KEPT,
    NO_FILE,
    NOTED,
    PAYLOAD,
    SAME,
    UNAVAILABLE,
    UNSEEN,
)
from tests.matrix.faults.cells import Cell, FaultRun, every_cell, run_with_fault
from tests.matrix.faults.dump import Dump
from tests.matrix.faults.environment import Environment, Truth
from tests.matrix.faults.report import Line, Report
from tests.matrix.faults.scenarios import LIMITS, LONG_WAIT, Outcome
from tests.matrix.faults.secret_markers import shown

from billing.errors import VendorUnavailable
from billing_vendors.base.polling import MAX_RETRY_AFTER
from billing_vendors.base.retries import VendorRetryPolicy
from vendor_simulator.web.corrupt import SPOILING

MAX_REQUESTS_A_MINUTE = 20
# Airflow's figures of a task: four retries, at least 30 s apart, so that two tries may fall into one minute
DEADLINE_SECONDS = 30.0
STORED_AS_SENT = {FOUND, KEPT, NO_FILE, NOTED, UNSEEN}


CELLS = list(every_cell())


def first_cells() -> set[str]:
    """Choose the first cell of each fault and vendor; one of signing in only if there is no other."""
    first: dict[tuple[str, str], str] = {}
    for cell in sorted(CELLS, key=lambda cell: cell.endpoint.kind == "token"):
        first.setdefault((cell.fault.name, cell.scenario.vendor.name), cell.id)
    return set(first.values())


SAMPLE = first_cells()


def as_parameter(cell: Cell):
    return pytest.param(cell, id=cell.id, marks=[pytest.mark.sample] if cell.id in SAMPLE else [])


@pytest.mark.parametrize("cell", [as_parameter(cell) for cell in CELLS if cell.id in SAMPLE or not cell.soaked])
def test_a_run_under_a_fault(cell: Cell, environment: Environment, report: Report) -> None:
    """It ends right, or in the right error with no row changed; and the next run, without the fault, ends right."""
    _run(cell, environment, report, again=cell.tried_again)


@pytest.mark.soak
@pytest.mark.parametrize(
    "cell", [pytest.param(cell, id=cell.id) for cell in CELLS if cell.soaked or not cell.tried_again]
)
def test_a_run_under_a_fault_and_the_next_one(cell: Cell, environment: Environment, report: Report) -> None:
    """As above; where the short run has only made sure that an error left no row, the next run is tried, too."""
    _run(cell, environment, report, again=True)


def _run(cell: Cell, environment: Environment, report: Report, *, again: bool) -> None:
    if cell.scenario.stores:
        with environment.database_of(cell.scenario) as database:
            fault_run = run_with_fault(environment.simulator, cell)
            seen = Dump(database.engine)
            outcome = _stored(fault_run.outcome, seen, database.truth)
            report(_line(cell, fault_run, outcome))
            _check_cell(cell, fault_run, outcome)
            _search(environment, fault_run, {"database": seen.text()})
            database.as_before = fault_run.outcome.error is not None and seen.fetches == database.truth.before.fetches
            if outcome in STORED_AS_SENT or (again and outcome != SAME):
                database.as_before = False
                second = cell.scenario.run(cell.scenario, LIMITS, LONG_WAIT)
                assert second.error is None, second.error
                _compare(outcome, Dump(database.engine), database.truth)
    else:
        fault_run = run_with_fault(environment.simulator, cell)
        outcome = _waited(fault_run.outcome)
        report(_line(cell, fault_run, outcome))
        _check_cell(cell, fault_run, outcome)
        _search(environment, fault_run, {})
        if again:
            assert _waited(cell.scenario.run(cell.scenario, LIMITS, LONG_WAIT)) == SAME


def _search(environment: Environment, fault_run: FaultRun, texts: dict[str, str]) -> None:
    """Look for every secret of the run wherever it could have been left."""
    environment.secret_markers.add_issued(environment.simulator, fault_run.requests)
    places = {
        "logs": fault_run.logged,
        "errors": shown(fault_run.outcome.error),
        "xcom": repr(fault_run.outcome.handed_on),
    }
    assert environment.secret_markers.leaks(places | texts) == []
    assert fault_run.tokens_leaked == 0, "a document was asked for with a token"


def _stored(outcome: Outcome, seen: Dump, truth: Truth) -> str:
    """Name how it ended, by the rows: an error that has left some is none."""
    if outcome.error is not None:
        assert seen.derived() == truth.before.derived(), "half-written"
        if outcome.step == "fetch" and type(outcome.error).__name__ not in {PAYLOAD, BROKEN}:
            assert seen.fetches == truth.before.fetches, "an incomplete fetch counts as a whole one"
        return type(outcome.error).__name__
    if seen.missing():
        assert seen.current() == truth.after.current(), "other figures"
        return NO_FILE
    if seen.derived() == truth.after.derived():
        return SAME
    if seen.current() == truth.after.current():
        return KEPT
    if seen.found() - truth.after.found():
        return FOUND
    return NOTED if seen.noted() - truth.after.noted() else UNSEEN


def _waited(outcome: Outcome) -> str:
    """Name how a wait ended; ``absent`` says that the vendor has none."""
    if outcome.error is not None:
        return type(outcome.error).__name__
    return SAME if outcome.handed_on[0]["state"] == "ready" else EMPTY


def _check_cell(cell: Cell, fault_run: FaultRun, outcome: str) -> None:
    assert fault_run.met, "the fault met no request"
    assert fault_run.changed or cell.fault.simulated[0]["kind"] not in SPOILING, "the fault does not fit the answer"
    expected = UNSEEN if cell.scenario.stores and cell.ends == EMPTY else cell.ends
    assert outcome == expected, fault_run.outcome.error
    name, most = fault_run.busiest
    assert most <= MAX_REQUESTS_A_MINUTE, f"{name} was asked {most} times within a minute"
    assert fault_run.seconds < DEADLINE_SECONDS
    if fault_run.outcome.error is not None:
        decision = VendorRetryPolicy().evaluate(fault_run.outcome.error, try_number=1, max_tries=4)
        assert (decision.action is not RetryAction.FAIL) == (outcome == UNAVAILABLE)
        assert decision.retry_delay is None or decision.retry_delay <= MAX_RETRY_AFTER
        assert isinstance(fault_run.outcome.error, VendorUnavailable) == (outcome == UNAVAILABLE)


def _compare(outcome: str, seen: Dump, truth: Truth) -> None:
    """Compare what a second run, without the fault, has left."""
    if outcome in STORED_AS_SENT:  # the first one stored what the vendor said: it stays, as an older version
        assert seen.current() == truth.after.current()
    else:
        assert seen.derived() == truth.after.derived()
        assert seen.responses() == truth.after.responses()


def _line(cell: Cell, fault_run: FaultRun, outcome: str) -> Line:
    return Line(cell.fault.name, cell.place, outcome, len(fault_run.requests), fault_run.busiest[1], fault_run.seconds)
