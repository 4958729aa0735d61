"""A folder of documents that takes no more: a clear error, nothing half-written, and a retry that works."""

from __future__ import annotations

import pytest
from tests.system.crashes.conftest import CASES
from tests.system.crashes.killing import Ending, left
from tests.system.crashes.task_process import Limits

RESTATED, OF_TWO_FILES, OF_A_PDF, _ = CASES


def run_on_a_full_disk(killing, place, most):
    """Run the month with files of at most so many bytes, which is how the kernel can play a full disk to any user."""
    steps = killing.stage.case.steps()
    told = place.start(steps, limits=Limits(file_bytes=most, full=True)).wait()
    return told, left(steps, told, None)


@pytest.mark.parametrize("case", [OF_TWO_FILES, OF_A_PDF], ids=lambda case: case.name)
def test_a_full_disk_stops_the_fetch_with_an_error_that_says_what_to_do(killings, case):
    killing = killings(case)
    beginning, _, trace = killing.undisturbed
    with killing.stage.place() as place:
        told, (steps, fetched) = run_on_a_full_disk(killing, place, min(trace.sizes) // 2)

        assert told.error is not None
        kind, message = told.error
        assert kind == "StorageError"
        assert f"of invoice '{killing.stage.invoice_id}' of {case.vendor}/{case.account} cannot be written" in message
        assert f"document folder {place.documents}: File too large; free disk space" in message
        found = Ending.of(place)
        assert (found.derived, found.files) == (beginning.derived, beginning.files), "nothing is half-written"
        assert found.readings == beginning.readings

        place.run(steps, fetched=fetched)
        killing.ended_well(place, [])


def test_a_disk_that_is_full_at_the_certificate_leaves_the_old_one_and_the_retry_writes_the_new(killings):
    killing = killings(RESTATED)
    beginning, end, _ = killing.undisturbed
    with killing.stage.place() as place:
        told, (steps, fetched) = run_on_a_full_disk(killing, place, 1000)

        assert told.error is not None
        assert told.error[0] == "StorageError"
        assert told.error[1].startswith(
            "certificates/fastly/acme-media/2026-08.html cannot be written to the document folder"
        )
        found = Ending.of(place)
        assert (found.derived, found.files) == (end.derived, beginning.files)

        place.run(steps, fetched=fetched)
        killing.ended_well(place, [])
