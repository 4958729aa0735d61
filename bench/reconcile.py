"""
Reconcile one Genesys Cloud account-month of many lines, from its stored responses to its stored results.

    .venv/bin/python bench/reconcile.py                 5,000 to 50,000 lines, 200 charges
    .venv/bin/python bench/reconcile.py --lines 5000    one size

A real Postgres; each size runs in a process of its own, so that its peak memory is its own. Limits: 5,000 lines in
2 s of processor time and 200 MB; linear growth, i.e. an exponent near 1 between the smallest and the largest size.
Wall time is printed too; on a busy machine it says more about the machine.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SIZES = (5_000, 10_000, 20_000, 50_000)
CHARGES = 200
LIMIT_SECONDS, LIMIT_MEGABYTES, LIMIT_EXPONENT = 2.0, 200.0, 1.15


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, action="append")
    parser.add_argument("--measure", nargs=2, metavar=("URL", "LINES"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure[0], int(arguments.measure[1]))))
        return
    rows = list(run(arguments.lines or SIZES))
    sys.exit(report(rows))


def run(sizes: Iterable[int]) -> Iterator[dict[str, Any]]:
    """Yield the figures of each size, from a fresh database."""
    from billing.storage.migrate import upgrade  # noqa: PLC0415 (the measured processes do not need it)
    from tieout_stack.postgres import PostgresServer  # noqa: PLC0415 (the same)

    folder = Path(tempfile.mkdtemp(prefix="tieout-bench-"))
    folder.chmod(0o755)
    try:
        with PostgresServer(folder, durable=False) as server:
            for lines in sizes:
                server.create_database(f"lines_{lines}")
                url = server.url(f"lines_{lines}")
                upgrade(url)
                command = [sys.executable, __file__, "--measure", url, str(lines)]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                if done.returncode:
                    sys.exit(done.stderr)
                yield json.loads(done.stdout)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(url: str, lines: int) -> dict[str, Any]:
    """Store a month's responses, then reconcile it and print the cost."""
    from billing.config.accounts import Account  # noqa: PLC0415 (the parent does without)
    from billing.reconciliation.reconciler import Rules, reconcile_month  # noqa: PLC0415 (the same)
    from billing.storage.engine import engine_from_url  # noqa: PLC0415 (the same)
    from billing.storage.payloads import Fetch  # noqa: PLC0415 (the same)
    from billing_vendors.genesys_cloud.controls.catalogue import CONTROLS  # noqa: PLC0415 (the same)
    from billing_vendors.genesys_cloud.derive import derive  # noqa: PLC0415 (without Airflow)
    from billing_vendors.genesys_cloud.settings import VENDOR, GenesysSettings  # noqa: PLC0415 (the same)
    from genesys_month import MONTH, responses  # noqa: PLC0415 (beside this file)

    settings = GenesysSettings("9d7f0d63-95ae-4df7-8955-2bca7152ca19", "A-00000077")
    account = Account(VENDOR, "bench", "genesys_bench", "EUR", MONTH, 6, settings)
    engine = engine_from_url(url)
    fetch = Fetch(
        engine,
        Path(tempfile.gettempdir()),
        purpose="month",
        vendor=VENDOR,
        account="bench",
        month=MONTH,
        dag_run="bench",
    )
    for response in responses(lines, CHARGES):
        fetch.keep(response)
    fetch_id = fetch.complete().fetch_id
    before = _megabytes()
    cpu, wall = time.process_time(), time.monotonic()
    done = reconcile_month(engine, Rules(derive, CONTROLS), account, fetch_id)
    cpu, wall = time.process_time() - cpu, time.monotonic() - wall
    figures = {"lines": done.lines, "cpu": cpu, "wall": wall, "before": before, "peak": _megabytes()}
    return figures | {"states": done.states, "at": datetime.now(UTC).isoformat()}


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def report(rows: list[dict[str, Any]]) -> int:
    """Print the figures; return 1 if a limit is exceeded."""
    print(f"{CHARGES} charges; process CPU seconds, wall seconds, peak resident memory (MB; before: after the imports)")
    print(f"{'lines':>8} {'CPU s':>8} {'wall s':>8} {'peak MB':>8} {'before':>8}  results by state")
    for row in rows:
        figures = f"{row['lines']:8} {row['cpu']:8.2f} {row['wall']:8.2f} {row['peak']:8.0f} {row['before']:8.0f}"
        print(f"{figures}  {', '.join(f'{number} {state}' for state, number in sorted(row['states'].items()))}")
    faults = []
    first, last = rows[0], rows[-1]
    if first["lines"] <= SIZES[0] and (first["cpu"] > LIMIT_SECONDS or first["peak"] > LIMIT_MEGABYTES):
        faults.append(f"{first['lines']} lines exceed {LIMIT_SECONDS} s or {LIMIT_MEGABYTES:.0f} MB")
    if len(rows) > 1:
        exponent = math.log(last["cpu"] / first["cpu"]) / math.log(last["lines"] / first["lines"])
        print(f"exponent of CPU time from {first['lines']} to {last['lines']} lines: {exponent:.2f}")
        if exponent > LIMIT_EXPONENT:
            faults.append(f"the exponent is above {LIMIT_EXPONENT}")
    print("; ".join(faults) or "within the limits")
    return 1 if faults else 0


if __name__ == "__main__":
    main()
