"""What a world is made from."""

from __future__ import annotations

from dataclasses import dataclass

from vendor_simulator.readings import Readings


@dataclass(frozen=True, slots=True)
class WorldOptions:
    """
    Everything that decides the content of a world.

    :param readings: how each account's vendor reads its contract.
    :param drawn: how many accounts each vendor has beside those of the demo.
    :param errors: whether the demo's accounts have the errors that rotate from month to month.
    """

    seed: int
    readings: Readings
    drawn: int = 0
    errors: bool = True
