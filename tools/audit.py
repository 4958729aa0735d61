"""
Ask the advisory service OSV whether a locked package has a known fault.

    make audit                          0: none; 1: some, listed; 2: nobody could be asked
    tools/audit.py --if-reachable       the same for make check: 0 as well where nobody could be asked, and says so

What has a fault and stays is named in ACCEPTED with the reason. The hashes in the locks are checked at installation,
with or without this.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements-dev.lock", "requirements-bootstrap.lock")  # the first holds those of the other two, too
SERVICE = os.environ.get("TIEOUT_ADVISORIES", "https://api.osv.dev/v1/query")
SECONDS = "15"

ACCEPTED: dict[str, str] = {}
"""Advisories that do not concern us: id and reason."""

KNOWN = {"package": {"name": "jinja2", "ecosystem": "PyPI"}, "version": "2.4.1"}
"""A version that everybody knows to be faulty: a service that finds nothing here is none."""


def is_answering() -> bool:
    """Return whether the service answers, and answers what it should."""
    request = urllib.request.Request(SERVICE, json.dumps(KNOWN).encode(), {"Content-Type": "application/json"})  # noqa: S310 (our own constant)
    try:
        with urllib.request.urlopen(request, timeout=int(SECONDS)) as response:  # noqa: S310 (as above)
            return bool(json.load(response).get("vulns"))
    except (OSError, ValueError, AttributeError):
        return False


def faults(lock: str) -> list[str] | None:
    """Return a line for each known fault of a lock's packages; None if not all of them could be asked about."""
    command = [Path(sys.executable).with_name("pip-audit"), "--requirement", ROOT / lock, "--require-hashes"]
    command += ["--disable-pip", "--vulnerability-service", "osv", "--osv-url", SERVICE, "--timeout", SECONDS]
    command += ["--format", "json", "--progress-spinner", "off"]
    done = subprocess.run(
        [*command, *(word for name in ACCEPTED for word in ("--ignore-vuln", name))], capture_output=True, check=False
    )
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return None
    if any("skip_reason" in each for each in packages):
        return None
    return [
        f"{each['name']} {each['version']}: {fault['id']}, mended in {', '.join(fault['fix_versions']) or 'no version'}"
        for each in packages
        for fault in each["vulns"]
    ]


def main() -> int:
    """Audit the locks; returns the exit code."""
    found: list[str] = []
    for lock in LOCKS:
        lines = faults(lock) if is_answering() else None
        if lines is None:
            print(f"NOT AUDITED: {SERVICE} gave no usable answer; known faults of the locks were not looked for")
            return 0 if "--if-reachable" in sys.argv else 2
        found += lines
    print(*sorted(set(found)), sep="\n", end="\n" if found else "")
    print(f"audited {' and '.join(LOCKS)}: {len(set(found))} known faults, {len(ACCEPTED)} accepted")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
