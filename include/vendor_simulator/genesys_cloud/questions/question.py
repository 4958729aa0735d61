"""Write one question that the API's contract leaves open."""

from __future__ import annotations

from collections.abc import Mapping

from vendor_simulator.readings import Reading

VENDOR = "genesys_cloud"
SILENT = "Not documented"
NOTHING_REQUIRED = "Not documented: no member of the answers is declared required"


def question(
    word: str,
    values: str,
    what: str,
    source: str,
    hides: Mapping[str, tuple[str, ...]] | None = None,
    why_hidden: str = "",
) -> Reading:
    """Create a reading; the first of the values is the default."""
    names = tuple(values.split())
    return Reading(f"{VENDOR}.{word}", VENDOR, names, names[0], what, source, hides or {}, why_hidden)
