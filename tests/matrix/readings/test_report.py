"""What counts as a fault of a judged world, and that the table says how to see it alone."""

import sys
from importlib import import_module
from pathlib import Path

import pytest

pytestmark = pytest.mark.sample


@pytest.fixture
def judging(monkeypatch):
    """The benchmark's own modules, which import each other from its folder."""
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[3] / "bench"))
    import_module("judging.report")
    yield sys.modules["judging"]
    for name in [name for name in sys.modules if name.partition(".")[0] == "judging"]:
        del sys.modules[name]


@pytest.fixture
def case(judging):
    last = judging.cases.LAST_MONTHS[0]
    return judging.cases.Case("fastly", 4, 0, "drawn-fastly-1", "fastly.a=b", {"fastly.v3_list_filter": "none"}, last)


def verdict(judging, case, state, severity, sentence="wrong"):
    return judging.verdicts.Verdict(case, "2025-01", "F1", severity, state, "2025-01", sentence)


@pytest.mark.parametrize(
    ("state", "severity", "faults"),
    [
        ("EXCEPTION", "exception", 1),
        ("EXCEPTION", "hold", 1),
        ("FAILED", "exception", 1),
        ("BLOCKED", "variance", 1),  # for a reason that is on no list
        ("EXCEPTION", "blocked", 1),
        ("EXCEPTION", "warning", 0),
        ("EXCEPTION", "variance", 0),
    ],
)
def test_alarms_and_unexplained_blocks_of_a_clean_world_are_faults(judging, case, state, severity, faults):
    report = judging.report.Report()
    report.add([judging.verdicts.Clean(case, 3, (verdict(judging, case, state, severity),))], [])
    assert report.faults() == faults


def test_an_alarm_is_printed_with_the_command_that_shows_it_alone(judging, case):
    report = judging.report.Report()
    report.add([judging.verdicts.Clean(case, 3, (verdict(judging, case, "EXCEPTION", "hold", "one too many"),))], [])
    printed = report.text(show=False)
    assert "EXCEPTION F1 drawn-fastly-1 2025-01 2025-01: one too many" in printed
    assert "--vendor fastly --seed 4 --account drawn-fastly-1 --reading fastly.v3_list_filter=none" in printed


@pytest.mark.parametrize(("outcome", "faults"), [("missed", 1), ("found", 0), ("hidden", 0), ("no target", 1)])
def test_a_missed_error_is_a_fault_and_so_is_a_kind_that_found_no_place(judging, case, outcome, faults):
    report = judging.report.Report()
    report.add([], [judging.verdicts.Sown(case, "F1", outcome, "2025-01", "wrong")])
    assert report.faults() == faults


def test_a_kind_is_planted_if_one_account_had_a_place_for_it(judging, case):
    report = judging.report.Report()
    report.add([], [judging.verdicts.Sown(case, "F1", outcome) for outcome in ("no target", "found")])
    assert report.faults() == 0


def test_another_result_through_postgres_is_a_fault(judging, case):
    report = judging.report.Report()
    report.add([judging.verdicts.Clean(case, 3, (), ("drawn-fastly-1 2025-01: only in memory: F1",))], [])
    assert report.faults() == 1
