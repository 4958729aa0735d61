"""What the contracts leave open: keys, values, mixes, and what the command line says of them."""

import subprocess
import sys

import pytest

from vendor_simulator.readings import Reading, Readings, parse_readings, table
from vendor_simulator.world import World

CUT = Reading(
    "v.cut", "v", ("whole", "half"), "whole", "How it is cut.", "2.1 UNK", {"half": ("F1", "F9:usage")}, "why"
)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "vendor_simulator", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_an_account_s_own_value_comes_before_the_vendor_s():
    readings = Readings([CUT], {"v.cut": "half", "acme:v.cut": "whole"})
    assert (readings.of("acme", "v.cut"), readings.of("brett", "v.cut")) == ("whole", "half")
    assert Readings([CUT]).of("acme", "v.cut") == "whole"
    assert readings.accounts() == {"acme"}


def test_a_value_hides_a_kind_or_all_kinds_of_a_control():
    hidden = {kind: CUT.hidden("half", kind) for kind in ("F1", "F1:sign", "F9", "F9:usage", "F9:commitment")}
    assert hidden == {"F1": True, "F1:sign": True, "F9": False, "F9:usage": True, "F9:commitment": False}
    assert not CUT.hidden("whole", "F1")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"v.cuts": "half"}, "There is no reading 'v.cuts'; there are v.cut."),
        ({"acme:v.cut": "third"}, "'third' is no value of v.cut; its values are whole, half."),
    ],
)
def test_an_unknown_key_or_value_lists_what_there_is(given, message):
    with pytest.raises(ValueError, match=r"There is|is no value") as caught:
        Readings([CUT], given)
    assert str(caught.value) == message


def test_a_world_knows_its_accounts_and_its_kinds():
    with pytest.raises(ValueError, match="There is no account 'nobody' to read anything; there are acme-media, "):
        World(readings={"nobody:fastly.v3_list_filter": "none"})
    with pytest.raises(KeyError):
        World().plant("F1", "nobody", None)


def test_a_reading_without_a_value_is_refused():
    assert parse_readings(["a.b=c", "x:a.b=d=e"]) == {"a.b": "c", "x:a.b": "d=e"}
    with pytest.raises(ValueError, match="KEY=VALUE"):
        parse_readings(["a.b"])


def test_the_table_has_the_default_first_and_what_is_hidden():
    assert table([CUT]) == (
        "v.cut = whole (default) | half\n    How it is cut.\n    Source: 2.1 UNK\n    half hides F1, F9:usage: why\n\n"
    )


def test_every_reading_of_every_vendor_is_well_formed():
    for reading in World().readings:
        assert reading.key.startswith(reading.vendor + ".")
        assert reading.default in reading.values
        assert len(set(reading.values)) == len(reading.values) > 1
        assert reading.what.endswith(".")
        assert reading.source
        assert set(reading.hides) <= set(reading.values)
        assert bool(reading.hides) == bool(reading.why_hidden)


def test_the_command_line_takes_readings_and_prints_them():
    assert "fastly.v3_list_filter = overlap (default) | within" in run("readings").stdout
    wrong = run("accounts", "--reading", "fastly.v3_list_filter=sideways")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr == (
        "'sideways' is no value of fastly.v3_list_filter; its values are overlap, within, start, none.\n"
    )
    assert run("accounts", "--reading", "acme-media:fastly.v3_list_filter=none").returncode == 0
    assert run("planted", "--without-errors", "--from", "2024-01", "--to", "2024-12").stdout == "[]\n"
