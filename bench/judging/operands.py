"""What a vendor may really not send: the reasons for which a control may be BLOCKED in a world without errors."""

from __future__ import annotations

import re

MISSING: dict[str, tuple[str, ...]] = {}
"""By control id, what the sentence says, as regular expressions."""


def is_known(control: str, sentence: str) -> bool:
    """Return whether a control may be BLOCKED for this reason."""
    return any(re.search(pattern, sentence) for pattern in MISSING.get(control, ()))
