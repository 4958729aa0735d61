"""Find a document's number in its text."""

from __future__ import annotations

import re

from billing.printed.canonical import canonical


def has_number(text: str, number: str) -> bool | None:
    """
    Return whether a text has a number of its own; None if only as a part of other words, as when a PDF joins them.

        INV1 in "Invoice INV1", "No. INV1:"      -> yes
        INV1 in "INV12", "XINV1", "INV1-2"       -> no
        INV1 in "Invoice numberINV1Date", "INV 1" -> unclear
    """
    wanted, plain = _plain(number), _plain(text)
    if not wanted:
        return False
    escaped = re.escape(wanted)
    if re.search(rf"(?<!\w)(?<!\w[-/_])(?<!\d\.){escaped}(?![-./_]?\w)", plain):
        return True
    # words that a PDF joins: letters before a number that begins with one, and behind one that ends with a digit
    parted = r"\s*".join(map(re.escape, re.sub(r"\s", "", wanted)))
    return None if re.search(rf"(?<!\d)(?<!\d[-./_]){parted}(?![-./_]?\d)", plain) else False


def _plain(text: str) -> str:
    return canonical(" ".join(text.split())).casefold()
