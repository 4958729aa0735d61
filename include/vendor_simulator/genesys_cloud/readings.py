"""What Genesys Cloud's contract leaves open."""

from __future__ import annotations

from vendor_simulator.readings import Reading

READINGS: tuple[Reading, ...] = ()
