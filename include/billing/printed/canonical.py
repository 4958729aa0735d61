"""One form for the characters of a document: ASCII digits, one minus, one apostrophe, no accents."""

from __future__ import annotations

import re
import unicodedata

_MARKS = (
    dict.fromkeys(map(ord, "−‐‑‒–—―﹘﹣－➖˗⁻₋"), "-")
    | dict.fromkeys(map(ord, "’‘´`′ʼ＇٬"), "'")  # the last one parts Arabic thousands
    | dict.fromkeys(map(ord, "٫∙⋅•"), "·")  # the first one is the Arabic decimal point
    | dict.fromkeys(map(ord, "⁰¹²³⁴⁵⁶⁷⁸⁹"), "")  # the number of a footnote
)
_SOFT_HYPHEN = re.compile(r"(?<![^\W\d_])\u00ad|\u00ad(?![^\W\d_])")  # a printed hyphen, but not within a word
_LETTERS = re.compile(r"[^\W\d_]")


def canonical(text: str) -> str:
    """Return a line in which each character that reads alike is the same one; letter case is kept."""
    text = _SOFT_HYPHEN.sub("-", text).translate(_MARKS)
    if text.isascii():
        return text
    parts = unicodedata.normalize("NFKD", text).translate(_MARKS)
    kept = (_digit(letter) for letter in parts if unicodedata.category(letter) not in {"Mn", "Me", "Cf"})
    return unicodedata.normalize("NFKC", "".join(kept)).translate(_MARKS)


def bare(label: str) -> str:
    """Return the letters of a label, for comparing."""
    return "".join(_LETTERS.findall(canonical(label))).casefold()


def _digit(letter: str) -> str:
    """Return a decimal digit of any script as ASCII, and white space of any width as a blank."""
    if letter.isspace():
        return "\t" if letter == "\t" else " "
    return str(unicodedata.decimal(letter)) if letter.isdecimal() else letter
