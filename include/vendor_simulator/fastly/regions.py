"""Fastly's billing regions: the name on v3 lines, the key in v2, and the prefix of v2's codes of usage."""

from __future__ import annotations

import re

# Source: the older public reference page "Billing"; the set is open. Checked 2026-11-22.
V2_KEYS = {
    "North America": ("usa", "NA"),
    "Europe": ("europe", "EU"),
    "Australia & New Zealand": ("anzac", "ANZAC"),
    "Asia": ("asia", "ASIA"),
    "India": ("asia_india", "INDIA"),
    "South Korea": ("asia_southkorea", "KOREA"),
    "Africa": ("africa_std", "AFRICA"),
    "Mexico": ("mexico", "MEXICO"),
    "South America": ("southamerica_std", "SA"),
}


def v2_key(region: str) -> str:
    """Return the key of a region among those of a v2 bill."""
    return V2_KEYS[region][0] if region in V2_KEYS else _slug(region)


def v2_code(region: str, usage_type: str) -> str | None:
    """Return v2's code of a usage type in a region; None for a flat fee."""
    return f"{_prefix(region)}_{usage_type.upper()}" if usage_type else None


def _prefix(region: str) -> str:
    return V2_KEYS[region][1] if region in V2_KEYS else _slug(region).upper()


def _slug(region: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", region.lower()).strip("_") or "global"
