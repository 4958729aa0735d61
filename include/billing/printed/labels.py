"""
The words beside the figures at the end of an invoice: which of them name its total, and which do not.

They are listed by language in ``labels.yaml``. A word is matched whatever its letter case and accents, with or without
the blanks and hyphens in it.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml

from billing.printed.canonical import bare


class Role(StrEnum):
    """What the figure beside a label is."""

    TOTAL = "total"  # of the invoice
    DUE = "due"  # what is left to pay: the total, less what was paid, plus what was owed before
    PART = "part"  # a part of the total, or a total of something else
    PAID = "paid"  # what makes the difference between the total and what is due


@lru_cache(maxsize=1)
def roles() -> dict[str, Role]:
    """Return the role of each label in its bare form."""
    found: dict[str, Role] = {}
    for role in Role:
        for language in _listed()["labels"].values():
            found.update(dict.fromkeys(_bare_words(language[role]), role))
    return found


@lru_cache(maxsize=8)
def words(kind: str) -> frozenset[str]:
    """Return the words of a kind in their bare form: excluding, including, credit, rates or credit_labels."""
    return frozenset(_bare_words(_listed()["words"][kind]))


def _bare_words(text: str) -> list[str]:
    return list(filter(None, map(bare, text.split(";"))))


@lru_cache(maxsize=1)
def _listed() -> dict[str, Any]:
    listed: dict[str, Any] = yaml.safe_load((files(__package__) / "labels.yaml").read_text(encoding="utf-8"))
    return listed
