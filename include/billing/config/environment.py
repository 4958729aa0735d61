"""Settings that commands read from the environment."""

from __future__ import annotations

import os

from billing.errors import ConfigurationError


def from_environment(name: str) -> str:
    """
    Return an environment variable.

    :raises ConfigurationError: it is not set, or empty.
    """
    value = os.environ.get(name)
    if not value:
        raise ConfigurationError(f"set the environment variable {name}")
    return value
