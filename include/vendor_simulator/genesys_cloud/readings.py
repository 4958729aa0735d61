"""What Genesys Cloud's contract leaves open. Source: contract of the API, checked 2026-11-22."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from vendor_simulator.genesys_cloud.questions.bills import BILLS
from vendor_simulator.genesys_cloud.questions.lists import LISTS
from vendor_simulator.genesys_cloud.questions.members import MEMBERS
from vendor_simulator.genesys_cloud.questions.printed import PRINTED
from vendor_simulator.readings import HiddenTogether, Reading, Readings

READINGS: tuple[Reading, ...] = (*BILLS, *MEMBERS, *LISTS, *PRINTED)
DEFAULTS: Mapping[str, str] = MappingProxyType({each.key.partition(".")[2]: each.default for each in READINGS})
_NO_PRODUCT = {"genesys_cloud.line_product": ("null", "missing")}
_BY_AMOUNT = "What such a line bills is told by its amount alone: a wrong one is BLOCKED, not accused."
HIDDEN_TOGETHER = (
    HiddenTogether(_NO_PRODUCT | {"genesys_cloud.line_description": ("null", "missing")}, ("G2", "G5"), _BY_AMOUNT),
    HiddenTogether(_NO_PRODUCT | {"genesys_cloud.line_words": ("generic",)}, ("G2", "G5"), _BY_AMOUNT),
)


def answers_of(readings: Readings, account: str) -> Mapping[str, str]:
    """Return the values in force for an account, by the words of the keys."""
    return MappingProxyType({each.key.partition(".")[2]: readings.of(account, each.key) for each in READINGS})
