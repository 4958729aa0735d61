"""
One awaited HTTP exchange with ``aiohttp``, under the same limits as the blocking one.

A triggerer runs a thousand triggers on one event loop. They share one aiohttp session and what was read of each
connection, kept here per loop; the session is closed when the last user has left.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import aiohttp
import certifi
from requests.utils import get_environ_proxies
from yarl import URL

from billing.errors import VendorUnavailable
from billing_vendors.base.client.connection import ConnectionSettings
from billing_vendors.base.client.credentials import CredentialCache
from billing_vendors.base.client.limits import CHUNK_BYTES, Limits, check_length
from billing_vendors.base.client.request import Request
from billing_vendors.base.client.status_errors import RawResponse
from billing_vendors.base.client.sync_transport import check_encoding, reason

ConnectionKey = tuple[type, str]  # hook class, connection id

REQUESTS_AT_ONCE_PER_HOST = 50


class LoopState:
    """
    What all users of one event loop share.

    :ivar connection_settings: what was read of each connection, and when (monotonic seconds).
    :ivar credential_caches: the credential in use for each connection, and the access it was got by.
    """

    def __init__(self) -> None:
        self.connection_settings: dict[ConnectionKey, tuple[float, ConnectionSettings]] = {}
        self.credential_caches: dict[ConnectionKey, tuple[ConnectionSettings, CredentialCache]] = {}
        self._locks: dict[object, asyncio.Lock] = {}
        self._turns: dict[str, asyncio.Semaphore] = {}
        self._session: aiohttp.ClientSession | None = None
        self._users = 0

    def lock(self, key: object) -> asyncio.Lock:
        """Return the lock of that name."""
        return self._locks.setdefault(key, asyncio.Lock())

    def turn(self, url: str) -> asyncio.Semaphore:
        """Return the right to ask a host: waiting for it is not counted as the vendor's time."""
        return self._turns.setdefault(urlsplit(url).netloc, asyncio.Semaphore(REQUESTS_AT_ONCE_PER_HOST))

    @asynccontextmanager
    async def session(self) -> AsyncIterator[aiohttp.ClientSession]:
        """Share the session; it is opened for the first user and closed after the last."""
        if self._session is None:
            self._session = _new_session()
        self._users += 1
        session = self._session
        try:
            yield session
        finally:
            self._users -= 1
            if self._users == 0:
                self._session = None
                await session.close()


_STATES: WeakKeyDictionary[asyncio.AbstractEventLoop, LoopState] = WeakKeyDictionary()


def loop_state() -> LoopState:
    """Return what is shared on the running event loop."""
    return _STATES.setdefault(asyncio.get_running_loop(), LoopState())


async def exchange(url: str, request: Request, headers: Mapping[str, str], limits: Limits) -> RawResponse:
    """
    Send one request and read the whole response.

    If the vendor closes the connection without a response, aiohttp itself sends a GET once more.

    :raises VendorUnavailable: no connection, a broken one, or a time-out; the message holds no URL.
    :raises PayloadError: the body is too large.
    """
    timeout = aiohttp.ClientTimeout(
        total=limits.total_seconds, sock_connect=limits.connect_seconds, sock_read=limits.read_seconds
    )
    state = loop_state()
    try:
        async with (
            state.session() as session,
            state.turn(url),
            session.request(
                request.method,
                URL(url, encoded=True),
                headers=headers,
                data=request.form,
                timeout=timeout,
                allow_redirects=False,
                proxy=get_environ_proxies(url).get(urlsplit(url).scheme),
            ) as response,
        ):
            body = await _read(response, limits, request)
            return RawResponse(
                status=response.status,
                headers={name.lower(): value for name, value in response.headers.items()},
                body=body,
                received_at=datetime.now(UTC),
            )
    except TimeoutError:
        failure = VendorUnavailable(f"{request.line} was not finished in time")
    except (aiohttp.ClientError, OSError) as error:
        failure = VendorUnavailable(f"{request.line} failed: {reason(error)}")
    # out here, so that the library's error is not its context: that may show the request with its headers
    raise failure


async def _read(response: aiohttp.ClientResponse, limits: Limits, request: Request) -> bytes:
    check_encoding(response.headers.get("Content-Encoding"), request)
    body = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        body += chunk
        check_length(len(body), limits, request.line)
    return bytes(body)


def _new_session() -> aiohttp.ClientSession:
    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or certifi.where()
    connector = aiohttp.TCPConnector(limit=0, ssl=ssl.create_default_context(cafile=bundle))
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
