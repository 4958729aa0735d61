"""A test's folder says what it needs."""

from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
SERVICES = {"postgres", "airflow_home", "services"}


def test_every_test_is_in_one_of_the_four_folders():
    found = {path.relative_to(TESTS).parts[0] for path in TESTS.rglob("test_*.py")}
    assert found == {"unit", "integration", "matrix", "system"}


def test_no_unit_test_needs_a_service(request: pytest.FixtureRequest):
    """Of those that were collected with this one."""
    units = [item for item in request.session.items if item.get_closest_marker("unit")]
    assert units
    assert {item.nodeid for item in units if SERVICES & set(item.fixturenames)} == set()
