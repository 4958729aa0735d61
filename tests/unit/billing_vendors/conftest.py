"""A vendor that answers from a script."""

from tests.scripted_server import accounts_file, connect, server

__all__ = ["accounts_file", "connect", "server"]
