"""Every fault at every endpoint where it can strike: nothing lost, nothing half-written, nobody asked too often."""

from __future__ import annotations

import pytest
from airflow.sdk.definitions.retry_policy import RetryAction
from tests.matrix.faults.canaries import shown
from tests.matrix.faults.catalogue import EMPTY, FOUND, KEPT, NOTED, PAYLOAD, SAME, UNAVAILABLE, UNSEEN
from tests.matrix.faults.cells import Cell, Struck, every_cell, strike
from tests.matrix.faults.dump import Dump
from tests.matrix.faults.ground import Ground, Truth
from tests.matrix.faults.report import Line, Report
from tests.matrix.faults.works import LIMITS, LONG_WAIT, Outcome

from billing.errors import VendorUnavailable
from billing_vendors.base.polling import MAX_RETRY_AFTER
from billing_vendors.base.retries import VendorRetryPolicy
from vendor_simulator.web.spoil import SPOILING

MOST_REQUESTS_A_MINUTE = 20
# Airflow's figures of a task: four retries, at least 30 s apart, so that two tries may fall into one minute
DEADLINE_SECONDS = 30.0
STORED_AS_SENT = {FOUND, KEPT, NOTED, UNSEEN}


CELLS = list(every_cell())


def first_cells() -> set[str]:
    """Choose the first cell of each fault and vendor; one of signing in only if there is no other."""
    first: dict[tuple[str, str], str] = {}
    for cell in sorted(CELLS, key=lambda cell: cell.endpoint.kind == "token"):
        first.setdefault((cell.fault.name, cell.work.vendor.name), cell.id)
    return set(first.values())


SAMPLE = first_cells()


def as_parameter(cell: Cell):
    return pytest.param(cell, id=cell.id, marks=[pytest.mark.sample] if cell.id in SAMPLE else [])


@pytest.mark.parametrize("cell", [as_parameter(cell) for cell in CELLS if cell.id in SAMPLE or not cell.soaked])
def test_a_run_under_a_fault(cell: Cell, ground: Ground, report: Report) -> None:
    """It ends right, or in the right error with no row changed; and the next run, without the fault, ends right."""
    _run(cell, ground, report, again=cell.tried_again)


@pytest.mark.soak
@pytest.mark.parametrize(
    "cell", [pytest.param(cell, id=cell.id) for cell in CELLS if cell.soaked or not cell.tried_again]
)
def test_a_run_under_a_fault_and_the_next_one(cell: Cell, ground: Ground, report: Report) -> None:
    """As above; where the short run has only made sure that an error left no row, the next run is tried, too."""
    _run(cell, ground, report, again=True)


def _run(cell: Cell, ground: Ground, report: Report, *, again: bool) -> None:
    if cell.work.stores:
        with ground.stage(cell.work) as stage:
            struck = strike(ground.simulator, cell)
            seen = Dump(stage.engine)
            outcome = _stored(struck.outcome, seen, stage.truth)
            report(_line(cell, struck, outcome))
            _judge(cell, struck, outcome)
            _search(ground, struck, {"database": seen.text()})
            stage.as_before = struck.outcome.error is not None and seen.fetches == stage.truth.before.fetches
            if outcome in STORED_AS_SENT or (again and outcome != SAME):
                stage.as_before = False
                second = cell.work.run(cell.work, LIMITS, LONG_WAIT)
                assert second.error is None, second.error
                _compare(outcome, Dump(stage.engine), stage.truth)
    else:
        struck = strike(ground.simulator, cell)
        outcome = _waited(struck.outcome)
        report(_line(cell, struck, outcome))
        _judge(cell, struck, outcome)
        _search(ground, struck, {})
        if again:
            assert _waited(cell.work.run(cell.work, LIMITS, LONG_WAIT)) == SAME


def _search(ground: Ground, struck: Struck, texts: dict[str, str]) -> None:
    """Look for every secret of the run wherever it could have been left."""
    ground.canaries.add_issued(ground.simulator, struck.requests)
    places = {"logs": struck.logged, "errors": shown(struck.outcome.error), "xcom": repr(struck.outcome.handed_on)}
    assert ground.canaries.leaks(places | texts) == []
    assert struck.tokens_leaked == 0, "a document was asked for with a token"


def _stored(outcome: Outcome, seen: Dump, truth: Truth) -> str:
    """Name how it ended, by the rows: an error that has left some is none."""
    if outcome.error is not None:
        assert seen.derived() == truth.before.derived(), "half-written"
        if outcome.step == "fetch" and type(outcome.error).__name__ != PAYLOAD:
            assert seen.fetches == truth.before.fetches, "an incomplete fetch counts as a whole one"
        return type(outcome.error).__name__
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


def _judge(cell: Cell, struck: Struck, outcome: str) -> None:
    assert struck.met, "the fault met no request"
    assert struck.changed or cell.fault.arms[0]["kind"] not in SPOILING, "the fault does not fit the answer"
    expected = UNSEEN if cell.work.stores and cell.ends == EMPTY else cell.ends
    assert outcome == expected, struck.outcome.error
    name, most = struck.busiest
    assert most <= MOST_REQUESTS_A_MINUTE, f"{name} was asked {most} times within a minute"
    assert struck.seconds < DEADLINE_SECONDS
    if struck.outcome.error is not None:
        decision = VendorRetryPolicy().evaluate(struck.outcome.error, try_number=1, max_tries=4)
        assert (decision.action is not RetryAction.FAIL) == (outcome == UNAVAILABLE)
        assert decision.retry_delay is None or decision.retry_delay <= MAX_RETRY_AFTER
        assert isinstance(struck.outcome.error, VendorUnavailable) == (outcome == UNAVAILABLE)


def _compare(outcome: str, seen: Dump, truth: Truth) -> None:
    """Compare what a second run, without the fault, has left."""
    if outcome in STORED_AS_SENT:  # the first one stored what the vendor said: it stays, as an older version
        assert seen.current() == truth.after.current()
    else:
        assert seen.derived() == truth.after.derived()
        assert seen.responses() == truth.after.responses()


def _line(cell: Cell, struck: Struck, outcome: str) -> Line:
    return Line(cell.fault.name, cell.place, outcome, len(struck.requests), struck.busiest[1], struck.seconds)
