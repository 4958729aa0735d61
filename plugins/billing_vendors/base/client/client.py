"""
Send requests to a vendor: authenticate, retry, and turn the result into a response or an error.

Workers and triggers run the same code. A worker has its own event loop; a triggerer runs a thousand triggers on one,
which share one session and each connection's settings.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from typing import ClassVar, Self, TypeVar
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import aiohttp
from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException, AirflowRuntimeError
from airflow.sdk.log import amask_secret, mask_secret

from billing.errors import BillingError, BrokenResponse, ConfigurationError, VendorRejected, VendorUnavailable
from billing.payloads.response import Response
from billing_vendors.base.client.connection import ConnectionFields, ConnectionSettings, Credential, CredentialCache
from billing_vendors.base.client.paging import Paging
from billing_vendors.base.client.request import JSON, Request
from billing_vendors.base.client.status_errors import (
    RawResponse,
    sanitize,
    status_error,
    with_status_in_body,
    wrong_body,
)
from billing_vendors.base.client.transport import Limits, exchange, open_session, proxy_of

T = TypeVar("T")

# Triggers use a changed connection after that time, or when the vendor rejects the credential.
CONNECTION_SECONDS = 3600.0
REQUESTS_AT_ONCE_PER_HOST = 50

_REPEATED = frozenset({None, 429, 502, 503, 504})  # None: the connection broke
_CONNECTION_REFUSED = frozenset({400, 401, 403})
_ALWAYS_KEPT = frozenset({"link"})  # may name a next page
_CURSOR_REFUSED = frozenset({400, 404, 410})


class VendorClient(BaseHook):
    """
    Send requests to one vendor by one Airflow connection. As a context manager it keeps its connections open.

    :ivar conn_id: the Airflow connection.
    :ivar limits: of time, size and attempts.
    :cvar request_id_headers: response headers, lower case, that identify a request to the vendor's support.
    :cvar kept_headers: response headers, lower case, that are stored with the response.
    """

    request_id_headers: ClassVar[tuple[str, ...]] = ("x-request-id",)
    kept_headers: ClassVar[frozenset[str]] = frozenset()

    conn_id: str
    limits: Limits
    _access: Access | None = None  # a worker's own; triggers share theirs
    _other_totals: frozenset[str] = frozenset()  # operations whose totals count something else than rows

    # Implemented by a vendor.

    @classmethod
    def read_connection(cls, connection: ConnectionFields, extra: object) -> ConnectionSettings:
        """
        Check a connection and return its settings.

        :raises ConfigurationError: a field is missing, unknown or wrong.
        """
        raise NotImplementedError

    async def authenticate(self, connection_settings: ConnectionSettings) -> Credential:
        """Get a credential by unsigned requests, or directly from the connection."""
        raise NotImplementedError

    def test_request(self) -> Request:
        """Return a cheap request that shows whether the connection works."""
        raise NotImplementedError

    def status_error(self, request: Request, raw: RawResponse) -> BillingError:
        """Return the error for a status that is not accepted; a vendor adds its own cases."""
        return status_error(request, raw)

    # One request, top to bottom.

    async def asend(self, request: Request) -> Response:
        """
        Send a request; retry a GET if the vendor is busy or the connection breaks, as often as the limits allow, and
        once if the response is not what was requested at all.

        :raises BillingError: by the kind of failure, see :mod:`billing.errors`.
        """
        return await self.arepeat(partial(self._send_once, request), attempts=1 if request.method != "GET" else None)

    async def arepeat(
        self,
        send_once: Callable[[], Awaitable[T]],
        *,
        attempts: int | None = None,
        busy: frozenset[int | None] = _REPEATED,
        broken: tuple[type[BillingError], ...] = (BrokenResponse,),
    ) -> T:
        """
        Send what may be sent again until it succeeds: the one place that repeats requests within a task.

        :param attempts: in total; by default as the hook's limits say.
        :param busy: statuses of ``VendorUnavailable`` after which all attempts are made.
        :param broken: errors after which one further attempt is made.
        """
        attempts, left = attempts or self.limits.attempts, 1
        for attempt in count(1):
            try:
                return await send_once()
            except BillingError as error:
                is_broken = isinstance(error, broken)
                again = left > 0 if is_broken else isinstance(error, VendorUnavailable) and error.status in busy
                pause = _pause_seconds(attempt, getattr(error, "retry_after", None), self.limits)
                if not again or attempt >= attempts or pause > self.limits.longest_pause_seconds:
                    raise
                left -= is_broken
                self.log.info("%s; next attempt in %.1f s", error, pause)
            await asyncio.sleep(pause)
        raise AssertionError("unreachable")

    async def aget_page(self, paging: Paging) -> Response:
        """
        Read the next page of a listing; the caller calls ``paging.advance`` when it has stored the page.

        :raises VendorUnavailable: the vendor no longer accepts its own cursor; reading the listing again gets new ones.
        """
        request = paging.request
        if request is None:
            raise ValueError("the listing has ended")
        access = self._access or await self._shared_access()
        paging.host = urlsplit(access.settings.base_urls[request.base_url]).netloc
        try:
            return await self.asend(request)
        except VendorRejected as error:
            if request is paging.first or error.status not in _CURSOR_REFUSED:
                raise
            raise VendorUnavailable(
                f"{request.line} answered {error.status}: the vendor no longer accepts its own cursor; "
                "read the listing again"
            ) from error

    async def alist_pages(self, paging: Paging) -> AsyncIterator[Response]:
        """Yield each page as it arrives."""
        while paging.request is not None:
            page = await self.aget_page(paging)
            yield page
            paging.advance(page)
        await self.aconfirm(paging)

    async def aconfirm(self, paging: Paging) -> None:
        """
        Read a listing whose pages do not fit together once more; if it is the same, the vendor means it so.

        What it means is judged by the controls; only a listing that changed while it was read is worth another attempt.

        :raises VendorUnavailable: it is not the same.
        """
        operation = paging.first.operation
        if paging.doubt is None or (paging.only_total_differs and operation in self._other_totals):
            return
        again = paging.restarted()
        while again.request is not None:
            again.advance(await self.aget_page(again))
        if again.pages != paging.pages:
            raise paging.doubt
        if paging.only_total_differs:  # further listings of the operation are not read twice for it
            self._other_totals |= {operation}
        self.log.warning("%s; a second reading has the same rows, which are stored as they were sent", paging.doubt)

    async def _send_once(self, request: Request) -> Response:
        access = self._access or await self._shared_access()
        credential = await self._credential(access) if request.signed else None
        raw = await self._exchange(access.settings, request, credential)
        if raw.status == 401 and credential and access.credentials.invalidate(credential):
            credential = await self._credential(access)
            raw = await self._exchange(access.settings, request, credential)
        if raw.status in _CONNECTION_REFUSED:
            access.read_at = -CONNECTION_SECONDS
        return self._response(request, raw, credential)

    async def _shared_access(self) -> Access:
        """Read the connection once an hour for all its triggers: each read goes through one supervisor."""
        shared = _shared()
        key = (type(self), self.conn_id)
        async with shared.locks[key]:
            access = shared.accesses.get(key)
            if access is not None and time.monotonic() - access.read_at < CONNECTION_SECONDS:
                return access
            with connection_errors(self.conn_id):
                connection = await self.aget_connection(self.conn_id)
            settings = self.read_connection(connection, await connection.aextra_dejson())
            if access is None or access.settings != settings:
                access = shared.accesses[key] = Access(settings)
            access.read_at = time.monotonic()
            return access

    async def _credential(self, access: Access) -> Credential:
        async with access.lock:  # one authenticates, the others wait for its credential
            if (credential := access.credentials.get()) is None:
                credential = access.credentials.store(await self.authenticate(access.settings))
                if credential.secret != access.settings.password:  # that one Airflow has masked
                    await self._mask(credential.secret)
            return credential

    async def _mask(self, secret: str) -> None:
        if self._access is None:
            await amask_secret(secret)
        else:  # a worker may block its loop; the asynchronous way needs threads
            mask_secret(secret)

    async def _exchange(
        self, settings: ConnectionSettings, request: Request, credential: Credential | None
    ) -> RawResponse:
        url = f"{settings.base_urls[request.base_url]}{request.target}"
        shared = _shared()
        host = shared.host(url)
        started = time.monotonic()
        async with shared.session() as session, host.turn:
            raw = await exchange(session, url, host.proxy, request, _headers(request, credential), self.limits)
        self.log.info("%s", self._line(request, raw, started))
        return with_status_in_body(raw) if request.accept == JSON else raw

    def _response(self, request: Request, raw: RawResponse, credential: Credential | None) -> Response:
        shown = _without_secret(raw, credential)
        if raw.status not in request.accepted:
            raise self.status_error(request, shown)
        if error := wrong_body(request, shown):
            raise error
        return Response(
            operation=request.operation,
            request=request.line,
            status=raw.status,
            media_type=raw.media_type,
            body=raw.body,
            received_at=raw.received_at,
            headers={name: value for name, value in raw.headers.items() if name in self.kept_headers | _ALWAYS_KEPT},
        )

    def _line(self, request: Request, raw: RawResponse, started: float) -> str:
        """
        Return the log line of a request: never anything of the response's body.

        :param started: when it was sent, monotonic seconds.
        """
        milliseconds = (time.monotonic() - started) * 1000
        request_id = next((raw.headers[n] for n in self.request_id_headers if n in raw.headers), None)
        known_as = f", request id {sanitize(request_id, most=80)}" if request_id else ""
        return (
            f"{sanitize(request.line, most=240)}: {raw.status}, {len(raw.body)} bytes, {milliseconds:.0f} ms{known_as}"
        )

    # Open connections.

    async def __aenter__(self) -> Self:
        self._held = _shared().session()
        await self._held.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._held.__aexit__(None, None, None)


@dataclass(eq=False)
class Access:
    """
    A connection as it was read, and the credential in use for it.

    :ivar read_at: monotonic seconds.
    :ivar lock: held while authenticating.
    """

    settings: ConnectionSettings
    read_at: float = 0.0
    credentials: CredentialCache = field(default_factory=CredentialCache)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(eq=False)
class Host:
    """
    A host that receives requests.

    :ivar proxy: from the environment at the first request; searching it each time would be slow.
    :ivar turn: the right to send a request; waiting for it does not count as the vendor's time.
    """

    proxy: str | None
    turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(REQUESTS_AT_ONCE_PER_HOST))


class Shared:
    """
    What all users of one event loop share.

    :ivar accesses: by hook class and connection id.
    :ivar locks: held while a connection is read, by the same keys.
    """

    def __init__(self) -> None:
        self.accesses: dict[tuple[type, str], Access] = {}
        self.locks: defaultdict[tuple[type, str], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._hosts: dict[tuple[str, str], Host] = {}
        self._session: aiohttp.ClientSession | None = None
        self._users = 0

    def host(self, url: str) -> Host:
        """Return the shared state of a URL's host."""
        key = urlsplit(url)[:2]
        if key not in self._hosts:
            self._hosts[key] = Host(proxy_of(url))
        return self._hosts[key]

    @asynccontextmanager
    async def session(self) -> AsyncIterator[aiohttp.ClientSession]:
        """Provide the shared session; it is opened for the first user and closed after the last."""
        if self._session is None:
            self._session = open_session()
        self._users += 1
        session = self._session
        try:
            yield session
        finally:
            self._users -= 1
            if self._users == 0:
                self._session = None
                await session.close()


