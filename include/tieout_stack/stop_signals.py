"""Raise Ctrl-C, SIGTERM and SIGHUP as one exception, never while a process is being started."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(BaseException):
    """A stop signal was received. Not an ``Exception``, so that no error handler catches it."""

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(number.name)
        self.number = number


class StopSignals:
    """Within its block the first stop signal raises ``StopRequested``; later ones are ignored."""

    def __init__(self) -> None:
        self._delays = 0
        self._pending: signal.Signals | None = None
        self._raised = False
        self._previous = {number: signal.getsignal(number) for number in NUMBERS}

    def __enter__(self) -> Self:
        for number in NUMBERS:
            signal.signal(number, self._receive)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    @contextmanager
    def delayed(self) -> Iterator[None]:
        """Delay signals until the end of a short block: a process is started and recorded, or neither."""
        self._delays += 1
        try:
            yield
        finally:
            self._delays -= 1
        self._raise_pending()

    def ignore(self) -> None:
        """Ignore all further signals, so that nothing interrupts the stop."""
        self._raised = True

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        self._pending = signal.Signals(number)
        self._raise_pending()

    def _raise_pending(self) -> None:
        if self._pending and not self._delays and not self._raised:
            self._raised = True
            raise StopRequested(self._pending)
