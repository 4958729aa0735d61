"""Tasks inherit our code from the scheduler that forks them, unless it has been edited since."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FORKS = """
import os, sys
from pathlib import Path
from tieout_stack.airflow_scheduler import forget_after_edit

import billing.month
forget_after_edit()
edited = Path(billing.__path__[0]) / sys.argv[2]

def inherited():
    read, write = os.pipe()
    if os.fork() == 0:
        os.write(write, b"yes" if "billing.month" in sys.modules else b"no")
        os._exit(0)
    os.wait()
    return os.read(read, 3).decode()

print(inherited())
if sys.argv[1] == "write":
    edited.write_text("TAX = 1")
    os.utime(edited, ns=(0, edited.parent.stat().st_mtime_ns + 1))
else:
    edited.unlink()
print(inherited())
print("billing.month" in sys.modules)
"""
LOADS = """
import sys
from tieout_stack.airflow_scheduler import import_own_code
import_own_code()
before = set(sys.modules)
from billing_vendors.base import sensors, triggers
from billing_vendors.base.tasks import accrue, announce, fetch, plan, reconcile
from billing_vendors.registry import vendors
assert [(each.load_implementation(), each.controls()) for each in vendors()]
print(sorted(set(sys.modules) - before))
"""


def run(script: str, *arguments: str, first_on_path: Path | None = None) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(map(str, filter(None, [first_on_path, ROOT / "include"])))
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("what", "file"),
    [("write", "month.py"), ("unlink", "month.py"), ("write", "money.py"), ("write", "new.py")],
    ids=["edited", "removed", "one that nobody has imported", "a new one"],
)
def test_a_fork_inherits_our_code_until_a_file_of_it_changes(what, file, tmp_path):
    (tmp_path / "billing").mkdir()
    for name in ("__init__", "month", "money"):
        (tmp_path / "billing" / f"{name}.py").write_text("")
    done = run(FORKS, what, file, first_on_path=tmp_path)
    assert done.stdout.split() == ["yes", "no", "True"], done.stderr


def test_everything_that_the_tasks_of_every_vendor_import_is_loaded(airflow_home):
    done = run(LOADS)
    assert done.stdout.splitlines()[-1:] == ["[]"], done.stdout + done.stderr


def test_code_that_cannot_be_imported_does_not_stop_the_scheduler(tmp_path):
    (tmp_path / "billing_vendors").mkdir()
    (tmp_path / "billing_vendors" / "__init__.py").write_text("an edit in progress")
    script = (
        "import sys; from tieout_stack.airflow_scheduler import import_own_code; import_own_code();"
        "print([name for name in sys.modules if name.startswith('billing')])"
    )
    done = run(script, first_on_path=tmp_path)
    assert (done.stdout.strip(), "own code is not loaded in advance" in done.stderr) == ("[]", True), done.stderr
