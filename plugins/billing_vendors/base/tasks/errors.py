"""What a person sees of a failed task: the sentence of the error, not the way to it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from billing.errors import BillingError

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")


def clean_traceback(work: Callable[P, R]) -> Callable[P, R]:
    """
    Let an error that was raised on purpose leave a task without our frames and causes behind it: its message says all.

    They are logged at level DEBUG. Any other error is our own fault and keeps them.
    """

    @wraps(work)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return work(*args, **kwargs)
        except BillingError as error:
            log.debug("where it was raised", exc_info=True)
            raise error.with_traceback(None) from None

    return wrapper
