"""Prints what happens, and how long each stage took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stages:
    """
    Prints one line when a stage ends, and lines of progress within a long one.

    :param started: when the user's command started, in seconds since 1970; now if None.
    """

    def __init__(self, started: float | None = None) -> None:
        self._started = time.time() if started is None else started

    @property
    def elapsed(self) -> float:
        """Seconds since the user's command."""
        return time.time() - self._started

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a block and print its name when it ends without an error."""
        start = time.monotonic()
        yield
        self.print_stage(name, time.monotonic() - start)

    def print_stage(self, name: str, seconds: float) -> None:
        """Print a stage that took ``seconds``."""
        print(f"{seconds:6.1f} s  {name}", flush=True)

    def print_progress(self, line: str) -> None:
        """Print a line within a stage."""
        print(f"{'':10}{line}", flush=True)
