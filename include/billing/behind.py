"""Do one thing in a thread while the next is prepared: what waits for a server costs no time of ours."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import ParamSpec, Self

P = ParamSpec("P")


class Behind:
    """
    One thing at a time, done in a thread::

        with Behind() as behind:
            for each in arriving:
                behind.start(store, each)  # once the one before is done

    What it raises is raised where the next is started or waited for; leaving the block waits. A block that is left by
    an exception waits too, and only that exception is raised.
    """

    def __init__(self) -> None:
        self._executor: ThreadPoolExecutor | None = None
        self._doing: Future[object] | None = None

    def start(self, do: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Start the next thing, once the one before is done."""
        if self._executor is None:
            raise RuntimeError("nothing can be started outside the block")
        self.wait()
        self._doing = self._executor.submit(do, *args, **kwargs)

    def wait(self) -> None:
        """Wait until nothing is being done."""
        doing, self._doing = self._doing, None
        if doing is not None:
            doing.result()

    def __enter__(self) -> Self:
        """Create the thread ready."""
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="behind")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait, and let the thread end."""
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown()
        if error is None:
            self.wait()
        self._doing = None
