"""What the runs that were killed and the races say at the end of a test run."""

from __future__ import annotations

from collections import Counter

import pytest


def tell(reporter: pytest.TerminalReporter) -> None:
    """Print how much was survived, and where."""
    properties = [each for report in reporter.getreports("passed") for each in report.user_properties]
    for what in ("kills survived", "races tried"):
        if counts := Counter(place for name, place in properties if name == what):
            told = ", ".join(f"{place} {count}" for place, count in sorted(counts.items()))
            reporter.write_line(f"{what}: {counts.total()} ({told})")
