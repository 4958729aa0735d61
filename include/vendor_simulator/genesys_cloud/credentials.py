"""OAuth client credentials, token life, and the request window of each token."""

from __future__ import annotations

import base64
import binascii
import math
import secrets
import time
from dataclasses import dataclass, field

from vendor_simulator.genesys_cloud.accounts import Organisation

WINDOW_SECONDS = 60


@dataclass(slots=True)
class Window:
    """Requests of one token within the present minute of real time."""

    started_at: float = field(default_factory=time.monotonic)
    count: int = 0

    def add(self) -> None:
        """Count one request, in a new window where the old one is over."""
        if time.monotonic() - self.started_at >= WINDOW_SECONDS:
            self.started_at, self.count = time.monotonic(), 0
        self.count += 1

    @property
    def reset_seconds(self) -> int:
        """Seconds until the window is over, rounded up."""
        return max(1, math.ceil(WINDOW_SECONDS - (time.monotonic() - self.started_at)))


@dataclass
class Credentials:
    """
    Tokens issued to organisations; shared with the faults, which may delete them all.

    :param tokens: organisation name and end of life (monotonic seconds) by token.
    """

    organisations: tuple[Organisation, ...]
    tokens: dict[str, tuple[str, float]]
    windows: dict[str, Window] = field(default_factory=dict)

    def client_of(self, authorization: str) -> Organisation | None:
        """Return the organisation whose client id and secret a Basic header holds."""
        scheme, _, encoded = authorization.partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            login, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        found = (each for each in self.organisations if each.client_id == login and each.client_secret == secret)
        return next(found, None)

    def issue(self, organisation: Organisation, seconds: int) -> str:
        """Issue a token that lives that long."""
        token = secrets.token_urlsafe(48)
        self.tokens[token] = (organisation.name, time.monotonic() + seconds)
        return token

    def token_in(self, authorization: str) -> str:
        """Return the token of a Bearer header; empty if there is none."""
        scheme, _, token = authorization.partition(" ")
        return token if scheme.lower() == "bearer" else ""

    def owner_of(self, authorization: str) -> Organisation | None:
        """Return the organisation of a valid token."""
        name, ends_at = self.tokens.get(self.token_in(authorization), ("", 0.0))
        if not name or time.monotonic() >= ends_at:
            return None
        return next(each for each in self.organisations if each.name == name)

    def window_of(self, token: str) -> Window:
        """Return the request window of a token."""
        return self.windows.setdefault(token, Window())
