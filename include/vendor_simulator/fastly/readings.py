"""What Fastly's contract leaves open. Source: contracts of the API, checked 2026-11-22."""

from __future__ import annotations

from vendor_simulator.readings import Reading

VENDOR = "fastly"


def _reading(word: str, values: str, what: str, source: str) -> Reading:
    """Create a reading; the first value is the default."""
    names = tuple(values.split())
    return Reading(f"{VENDOR}.{word}", VENDOR, names, names[0], what, source)


READINGS: tuple[Reading, ...] = (
    _reading(
        "list_filter",
        "overlap within start none",
        "Which invoices a v3 list with dates holds: those whose period overlaps them, lies within them, or begins "
        "within them; none: all.",
        "4.1 UNK",
    ),
    _reading("v2_month", "padded lenient", "v2 refuses 5 for May, or takes it.", "3.1 UNK"),
)
