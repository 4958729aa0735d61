"""Find the simulated vendors: every folder next to this file that has a ``vendor.py``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import TYPE_CHECKING

import vendor_simulator

if TYPE_CHECKING:
    from vendor_simulator.options import WorldOptions
    from vendor_simulator.readings import HiddenTogether, Reading
    from vendor_simulator.web.pipeline import VendorApp
    from vendor_simulator.web.state import State
    from vendor_simulator.world import VendorWorld


@dataclass(frozen=True)
class SimulatedVendor:
    """
    One vendor of the simulator.

    :param name: stored with every row, and in ``accounts.yaml``.
    :param make_world: creates its customers' data.
    :param make_app: creates the application.
    :param readings: what its contract leaves open.
    :param hidden_together: errors that several readings at once make invisible.
    """

    name: str
    make_world: Callable[[WorldOptions], VendorWorld]
    make_app: Callable[[State], VendorApp]
    readings: tuple[Reading, ...] = ()
    hidden_together: tuple[HiddenTogether, ...] = ()


def simulated_vendors() -> tuple[SimulatedVendor, ...]:
    """Return all vendors in order of their names; a new folder is found without a list to edit."""
    packages = sorted(module.name for module in iter_modules(vendor_simulator.__path__) if module.ispkg)
    modules = [f"vendor_simulator.{name}.vendor" for name in packages]
    found = [vars(import_module(module)).values() for module in modules if find_spec(module)]
    return tuple(value for values in found for value in values if isinstance(value, SimulatedVendor))
