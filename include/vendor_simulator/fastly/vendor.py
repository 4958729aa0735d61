"""Fastly, as registered in the simulator."""

from vendor_simulator.fastly.app import FastlyApp
from vendor_simulator.fastly.readings import READINGS, VENDOR
from vendor_simulator.fastly.world import FastlyWorld
from vendor_simulator.registry import SimulatedVendor

FASTLY = SimulatedVendor(VENDOR, FastlyWorld, FastlyApp, READINGS)
