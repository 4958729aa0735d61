"""One fault at one endpoint of one scenario: run with it, judged, run again without it."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase

from tests.matrix.faults.catalogue import BROKEN, ERRORS, FAULTS, NO_FILE, NOT_HERE, NOT_READY, UNAVAILABLE, Fault
from tests.matrix.faults.scenarios import LONG_WAIT, SCENARIOS, SHORT_WAIT, Endpoint, Outcome, Scenario
from tests.matrix.faults.secret_markers import captured_logs

from billing.errors import VendorUnavailable
from vendor_simulator.testing import Simulator
from vendor_simulator.web.stats import Request

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Cell:
    """A fault at an endpoint of a scenario."""

    fault: Fault
    scenario: Scenario
    endpoint: Endpoint

    @property
    def place(self) -> str:
        """Scenario and endpoint."""
        return f"{self.scenario.name}/{self.endpoint.id}".replace(" ", "-")

    @property
    def id(self) -> str:
        """Its name in the test report."""
        return f"{self.place}/{self.fault.name}"

    @property
    def soaked(self) -> bool:
        """Tell whether the short run leaves it out."""
        return self.endpoint.id in self.scenario.soaked or bool(self.fault.like)

    @property
    def tried_again(self) -> bool:
        """Tell whether the short run tries again after an error that has left no row: at the first endpoint it does."""
        fitting = [
            each
            for each in self.scenario.endpoints
            if each.kind in self.fault.kinds and each.id not in self.scenario.soaked
        ]
        return bool(fitting) and self.endpoint == fitting[0]

    @property
    def ends(self) -> str:
        """How it must end."""
        for pattern, other in self.fault.exceptions.items():
            if fnmatchcase(self.place, pattern):
                return other
        if self.endpoint.kind in {"link", "file"} and self.fault.ends in ERRORS:
            return NO_FILE
        if self.scenario.stores:
            return self.fault.ends
        waited_out = {UNAVAILABLE, BROKEN, NOT_READY}
        return NOT_READY if self.fault.ends in waited_out else self.fault.ends


TRIES = 4


@dataclass(frozen=True)
class FaultRun:
    """
    What came of a run under a fault.

    :param seconds: how long it took, real time.
    :param met: how many requests met the fault.
    :param changed: how many answers it changed, for faults that spoil a good answer.
    :param tokens_leaked: how many requests for a document carried a token.
    :param logged: every line of every logger.
    """

    outcome: Outcome
    requests: tuple[Request, ...]
    seconds: float
    met: int
    changed: int
    tokens_leaked: int
    logged: str

    @property
    def busiest(self) -> tuple[str, int]:
        """The endpoint that was asked most within a minute, and how often."""
        return busiest(self.requests)


def every_cell() -> Iterator[Cell]:
    """Yield each fault at each endpoint where it can occur."""
    for scenario in SCENARIOS:
        for endpoint in scenario.endpoints:
            for fault in FAULTS:
                cell = Cell(fault, scenario, endpoint)
                if endpoint.kind in fault.kinds and cell.ends != NOT_HERE:
                    yield cell


def run_with_fault(simulator: Simulator, cell: Cell) -> FaultRun:
    """
    Run the scenario under the fault; lift it in the end.

    Where a fault is a matter of time the client is impatient, and a busy machine may make it give up on an answer
    before the one with the fault: that says nothing of the fault, so the scenario is run again.
    """
    for _ in range(TRIES):
        fault_run = _run_with_fault(simulator, cell)
        if fault_run.met or not isinstance(fault_run.outcome.error, VendorUnavailable):
            break
    return fault_run


def _run_with_fault(simulator: Simulator, cell: Cell) -> FaultRun:
    simulator.settings.page_limit = cell.endpoint.page_limit if cell.fault.in_pages else 0
    simulator.settings.page_limit_of = cell.endpoint.operation
    active = [
        simulator.faults.add(
            **{"operation": cell.endpoint.operation, **fault, "after": fault.get("after", 0) + cell.endpoint.after}
        )
        for fault in cell.fault.simulated
    ]
    simulator.stats.clear()
    started = time.monotonic()
    with captured_logs() as captured:
        try:
            outcome = cell.scenario.run(
                cell.scenario, cell.fault.limits, LONG_WAIT if cell.fault.passes else SHORT_WAIT
            )
        finally:
            seconds = time.monotonic() - started
            simulator.lift_faults()
            simulator.settings.page_limit = 0
    return FaultRun(
        outcome,
        tuple(simulator.stats.requests),
        seconds,
        sum(fault.met for fault in active),
        sum(fault.changed for fault in active),
        simulator.stats.tokens_leaked,
        captured.text,
    )


def busiest(requests: Iterable[Request]) -> tuple[str, int]:
    """Give the endpoint with the most requests within any minute, and their number."""
    windows: dict[str, deque[Request]] = {}
    most: Counter[str] = Counter()
    for request in requests:
        window = windows.setdefault(request.operation, deque())
        window.append(request)
        while request.at - window[0].at >= MINUTE:
            window.popleft()
        most[request.operation] = max(most[request.operation], len(window))
    return most.most_common(1)[0] if most else ("", 0)
