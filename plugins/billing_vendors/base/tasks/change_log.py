"""Describe what a reconciliation changed, for the task's log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from billing.log_safe import single_line
from billing.storage.versions import Change

_NAMED = 20
_CAUSES = {
    "vendor": "changed by the vendor",
    "parser": "parsed differently by this code",
    "withdrawn": "no longer listed by the vendor",
    "restored": "listed again by the vendor",
}


def describe(changes: Sequence[Change]) -> str:
    """
    Return the number of new records by type, and the names of changed ones:

        new: 12 invoice, 1 usage_report; changed by the vendor: invoice 4011410 is now version 2
    """
    new = Counter(change.record_type for change in changes if change.cause == "new")
    parts = ["new: " + ", ".join(f"{count} {kind}" for kind, count in new.items())] if new else []
    parts += [f"{words}: {_names(changes, cause)}" for cause, words in _CAUSES.items() if _of(changes, cause)]
    return "; ".join(parts) or "nothing changed"


def _of(changes: Sequence[Change], cause: str) -> list[Change]:
    return [change for change in changes if change.cause == cause]


def _names(changes: Sequence[Change], cause: str) -> str:
    found = _of(changes, cause)
    named = ", ".join(map(_name, found[:_NAMED]))
    return named + (f" and {len(found) - _NAMED} more" if len(found) > _NAMED else "")


def _name(change: Change) -> str:
    version = f" is now version {change.version}" if change.cause in {"vendor", "parser"} else ""
    return f"{change.record_type} {single_line(change.record_id, 100)}{version}"
