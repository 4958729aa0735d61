"""One blocking HTTP exchange with ``requests``: bounded in time and size, no redirect, no cookie, no .netrc."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from billing.errors import BillingError, PayloadError, VendorUnavailable
from billing_vendors.base.client.deadline import WATCH
from billing_vendors.base.client.limits import CHUNK_BYTES, Limits, check_length
from billing_vendors.base.client.request import Request
from billing_vendors.base.client.status_errors import RawResponse

_DECODED = {"", "identity", "gzip", "deflate"}


def open_session() -> requests.Session:
    """
    Create a session that sends what it is told and nothing else.

    Proxies and certificate bundles come from the environment as usual; a ``.netrc`` is not read.
    """
    session = _Session()
    session.auth = _leave_as_is
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        session.mount(scheme, CuttableAdapter())
    return session


def exchange(
    session: requests.Session, url: str, request: Request, headers: Mapping[str, str], limits: Limits
) -> RawResponse:
    """
    Send one request and read the whole response.

    :raises VendorUnavailable: no connection, a broken one, or a time-out; the message holds no URL.
    :raises PayloadError: the body is too large or cannot be decompressed.
    """
    adapter, cut = _adapter(session, url), threading.Event()

    def cut_off() -> None:
        cut.set()
        adapter.cut()

    failure: BillingError | None
    try:
        # a read time-out alone starts again with every byte
        with WATCH.within(limits.total_seconds, cut_off):
            response = session.request(
                request.method,
                url,
                headers=dict(headers),
                data=request.form,
                timeout=(limits.connect_seconds, limits.read_seconds),
                allow_redirects=False,
                stream=True,
            )
            with response:
                body = _read(response, limits, request)
        failure = _too_slow(request, limits) if cut.is_set() else None  # a body of no declared length just ends
    except requests.RequestException as error:
        if cut.is_set():
            failure = _too_slow(request, limits)
        elif isinstance(error, requests.exceptions.ContentDecodingError):
            failure = PayloadError(f"{request.line} answered with a body that cannot be decompressed")
        else:
            failure = VendorUnavailable(f"{request.line} failed: {reason(error)}")
    if failure is not None:
        # out here, so that the library's error is not its context: that quotes the whole URL, signature and all
        raise failure
    return RawResponse(
        status=response.status_code,
        headers={name.lower(): value for name, value in response.headers.items()},
        body=body,
        received_at=datetime.now(UTC),
    )


def reason(error: BaseException) -> str:
    """Say what broke a connection: class names and the system's own words, never a URL."""
    root = error
    while True:
        inner = root.__cause__ or root.__context__ or next((a for a in root.args if isinstance(a, Exception)), None)
        if inner is None:
            break
        root = inner
    words = f" ({root.strerror})" if isinstance(root, OSError) and root.strerror else ""
    names = type(error).__name__ if root is error else f"{type(error).__name__}, {type(root).__name__}"
    return names + words


def check_encoding(encoding: str | None, request: Request) -> None:
    """
    Refuse a compression that was not offered: its bytes would be kept as if they were the body.

    :raises PayloadError: names the request.
    """
    if (encoding or "").strip().lower() not in _DECODED:
        raise PayloadError(f"{request.line} answered in a compression that was not asked for")


def _read(response: requests.Response, limits: Limits, request: Request) -> bytes:
    check_encoding(response.headers.get("Content-Encoding"), request)
    body = bytearray()
    for chunk in response.iter_content(CHUNK_BYTES):
        body += chunk
        check_length(len(body), limits, request.line)
    return bytes(body)


def _leave_as_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _too_slow(request: Request, limits: Limits) -> VendorUnavailable:
    return VendorUnavailable(f"{request.line} was not finished after {limits.total_seconds:g} s")


def _adapter(session: requests.Session, url: str) -> CuttableAdapter:
    adapter = session.get_adapter(url)
    if not isinstance(adapter, CuttableAdapter):
        raise TypeError("the session must come from open_session()")
    return adapter


class _Session(requests.Session):
    """Looks for proxies and certificate bundles once for each host: the environment holds some hundred names."""

    def __init__(self) -> None:
        super().__init__()
        self._settings: dict[tuple[Any, ...], Any] = {}

    def merge_environment_settings(self, url: Any, *given: Any) -> Any:  # noqa: ANN401 (requests' own signature)
        """Return what the environment says of a host, as it was at the session's first request to it."""
        key = (*urlsplit(url)[:2], *map(str, given))
        if key not in self._settings:
            self._settings[key] = super().merge_environment_settings(url, *given)
        return self._settings[key]


class CuttableAdapter(HTTPAdapter):
    """Knows the open sockets of its connections, so that another thread can end them."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        super().__init__(pool_connections=4, pool_maxsize=1, max_retries=0)

    def cut(self) -> None:
        """End every connection; a thread that reads from one sees its end."""
        for opened in list(self._sockets):
            try:
                socket.socket.shutdown(opened, socket.SHUT_RDWR)
            except OSError:
                continue  # closed long since

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (requests' own signature)
        """Create pools whose connections tell this adapter about their sockets."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools()

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 (requests' own signature)
        """The same for connections through a proxy."""
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = self._pools()
        return manager

    def _pools(self) -> dict[str, type[HTTPConnectionPool]]:
        sockets = self._sockets

        def remember(connection: HTTPConnection) -> None:
            sockets[:] = [opened for opened in sockets if opened.fileno() != -1]
            if connection.sock is not None:
                sockets.append(connection.sock)

        class Plain(HTTPConnection):
            def connect(self) -> None:
                super().connect()
                remember(self)

        class Secure(HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                remember(self)

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        return {"http": PlainPool, "https": SecurePool}
