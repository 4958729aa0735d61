"""A vendor that answers from a script, and a connection to it."""

import pytest
from tests.scripted_server import accounts_file, connect, server

__all__ = ["accounts_file", "connect", "server"]


@pytest.fixture
def conn_id(server, connect) -> str:
    """Id of a connection to that vendor."""
    return connect(host=server.url, password="open-sesame-4711")
