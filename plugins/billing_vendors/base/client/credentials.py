"""What a request carries to show who we are."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

_MARGIN_SECONDS = 60.0  # a token is given up a little before the vendor does: a request takes its time


@dataclass(frozen=True, eq=False)
class Credential:
    """
    Headers that sign a request.

    :param secret: what must never be shown; masked in logs.
    :param lives_seconds: how long the vendor accepts it; None = until a person changes it, so that asking for
        another one after a refusal is useless.
    """

    headers: Mapping[str, str] = field(repr=False)
    secret: str = field(repr=False)
    lives_seconds: float | None = None


class CredentialCache:
    """The credential in use for one connection; its user sees to it that one renews at a time."""

    def __init__(self) -> None:
        self._credential: Credential | None = None
        self._until = -math.inf

    def get(self) -> Credential | None:
        """Return the credential in use; None if there is none or it is about to end."""
        return self._credential if time.monotonic() < self._until else None

    def store(self, credential: Credential) -> Credential:
        """Use a new credential from now on."""
        lives = credential.lives_seconds
        margin = 0.0 if lives is None else min(_MARGIN_SECONDS, lives / 10)
        self._credential = credential
        self._until = math.inf if lives is None else time.monotonic() + lives - margin
        return credential

    def invalidate(self, credential: Credential) -> bool:
        """
        Note that the vendor refused a credential; True if asking for another one may help.

        Another user may have renewed it meanwhile: then the new one stays.
        """
        if credential is self._credential and credential.lives_seconds is not None:
            self._credential, self._until = None, -math.inf
        return credential.lives_seconds is not None
