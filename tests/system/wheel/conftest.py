"""A closed month and its evidence pack."""

from tests.closed_month import closed, pack

__all__ = ["closed", "pack"]
