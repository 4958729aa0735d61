"""The benchmark of backfills, quick, in the services that run: every digit right, nothing changed by a second pass."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.system.airflow.conftest import ACCOUNTS

BENCH = Path(__file__).resolve().parents[3] / "bench" / "backfill.py"


def test_a_month_of_both_vendors_are_stored_exactly_and_twice_the_same(services, scheduled, accounts_of_two):
    command = [sys.executable, BENCH, "--months", "1", "--until", "2023-12", "--state", services.stack.state.root]
    environment = os.environ | {"TIEOUT_ACCOUNTS": str(accounts_of_two)}

    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "missing, too much or another figure: nothing" in done.stdout
    assert "rows that the second pass changed, but for when something was seen: nothing" in done.stdout
    tasks = dict(line.split()[::2][:2] for line in done.stdout.splitlines() if re.match(r"(first|second) +1 ", line))
    assert tasks["first"] == tasks["second"]
    assert int(tasks["first"]) >= len(ACCOUNTS) * 4  # a plan, and the account's wait, fetch and reconcile
