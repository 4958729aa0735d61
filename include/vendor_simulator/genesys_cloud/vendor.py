"""Genesys Cloud, as registered in the simulator."""

from vendor_simulator.genesys_cloud.app import GenesysApp
from vendor_simulator.genesys_cloud.readings import HIDDEN_TOGETHER, READINGS
from vendor_simulator.genesys_cloud.world import VENDOR, GenesysWorld
from vendor_simulator.registry import SimulatedVendor

GENESYS_CLOUD = SimulatedVendor(VENDOR, GenesysWorld, GenesysApp, READINGS, HIDDEN_TOGETHER)
