"""A billing database with a vendor beside it."""

from tests.ledger import differing, ledger, make

__all__ = ["differing", "ledger", "make"]
