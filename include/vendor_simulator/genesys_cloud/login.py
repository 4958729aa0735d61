"""Login, and the check of token and request window in every other operation."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs

from aiohttp import web

from vendor_simulator.genesys_cloud.accounts import Organisation
from vendor_simulator.genesys_cloud.credentials import Credentials
from vendor_simulator.genesys_cloud.errors import error, refuse
from vendor_simulator.genesys_cloud.world import GenesysWorld
from vendor_simulator.web.answers import Answer, Refused
from vendor_simulator.web.pipeline import BODY, Handler
from vendor_simulator.web.state import State

_RATE_LIMIT_KEY = "client.credentials.token.rate.per.minute"


class Login:
    """Issues tokens, and checks the token and its request limit. Source: contracts, sections 2 and 7."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._world = state.world.of(GenesysWorld)
        self.credentials = Credentials(self._world.organisations, state.tokens)

    def token(self, request: web.Request) -> Answer:
        """Log in with client credentials."""
        form = parse_qs(BODY.get().decode("utf-8", "replace"))
        if form.get("grant_type") != ["client_credentials"]:
            body = {"error": "unsupported_grant_type", "description": "grant_type must be client_credentials"}
            return Answer(body, 400)
        owner = self.credentials.client_of(request.headers.get("Authorization", ""))
        if owner is None:
            return error("genesys.token", 401, None)
        seconds = self._state.settings.token_seconds
        self._state.stats.tokens_issued += 1
        token = self.credentials.issue(owner, seconds)
        return Answer({"access_token": token, "token_type": "bearer", "expires_in": seconds})

    def limited(self, handler: Callable[[web.Request, Organisation], Answer]) -> Handler:
        """Check for a valid token and count the request in its window."""

        def answer(request: web.Request) -> Answer:
            authorization = request.headers.get("Authorization", "")
            owner = self.credentials.owner_of(authorization)
            if owner is None:
                code = "bad.credentials" if authorization else "authentication.required"
                refuse(code, "Invalid login credentials.", 401)
            window = self.credentials.window_of(self.credentials.token_in(authorization))
            window.add()
            allowed = self._state.settings.rate_limit
            if window.count > allowed:
                self._state.stats.rate_limited += 1
                refusal = error("", 429, str(window.reset_seconds))
                refusal.payload["limit"] = {"key": _RATE_LIMIT_KEY, "namespace": "platform.api", "value": allowed}
                raise Refused(refusal)
            return handler(request, self._world.as_billed(owner))

        return answer

    def name_of(self, request: web.Request) -> str:
        """Return the organisation of the request's token or client; empty if there is none."""
        authorization = request.headers.get("Authorization", "")
        owner = self.credentials.owner_of(authorization) or self.credentials.client_of(authorization)
        return owner.name if owner else ""

    def headers(self, request: web.Request) -> dict[str, str]:
        """Return the state of the token's window; nothing without a valid token."""
        authorization = request.headers.get("Authorization", "")
        if not self.credentials.owner_of(authorization):
            return {}
        window = self.credentials.window_of(self.credentials.token_in(authorization))
        return {
            "inin-ratelimit-count": str(window.count),
            "inin-ratelimit-allowed": str(self._state.settings.rate_limit),
            "inin-ratelimit-reset": str(window.reset_seconds),
        }
