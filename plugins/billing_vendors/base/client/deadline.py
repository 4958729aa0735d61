"""Deadlines of blocking calls, all watched by one thread: a thread for each call would cost more than a short call."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(eq=False, slots=True)
class _Deadline:
    due: float  # by time.monotonic()
    cut_off: Callable[[], None]


class Watch:
    """
    Calls what ends a blocking call when its time is over.

    The thread starts with the first deadline and ends when none is left. It sleeps until the earliest deadline it
    knows and looks then which are still open: a call that is over in time never wakes it.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open: set[_Deadline] = set()
        self._wakes_at: float | None = None
        """When the thread looks next; None if there is no thread."""

    @contextmanager
    def within(self, seconds: float, cut_off: Callable[[], None]) -> Iterator[None]:
        """
        Call ``cut_off``, in another thread, if the block has not ended after so many seconds.

        :param cut_off: must neither block nor raise.
        """
        deadline = _Deadline(time.monotonic() + seconds, cut_off)
        with self._changed:
            self._open.add(deadline)
            if self._wakes_at is None:
                self._wakes_at = deadline.due
                threading.Thread(target=self._run, name="deadlines", daemon=True).start()
            elif deadline.due < self._wakes_at:
                self._wakes_at = deadline.due
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._open.discard(deadline)

    def _run(self) -> None:
        with self._changed:
            try:
                while self._open:
                    self._wakes_at = min(deadline.due for deadline in self._open)
                    if (left := self._wakes_at - time.monotonic()) > 0:
                        self._changed.wait(left)
                    else:
                        self._cut_off_until(self._wakes_at)
            finally:
                self._wakes_at = None

    def _cut_off_until(self, moment: float) -> None:
        for deadline in [each for each in self._open if each.due <= moment]:
            self._open.discard(deadline)
            deadline.cut_off()


WATCH = Watch()
os.register_at_fork(after_in_child=WATCH.__init__)  # type: ignore[misc]  # no thread survives a fork, nor what it watched
