"""Stop servers and remove folders when a benchmark is terminated, as if it had ended by itself."""

from __future__ import annotations

import signal
import sys
from types import FrameType


def unwind_on_sigterm() -> None:
    """Let SIGTERM raise ``SystemExit`` in the main thread, so that every ``with`` block is left in order."""
    signal.signal(signal.SIGTERM, _unwind)


def _unwind(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (a signal handler's signature)
    sys.exit(128 + number)
