"""`make test` meets each fault of the catalogue at each vendor that it can occur."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from tests.matrix.faults.cells import every_cell

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.sample
def test_each_fault_and_vendor_has_its_cell_in_make_test():
    """Asked of pytest itself, with the very options of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (options,) = re.findall(r"^test: .*\n.*\n.*\$\(PYTEST\) (.*) \$\(ARGS\)$", makefile, re.MULTILINE)
    command = [sys.executable, "-m", "pytest", *shlex.split(options), "--collect-only", "-q"]
    done = subprocess.run(
        [*command, Path(__file__).with_name("test_matrix.py")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    chosen = set(re.findall(r"\[(\S+)\]$", done.stdout, re.MULTILINE))

    assert chosen, done.stdout + done.stderr
    met = {(cell.fault.name, cell.scenario.vendor.name) for cell in every_cell() if cell.id in chosen}
    assert met == {(cell.fault.name, cell.scenario.vendor.name) for cell in every_cell()}
