"""Tells the user what happens, and how long each stage took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stages:
    """
    Prints one line per stage when it ends, and lines in between for what takes long.

    :param began: when the user's command began, in seconds since 1970; now if None.
    """

    def __init__(self, began: float | None = None) -> None:
        self._began = time.time() if began is None else began

    @property
    def elapsed(self) -> float:
        """Seconds since the user's command."""
        return time.time() - self._began

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a block and print its name when it ends well."""
        start = time.monotonic()
        yield
        self.done(name, time.monotonic() - start)

    def done(self, name: str, seconds: float) -> None:
        """Print a stage that took ``seconds``."""
        print(f"{seconds:6.1f} s  {name}", flush=True)

    def tell(self, line: str) -> None:
        """Print a line within a stage."""
        print(f"{'':10}{line}", flush=True)
