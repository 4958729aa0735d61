"""Show of a failed task the error's message, without a traceback."""

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
    Remove frames and causes from an error that Tieout raises on purpose: its message is enough.

    They are logged at level DEBUG. Any other error is a bug and keeps them.
    """

    @wraps(work)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return work(*args, **kwargs)
        except BillingError as error:
            log.debug("where it was raised", exc_info=True)
            raise error.with_traceback(None) from None

    return wrapper
