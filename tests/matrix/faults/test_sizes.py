"""Bodies larger than the product's own limits, at every kind of reader."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.matrix.faults.catalogue import PAYLOAD, Fault
from tests.matrix.faults.cells import Cell, every_cell, run_with_fault
from tests.matrix.faults.environment import Environment
from tests.matrix.faults.scenarios import SCENARIOS, wait

from billing_vendors.base.client.pdf_download import DOCUMENT_LIMITS
from billing_vendors.base.client.transport import Limits

MEBIBYTE = 1024 * 1024
TOO_LARGE = {
    "oversize": {"kind": "oversize", "size": 100 * MEBIBYTE},
    "bomb": {"kind": "bomb", "size": 100 * MEBIBYTE},
    "endless": {"kind": "endless_body"},
}
PLACES = ("v3-month/invoice", "v2-month/csv", "v2-month/pdf", "genesys-month/token", "genesys-month/download")
WAITS = [
    Cell(Fault("", "", (), PAYLOAD), scenario, endpoint)
    for scenario in SCENARIOS
    if scenario.run is wait
    for endpoint in scenario.endpoints
]


@pytest.mark.soak
@pytest.mark.parametrize("body", TOO_LARGE)
@pytest.mark.parametrize("place", [*PLACES, *(cell.place for cell in WAITS)])
def test_a_body_above_the_limit_is_refused(place: str, body: str, environment: Environment) -> None:
    """100 MB, as they are or compressed, and a body without an end; with the limits of 64 and 50 MiB."""
    assert Limits().body_bytes == 64 * MEBIBYTE
    assert DOCUMENT_LIMITS.body_bytes == 50 * MEBIBYTE
    found = next(cell for cell in (*every_cell(), *WAITS) if cell.place == place)
    cell = replace(found, fault=Fault(body, "", ({**TOO_LARGE[body], "times": None},), PAYLOAD, limits=Limits()))
    if cell.scenario.stores:
        with environment.database_of(cell.scenario):
            fault_run = run_with_fault(environment.simulator, cell)
    else:
        fault_run = run_with_fault(environment.simulator, cell)
    assert type(fault_run.outcome.error).__name__ == PAYLOAD, fault_run.outcome.error
    assert "more than" in str(fault_run.outcome.error)
