"""What a vendor may really not send: the reasons for which a control may be BLOCKED in a world without errors."""

from __future__ import annotations

import re

_BILLED_LATER_OR_BEFORE = (
    r"it may have been billed for \d+ months before \S+ the first month that is stored",
    r"it may be billed for \d+ months at their end, with ",
    r"it is billed in advance, and \S+ is not stored",
)
MISSING: dict[str, tuple[str, ...]] = {
    "G5": _BILLED_LATER_OR_BEFORE,  # the bill of a month that is not fetched
    "G29": _BILLED_LATER_OR_BEFORE,
}
"""By control id, what the sentence says, as regular expressions."""


def is_known(control: str, sentence: str) -> bool:
    """Return whether a control may be BLOCKED for this reason."""
    return any(re.search(pattern, sentence) for pattern in MISSING.get(control, ()))
