"""A vendor that is installed beside this package."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from billing.config.accounts import Account, load_accounts
from billing.errors import ConfigurationError
from billing.reconciliation.reconciler import Rules


def installed_vendor(name: str, path: Path) -> tuple[tuple[Account[Any], ...], Rules]:
    """
    Return a vendor's accounts, read from a file, and its rules, found by its entry point: this package knows no vendor.

    :raises ConfigurationError: no vendor of that name is installed, or the file is wrong.
    """
    registry = next(iter(entry_points(group="tieout", name="vendors")), None)
    vendor = next((each for each in registry.load()() if each.name == name), None) if registry else None
    if vendor is None:
        raise ConfigurationError(f"no vendor {name!a} is installed")
    rules = Rules(vendor.load_implementation().derive, vendor.controls())
    return load_accounts(vendor.name, vendor.settings_type, path), rules
