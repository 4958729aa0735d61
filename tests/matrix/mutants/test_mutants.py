"""The tests of the controls notice a changed sign, bound or operand: here a part of the table, by run.py all of it."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *command], cwd=HERE, capture_output=True, text=True, check=False)


def test_the_tests_kill_one_mutant_in_four_of_each_module():
    done = run("run.py", "--every", "4")
    assert done.returncode == 0, done.stdout + done.stderr
    assert ", 0 unexplained" in done.stdout


def test_a_mutant_whose_text_is_gone_is_an_error():
    lost = "import run, tables; run.source_with(tables.Group('F1', 'billing/money.py', (), ()), 'no such text', '')"
    done = run("-c", lost)
    assert done.returncode == 1
    assert "'no such text' is found 0 times" in done.stderr


def test_every_control_of_arithmetic_has_three_mutants_or_more():
    counted = run("-c", "import tables; print([(g.controls, len(g.mutants)) for g in tables.GROUPS])")
    groups = [(controls.split(), number) for controls, number in eval(counted.stdout)]  # noqa: S307 (our own table)
    wanted = [f"F{n}" for n in (1, 2, 12, 13, 14, 15, 17, 18, 19, 21, 24)]
    wanted += [f"G{n}" for n in (1, 2, 3, 4, 5, 6, 7, 11, 19, 23, 24, 28)]
    for control in wanted:
        assert sum(number for controls, number in groups if control in controls) >= 3, control
