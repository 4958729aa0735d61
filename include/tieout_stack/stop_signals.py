"""Ctrl-C, SIGTERM and SIGHUP become one exception, at a moment when no process is half started."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(BaseException):
    """Somebody wants us to end. Not an ``Exception``: no handler of errors may take it for one."""

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(number.name)
        self.number = number


class StopSignals:
    """While its block runs, the first stop signal raises ``StopRequested``; later ones are only counted."""

    def __init__(self) -> None:
        self._shields = 0
        self._pending: signal.Signals | None = None
        self._raised = False
        self._before = {number: signal.getsignal(number) for number in NUMBERS}

    def __enter__(self) -> Self:
        for number in NUMBERS:
            signal.signal(number, self._receive)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """Let a short block end before a signal takes effect: started and written down, or neither."""
        self._shields += 1
        try:
            yield
        finally:
            self._shields -= 1
        self._raise_pending()

    def ignore(self) -> None:
        """From now on stopping is under way, and nothing shall stop it half way."""
        self._raised = True

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        self._pending = signal.Signals(number)
        self._raise_pending()

    def _raise_pending(self) -> None:
        if self._pending and not self._shields and not self._raised:
            self._raised = True
            raise StopRequested(self._pending)
