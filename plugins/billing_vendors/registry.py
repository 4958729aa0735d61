"""Which vendors there are: every folder beside this file that has a ``vendor.py`` with ``VENDOR``."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules

import billing_vendors
from billing_vendors.base.vendor import Vendor


def vendors() -> tuple[Vendor, ...]:
    """Give all vendors in order of their names; a new folder is found without a list to edit."""
    packages = sorted(module.name for module in iter_modules(billing_vendors.__path__) if module.ispkg)
    found = (f"billing_vendors.{package}.vendor" for package in packages)
    return tuple(import_module(name).VENDOR for name in found if find_spec(name) is not None)


def vendor_named(name: str) -> Vendor:
    """
    Give the vendor of that name.

    :raises KeyError: there is none.
    """
    return {vendor.name: vendor for vendor in vendors()}[name]
