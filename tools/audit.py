"""
Check the locked packages for known vulnerabilities, at the advisory service OSV.

    make audit                          exit code 0: none; 1: some, listed; 2: the service could not be used
    make audit ARGS=--if-reachable      the same for make check, but 0 where the service could not be used, and says so

A vulnerable package that stays is named in ACCEPTED with the reason. The hashes in the locks are checked at
installation, with or without this.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = sorted(ROOT.glob("requirements*.lock"))
SERVICE = os.environ.get("TIEOUT_ADVISORIES", "https://api.osv.dev/v1/query")
SECONDS = "15"

ACCEPTED: dict[str, str] = {}
"""Advisories that do not concern Tieout: id and reason."""

KNOWN = {"package": {"name": "jinja2", "ecosystem": "PyPI"}, "version": "2.4.1"}
"""A version with a published vulnerability: a service that reports none here is not an advisory service."""


def is_answering() -> bool:
    """Return whether the service responds, and knows what it must."""
    request = urllib.request.Request(SERVICE, json.dumps(KNOWN).encode(), {"Content-Type": "application/json"})  # noqa: S310 (our own constant)
    try:
        with urllib.request.urlopen(request, timeout=int(SECONDS)) as response:  # noqa: S310 (as above)
            return bool(json.load(response).get("vulns"))
    except (OSError, ValueError, AttributeError):
        return False


def vulnerabilities() -> list[str] | None:
    """Return a line for each known vulnerability of a locked package; None if not every package could be looked up."""
    command: list[str | Path] = [Path(sys.executable).with_name("pip-audit"), "--require-hashes", "--disable-pip"]
    command += ["--vulnerability-service", "osv", "--osv-url", SERVICE, "--timeout", SECONDS]
    command += ["--format", "json", "--progress-spinner", "off"]
    command += [word for lock in LOCKS for word in ("--requirement", lock)]
    command += [word for name in ACCEPTED for word in ("--ignore-vuln", name)]
    done = subprocess.run(command, capture_output=True, check=False)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return None
    if any("skip_reason" in each for each in packages):
        return None
    lines = {
        f"{each['name']} {each['version']}: {found['id']}, fixed in {', '.join(found['fix_versions']) or 'no version'}"
        for each in packages
        for found in each["vulns"]
    }
    return sorted(lines)


def main() -> int:
    """Check the locks and return the exit code."""
    found = vulnerabilities() if is_answering() else None
    if found is None:
        print(f"NOT AUDITED: {SERVICE} gave no usable response; the locks were not checked for known vulnerabilities")
        return 0 if "--if-reachable" in sys.argv else 2
    for line in found:
        print(line)
    print(f"audited {len(LOCKS)} locks: {len(found)} known vulnerabilities, {len(ACCEPTED)} accepted")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
