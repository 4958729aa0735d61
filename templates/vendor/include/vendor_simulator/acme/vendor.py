"""Acme, as registered in the simulator."""

from vendor_simulator.acme.app import AcmeApp
from vendor_simulator.acme.world import VENDOR, AcmeWorld
from vendor_simulator.registry import SimulatedVendor

ACME = SimulatedVendor(VENDOR, AcmeWorld, AcmeApp)
