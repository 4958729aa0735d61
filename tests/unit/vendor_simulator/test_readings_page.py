"""The page on readings is made from their table."""

from vendor_simulator.readings_page import PATH, page
from vendor_simulator.world import World


def test_the_committed_page_is_the_generated_one():
    assert PATH.read_text(encoding="utf-8") == page(), "run: python -m vendor_simulator.readings_page"


def test_every_reading_with_all_its_values_is_on_the_page():
    rows = {row.split("`")[1]: row for row in page().splitlines() if row.startswith("| `")}
    for reading in World().readings:
        assert all(f"`{value}`" in rows[reading.key] for value in reading.values), reading.key
        assert reading.what.replace("|", "\\|") in rows[reading.key]


def test_what_a_value_hides_is_said_with_the_reason():
    told = page()
    for reading in World().readings:
        for value, kinds in reading.hides.items():
            assert f"| `{reading.key}={value}` | {', '.join(kinds)} | {reading.why_hidden}" in told
