"""The simulator that the vendors' own SDKs read."""

from tests.unit.vendor_simulator.conftest import sim

__all__ = ["sim"]
