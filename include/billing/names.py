"""
Names of products, SKUs, regions and usage types are joined by a key: what a person reads.

What is stored stays the vendor's.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from difflib import get_close_matches
from functools import lru_cache

_FEW = 12  # names that a message can list

# Folded before normalisation, which would break some of them into a space and an accent.
_QUOTES = dict.fromkeys(map(ord, "`´‘’‚‛′‵ʹʻʼʽˈ＇"), "'") | dict.fromkeys(map(ord, "“”„‟«»″‶＂〝〞〟"), '"')
_DASHES = dict.fromkeys(map(ord, "−⁃‐‑‒–—―﹘﹣－➖"), "-")
_MARKS = _QUOTES | _DASHES
# Drawn as nothing, although their categories are those of letters and marks.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0") | frozenset(
    map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)


@lru_cache(maxsize=4096)
def name_key(text: str | None) -> str:
    """
    Return what a person reads of a name, for comparing; "" for None.

    One key for all Unicode forms, letter cases (``İ`` and ``ı`` are an i), widths, white space, dashes and quotation
    marks; characters that are drawn as nothing are left out.

        "São  Paulo\u00a0Bandwidth", decomposed or in capitals  -> "são paulo bandwidth"
        "Full‑Site\u200b Delivery"                              -> "full-site delivery"
    """
    if text is None:
        return ""
    if text.isascii():
        return " ".join(_printed(text).casefold().split())
    plain = unicodedata.normalize("NFKC", text.translate(_MARKS)).translate(_MARKS)
    # By way of the capitals, as only they make one letter of both Turkish ones; the dot over an i is not read.
    folded = unicodedata.normalize("NFD", plain.upper().casefold()).replace("i\u0307", "i")
    return " ".join(unicodedata.normalize("NFKC", _printed(folded)).split())


def there_are(wanted: str, known: Collection[str]) -> str:
    """Return, for a message about an unknown name, the names that are usable: of many those nearest to it."""
    shown = get_close_matches(wanted, known, n=5, cutoff=0.5) if len(known) > _FEW else []
    shown = shown or sorted(known)[:_FEW]
    rest = len(known) - len(shown)
    return f"there are: {', '.join(shown) or 'none'}" + (f" and {rest} more" if rest else "")


def _printed(text: str) -> str:
    return "".join(letter for letter in text if letter.isspace() or not _is_unseen(letter))


def _is_unseen(letter: str) -> bool:
    return letter in _UNSEEN or unicodedata.category(letter) in {"Cf", "Cc"}
