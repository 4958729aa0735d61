"""Process every request: count it, apply a fault if one matches, respond."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from socket import SO_LINGER, SOL_SOCKET
from typing import Protocol

from aiohttp import web

from vendor_simulator.web import corrupt, cursors
from vendor_simulator.web.answers import Answer, Refused
from vendor_simulator.web.faults import Fault
from vendor_simulator.web.state import State
from vendor_simulator.web.stats import Request

BODY: ContextVar[bytes] = ContextVar("body")
"""The body of the request being answered; a handler cannot await it."""

Handler = Callable[[web.Request], Answer]
_PIECES = 20
_ON_ITS_WAY_SECONDS = 0.02  # a reset discards what was not read yet
_BLANKS = b" " * 65536


class VendorApp(Protocol):
    """What the server needs from a vendor for every operation."""

    def routes(self) -> list[tuple[str, str, str, Handler]]:
        """List operation, method, path and handler; a literal segment comes before a parameter."""

    def account_of(self, request: web.Request) -> str:
        """Return the account whose credential the request carries; empty if none."""

    def error(self, operation: str, status: int, retry_after: str | None) -> Answer:
        """Return an error in this vendor's format."""

    def waiting(self, operation: str, request: web.Request, /) -> Answer:
        """Write "not ready yet"."""

    def dress(self, request: web.Request, answer: Answer, /) -> None:
        """Add the headers that every response of this vendor has."""


def serve(
    state: State, vendor: VendorApp, operation: str, handler: Handler
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Wrap a handler, which returns a response, into a view of the HTTP server."""

    async def respond(request: web.Request) -> web.StreamResponse:
        record = Request(
            at=datetime.now(UTC),
            operation=operation,
            method=request.method,
            path=request.path_qs,
            headers=dict(request.headers),
            account=vendor.account_of(request),
        )
        with state.stats.counting(record):
            BODY.set(await request.read())
            fault = state.faults.take(operation, request.path_qs, lambda: record.account)
            if fault is None:
                answer = _answer(vendor, handler, request)
                record.status = answer.status
                return _plain(answer)
            record.fault = fault.kind
            return await _corrupted(state, vendor, operation, handler, request, fault, record)

    return respond


def _answer(vendor: VendorApp, handler: Handler, request: web.Request) -> Answer:
    try:
        answer = handler(request)
    except Refused as refused:
        answer = refused.answer
    vendor.dress(request, answer)
    return answer


def _plain(answer: Answer) -> web.Response:
    headers = {"Content-Type": answer.media_type, **answer.headers}
    return web.Response(status=answer.status, body=answer.body(), headers=headers)


async def _corrupted(
    state: State,
    vendor: VendorApp,
    operation: str,
    handler: Handler,
    request: web.Request,
    fault: Fault,
    record: Request,
) -> web.StreamResponse:
    if fault.kind in {"reset", "refuse"}:
        if fault.kind == "refuse":
            await state.close_door()
        _reset(request)
        raise asyncio.CancelledError
    if fault.kind == "delay":
        await asyncio.sleep(fault.seconds)
    if fault.kind == "expire_tokens":
        state.tokens.clear()
    if fault.kind == "shift_rows":
        request = cursors.shifted(request, fault.size)
    answer = _instead(vendor, operation, request, fault) or _answer(vendor, handler, request)
    if answer.status == 200:
        corrupt.payload(fault, answer, request)
    record.status = answer.status
    if fault.kind in {"cut", "reset_body", "drip"}:
        return await _in_pieces(request, answer, fault)
    if fault.kind == "endless_body":
        return await _for_ever(request, answer)
    return _plain(answer)


def _instead(vendor: VendorApp, operation: str, request: web.Request, fault: Fault) -> Answer | None:
    """Return the response of a fault that needs no handler."""
    match fault.kind:
        case "status" | "retired":
            answer = vendor.error(operation, fault.status, fault.retry_after)
        case "accepted":
            answer = vendor.waiting(operation, request)
        case "html":
            answer = Answer(b"<!doctype html><title>Proxy</title><p>Please sign in.</p>", 200, "text/html")
        case "redirect":
            answer = Answer(b"", 302, "text/plain", {"Location": fault.url})
        case _:
            return None
    vendor.dress(request, answer)
    return answer


def _reset(request: web.Request) -> None:
    """Close the connection with RST instead of FIN."""
    transport = request.transport
    if transport is None:
        return
    connection = transport.get_extra_info("socket")
    connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _in_pieces(request: web.Request, answer: Answer, fault: Fault) -> web.StreamResponse:
    body = answer.body()
    headers = {"Content-Type": answer.media_type, **answer.headers}
    response = web.StreamResponse(status=answer.status, headers=headers)
    response.content_length = len(body)
    await response.prepare(request)
    if fault.kind in {"cut", "reset_body"}:
        await response.write(body[: len(body) // 2])
        if fault.kind == "reset_body":
            await asyncio.sleep(_ON_ITS_WAY_SECONDS)
            _reset(request)
        elif request.transport is not None:
            request.transport.close()
        return response
    step = len(body) // _PIECES + 1
    for start in range(0, len(body), step):
        await response.write(body[start : start + step])
        await asyncio.sleep(fault.seconds / _PIECES)
    await response.write_eof()
    return response


async def _for_ever(request: web.Request, answer: Answer) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": answer.media_type, **answer.headers})
    await response.prepare(request)
    while request.transport is not None and not request.transport.is_closing():
        await response.write(_BLANKS)
    return response