_SHARED: WeakKeyDictionary[asyncio.AbstractEventLoop, Shared] = WeakKeyDictionary()


def _shared() -> Shared:
    loop = asyncio.get_running_loop()
    if loop not in _SHARED:
        _SHARED[loop] = Shared()
    return _SHARED[loop]


@contextmanager
def connection_errors(conn_id: str) -> Iterator[None]:
    """Raise different errors for a connection that does not exist and one that cannot be read at the moment."""
    try:
        yield
    except AirflowNotFoundException:
        raise ConfigurationError(f"there is no Airflow connection {conn_id!r}") from None
    except AirflowRuntimeError as error:
        raise VendorUnavailable(f"connection {conn_id} cannot be read now: {error.error.error.value}") from error


def _headers(request: Request, credential: Credential | None) -> Mapping[str, str]:
    """Return the headers of a request: these and the session's own."""
    fixed = {"Accept": request.accept, "Accept-Encoding": "gzip"}
    return fixed | dict(request.headers) | dict(credential.headers if credential else {})


def _pause_seconds(attempt: int, retry_after: float | None, limits: Limits) -> float:
    """Return the pause before the next attempt: growing, randomised, and never shorter than the vendor asks."""
    backoff: float = limits.first_pause_seconds * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)  # noqa: S311 (spreads load)
    return max(backoff, retry_after or 0.0)


def _without_secret(raw: RawResponse, credential: Credential | None) -> RawResponse:
    """Remove the secret from an error body that quotes it: the error's text goes into logs and into the database."""
    if credential is None or not credential.secret:
        return raw
    return replace(raw, body=raw.body.replace(credential.secret.encode(), b"***"))
