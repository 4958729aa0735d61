"""
Measure reading a DAG file: every task reads it before it starts, the DAG processor twice a minute.

    python bench/dag_parse.py                 each file in processes of its own, median of five
    python bench/dag_parse.py --imports       and the imports that take longest, of one file each

Figures are beyond ``import airflow.sdk`` and the names that DAG files take from it.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

DAGS = Path(__file__).resolve().parent.parent / "dags"

READ = """
import json, runpy, sys, time
from airflow.sdk import *
from airflow.sdk import BaseSensorOperator, CronDataIntervalTimetable, Param, dag, task, task_group
import airflow.sdk.definitions.retry_policy
task(lambda: None)
before, wall, cpu = set(sys.modules), time.perf_counter(), time.process_time()
sys.stderr.write("=====\\n")
runpy.run_path(sys.argv[1])
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
print(json.dumps({"wall": wall, "cpu": cpu, "modules": sorted(set(sys.modules) - before)}))
"""


def read(path: Path, *options: str) -> tuple[dict[str, Any], str]:
    """Read one file in a process of its own; return its output, and the imports that Python timed."""
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [sys.executable, *options, "-c", READ, path],
            env=os.environ | {"AIRFLOW_HOME": home, "AIRFLOW__CORE__LOAD_EXAMPLES": "False"},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        sys.exit(f"{path} cannot be read:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1]), done.stderr.rpartition("=====\n")[2]


def slowest_imports(timed: str, count: int = 12) -> list[str]:
    """Return the lines of ``-X importtime`` with the largest own time: microseconds, cumulated, module."""
    rows = [line.split("|") for line in timed.splitlines() if line.startswith("import time:")]
    rows.sort(key=lambda row: -int(row[0].removeprefix("import time:")))
    return [f"{int(own.removeprefix('import time:')) / 1000:8.1f} ms  {name.strip()}" for own, _, name in rows[:count]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--imports", action="store_true")
    options = parser.parse_args()
    files = sorted(DAGS.glob("*.py"))
    rounds = [{path: read(path)[0] for path in files} for _ in range(options.rounds)]  # interleaved
    print(f"{'DAG file':24}{'wall ms':>9}{'CPU ms':>9}{'modules':>9}")
    for path in files:
        wall, cpu = (statistics.median(each[path][name] for each in rounds) * 1000 for name in ("wall", "cpu"))
        print(f"{path.name:24}{wall:9.0f}{cpu:9.0f}{len(rounds[0][path]['modules']):9}")
        if options.imports:
            print(*slowest_imports(read(path, "-X", "importtime")[1]), sep="\n")


if __name__ == "__main__":
    main()
