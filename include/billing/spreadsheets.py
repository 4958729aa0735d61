"""Texts in files that a spreadsheet opens."""

from __future__ import annotations

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe_text(text: str) -> str:
    """
    Return a text for a cell. What a spreadsheet would take for a formula begins with an apostrophe.

        =HYPERLINK("https://example.com") -> '=HYPERLINK("https://example.com")
    """
    return f"'{text}" if text.startswith(_FORMULA) else text
