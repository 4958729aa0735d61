"""Free TCP ports on the loopback address."""

import socket
from contextlib import ExitStack

from tieout_stack.errors import StackError

LOOPBACK = "127.0.0.1"


def free_ports(count: int) -> list[int]:
    """Return ports that are not in use. They are not reserved: use them soon."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return [each.getsockname()[1] for each in sockets]


def is_free(port: int) -> bool:
    """Return whether a server could listen on ``port`` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def require_free(port: int, purpose: str) -> int:
    """
    Return ``port`` if a server can listen on it.

    :param purpose: used in the message, e.g. "the Airflow UI".
    :raises StackError: another process listens there, or it needs root.
    """
    if not is_free(port):
        raise StackError(f"Port {port} for {purpose} is taken on {LOOPBACK}: free it or choose another port.")
    return port
