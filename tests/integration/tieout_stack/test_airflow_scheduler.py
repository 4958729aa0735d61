"""Tasks inherit our code from the scheduler that forks them, unless it has been edited since."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = """
import os, sys
from pathlib import Path
from tieout_stack import airflow_scheduler

import billing.month
loaded = airflow_scheduler.times_of_ours()
os.register_at_fork(after_in_child=lambda: airflow_scheduler.forget_if_edited(loaded))
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


@pytest.mark.parametrize(
    ("what", "file"),
    [("write", "month.py"), ("unlink", "month.py"), ("write", "money.py"), ("write", "new.py")],
    ids=["edited", "removed", "one that nobody has imported", "a new one"],
)
def test_a_fork_inherits_our_code_until_a_file_of_it_changes(what, file, tmp_path):
    (tmp_path / "billing").mkdir()
    for name in ("__init__", "month", "money"):
        (tmp_path / "billing" / f"{name}.py").write_text("")
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT / 'include'}"}

    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, what, file], env=environment, capture_output=True, text=True, check=False
    )

    assert done.stdout.split() == ["yes", "no", "True"], done.stderr


def test_all_that_the_tasks_of_every_vendor_import_is_loaded(airflow_home):
    script = (
        "import sys; from tieout_stack import airflow_scheduler; airflow_scheduler.load_ours();"
        "before = set(sys.modules);"
        "from billing_vendors.base import accruing, announcing, fetching, proving, sensors, triggers;"
        "from billing_vendors.registry import vendors;"
        "[(each.collect, each.derive, each.controls) for each in vendors()];"
        "print(sorted(set(sys.modules) - before), len(airflow_scheduler.times_of_ours()) > 100)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1:] == ["[] True"], done.stdout + done.stderr


def test_code_that_cannot_be_imported_stops_no_scheduler(tmp_path):
    (tmp_path / "billing_vendors").mkdir()
    (tmp_path / "billing_vendors" / "__init__.py").write_text("an edit in progress")
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT / 'include'}"}
    script = (
        "import sys; from tieout_stack import airflow_scheduler; airflow_scheduler.load_ours();"
        "print(any(map(airflow_scheduler.is_ours, sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), "import our code themselves" in done.stderr) == ("False", True), done.stderr


def test_reading_dags_leaves_nothing_behind_that_may_be_edited_and_survives_what_they_do(airflow_home, tmp_path):
    """A module beside the DAG files, a DAG file that fails and one that ends the process; none stops the scheduler."""
    (tmp_path / "beside.py").write_text("")
    (tmp_path / "one.py").write_text("import beside, colorsys, airflow.sdk as dag")
    (tmp_path / "two.py").write_text("airflow = dag = 1 / 0")
    (tmp_path / "zzz.py").write_text("raise SystemExit('airflow dag')")
    script = (
        f"import sys; sys.path.append({str(tmp_path)!r}); from tieout_stack import airflow_scheduler;"
        "airflow_scheduler.read_dags();"
        "left = [name for name, module in sys.modules.items() if 'beside' in name or 'unusual' in name];"
        "print(left, 'colorsys' in sys.modules)"
    )
    environment = os.environ | {"AIRFLOW__CORE__DAGS_FOLDER": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1:] == ["[] True"], done.stdout + done.stderr
