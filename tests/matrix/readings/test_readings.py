"""No reading of a vendor's contract raises an alarm or hides an error: a part of what bench/readings.py judges."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[3] / "bench" / "readings.py"


@pytest.mark.parametrize(
    ("options", "months", "planted"),
    [
        pytest.param(("--part",), 40, 60, marks=pytest.mark.sample, id="one world"),
        pytest.param(
            ("--part", "--seed", "2", "--seed", "3", "--seed", "6", "--combinations", "0"), 80, 140, id="three more"
        ),
    ],
)
def test_no_reading_raises_an_alarm_or_hides_an_error(tmp_path, options, months, planted):
    file = tmp_path / "judged.json"
    command = [sys.executable, BENCH, *options, "--json", file]
    done = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    judged = json.loads(file.read_text())
    assert judged["faults"] == 0
    assert judged["months"] >= months
    assert judged["outcomes"]["found"] >= planted
