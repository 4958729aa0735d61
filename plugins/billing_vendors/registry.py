"""Which vendors there are: every folder beside this file whose ``vendor.py`` makes a ``Vendor``."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

import billing_vendors
from billing_vendors.base.vendor import Vendor


def vendors() -> tuple[Vendor, ...]:
    """Return all vendors in order of their names; a new folder is found without a list to edit."""
    packages = sorted(module.name for module in iter_modules(billing_vendors.__path__) if module.ispkg)
    modules = [import_module(f"billing_vendors.{name}.vendor") for name in packages if name != "base"]
    return tuple(value for module in modules for value in vars(module).values() if isinstance(value, Vendor))


def vendor_named(name: str) -> Vendor:
    """
    Return the vendor of that name.

    :raises KeyError: there is none.
    """
    return {vendor.name: vendor for vendor in vendors()}[name]
