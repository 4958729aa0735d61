"""The simulator's own routes, for tests in other processes: counts, faults, clock, restatement, planted errors."""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from vendor_simulator.months import Month
from vendor_simulator.web.answers import Answer
from vendor_simulator.web.state import State

TOKEN_HEADER = "X-Simulator-Token"  # noqa: S105 (the name of a header)
_Command = Callable[[State, dict[str, Any]], Any]


def add_control(app: web.Application, state: State, token: str) -> None:
    """Add the control routes; each request must carry the token."""
    for method, path, command in (
        ("GET", "stats", _stats),
        ("DELETE", "stats", _clear_stats),
        ("GET", "faults", _faults),
        ("POST", "faults", _add_faults),
        ("DELETE", "faults", _clear_faults),
        ("POST", "now", _set_now),
        ("POST", "restate", _restate),
        ("POST", "plant", _plant),
        ("POST", "expire-tokens", _expire_tokens),
    ):
        app.router.add_route(method, f"/_simulator/{path}", _guarded(state, token, command))


def _guarded(state: State, token: str, command: _Command) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def respond(request: web.Request) -> web.Response:
        if not hmac.compare_digest(request.headers.get(TOKEN_HEADER, ""), token):
            return _response(401, {"error": f"the header {TOKEN_HEADER} must carry the control token"})
        try:
            body = json.loads(await request.read() or b"{}", parse_float=float)
            return _response(200, command(state, body))
        except (ValueError, KeyError, TypeError) as error:
            return _response(400, {"error": str(error)})

    return respond


def _response(status: int, value: object) -> web.Response:
    return web.Response(status=status, body=Answer(value).body(), content_type="application/json")


def _stats(state: State, _body: dict[str, Any]) -> object:
    return state.stats.summary()


def _clear_stats(state: State, _body: dict[str, Any]) -> object:
    state.stats.clear()
    return {}


def _faults(state: State, _body: dict[str, Any]) -> object:
    return state.faults.summary()


def _add_faults(state: State, body: dict[str, Any] | list[dict[str, Any]]) -> object:
    for members in body if isinstance(body, list) else [body]:
        state.faults.add(**members)
    return state.faults.summary()


def _clear_faults(state: State, _body: dict[str, Any]) -> object:
    state.faults.clear()
    return []


def _set_now(state: State, body: dict[str, Any]) -> object:
    """``{"now": "2026-11-05T12:00:00Z"}`` fixes the clock, ``{"now": null}`` lets it run."""
    text = body["now"]
    state.fixed_now = None if text is None else datetime.fromisoformat(text).astimezone(UTC)
    return {"now": state.now().isoformat()}


def _restate(state: State, body: dict[str, Any]) -> object:
    """``{"vendor": "fastly", "invoice_id": "4011010"}`` changes that invoice."""
    state.world.restate(body["vendor"], body["invoice_id"])
    return {}


def _plant(state: State, body: dict[str, Any]) -> object:
    """``{"kind": "F1", "account": "acme-media", "month": "2026-05"}`` plants an error; null if it does not fit."""
    error = state.world.plant(body["kind"], body["account"], Month.parse(body["month"]))
    return error and {"document": error.document, "control": error.control, "sentence": error.sentence}


def _expire_tokens(state: State, _body: dict[str, Any]) -> object:
    state.tokens.clear()
    return {}
