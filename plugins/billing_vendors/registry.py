"""Find the vendors: every folder next to this file except ``base``; its ``vendor.py`` contains one ``Vendor``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules

import billing_vendors
from billing_vendors.base.vendor import ConnectionType, Vendor


def vendors() -> tuple[Vendor, ...]:
    """
    Return all vendors in order of their names; a new folder is found without a list to edit.

    :raises ValueError: a folder does not contain one vendor of its name, or two vendors have one prefix for controls.
    """
    found = tuple(map(_vendor_of, vendor_folders()))
    check_prefixes(found)
    return found


def vendor_folders() -> list[str]:
    """Return the names of all vendors, without importing their code."""
    packages = (module.name for module in iter_modules(billing_vendors.__path__) if module.ispkg)
    return sorted(name for name in packages if name != "base")


def connection_types() -> tuple[ConnectionType, ...]:
    """Return each vendor's connection type without importing Airflow, which asks for them while it is imported."""
    return tuple(import_module(f"billing_vendors.{name}.connection").CONNECTION_TYPE for name in vendor_folders())


def vendor_named(name: str) -> Vendor:
    """
    Return the vendor of that name.

    :raises KeyError: there is none.
    """
    return {vendor.name: vendor for vendor in vendors()}[name]


def check_prefixes(found: Sequence[Vendor]) -> None:
    """
    Check that control ids of two vendors cannot be equal: prefixes are letters, and differ.

    :raises ValueError: names the vendors and their prefixes.
    """
    prefixes = [vendor.control_prefix for vendor in found]
    if len(set(prefixes)) < len(prefixes) or not all(re.fullmatch("[A-Z]+", prefix) for prefix in prefixes):
        named = ", ".join(f"{vendor.name} {vendor.control_prefix!r}" for vendor in found)
        raise ValueError(f"each vendor's control prefix is capital letters of its own, but there are: {named}")


def _vendor_of(folder: str) -> Vendor:
    module = import_module(f"billing_vendors.{folder}.vendor")
    found = [value for value in vars(module).values() if isinstance(value, Vendor)]
    if [vendor.name for vendor in found] != [folder]:
        raise ValueError(f"{module.__name__} should hold one Vendor, of the name {folder!r}")
    return found[0]
