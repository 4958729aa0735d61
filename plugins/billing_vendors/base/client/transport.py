"""
One HTTP exchange with ``aiohttp``: bounded in time and size, no redirect, no cookie, no .netrc.

Proxies and certificate bundles come from the environment, as they do for ``requests``.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import aiohttp
import certifi
from requests.utils import get_environ_proxies, prepend_scheme_if_needed, select_proxy
from yarl import URL

from billing.errors import BillingError, PayloadError, VendorUnavailable
from billing_vendors.base.client.content_coding import decode
from billing_vendors.base.client.request import Request
from billing_vendors.base.client.status_errors import RawResponse

_CHUNK_BYTES = 64 * 1024
_USER_AGENT = {"User-Agent": f"tieout/{version('tieout')}"}


@dataclass(frozen=True)
class Limits:
    """
    Limits of one request.

    :param connect_seconds: to reach the host.
    :param read_seconds: longest silence between two pieces of the response.
    :param total_seconds: from sending to the last byte, even if bytes keep arriving.
    :param body_bytes: largest body, counted after decompression.
    :param attempts: how often a GET is sent in total if the vendor responds 429, 502, 503, 504 or the connection
        breaks; 1 = no retry here.
    :param longest_pause_seconds: a longer ``Retry-After`` is left to Airflow's retries.
    :param first_pause_seconds: the pause after the first failure; doubled with each further one.
    """

    connect_seconds: float = 10.0
    read_seconds: float = 60.0
    total_seconds: float = 180.0
    body_bytes: int = 64 * 1024 * 1024
    attempts: int = 4
    longest_pause_seconds: float = 120.0
    first_pause_seconds: float = 1.0


def open_session(socket_factory: aiohttp.SocketFactoryType | None = None) -> aiohttp.ClientSession:
    """
    Create a session without cookies, .netrc or authentication from the environment.

    :param socket_factory: creates the socket to a host; receives the address that the socket will connect to.
    """
    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or certifi.where()
    connector = aiohttp.TCPConnector(
        limit=0,
        ssl=_trusted(bundle, Path(bundle).stat().st_mtime_ns),
        resolver=aiohttp.ThreadedResolver(),
        happy_eyeballs_delay=None if socket_factory else 0.25,
        socket_factory=socket_factory,
    )
    return aiohttp.ClientSession(
        connector=connector,
        headers=_USER_AGENT,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        middlewares=(_send_no_request_twice,),
    )


@lru_cache(maxsize=4)  # reading a bundle takes 20 ms, and each document has a session of its own
def _trusted(bundle: str, _changed_at: int) -> ssl.SSLContext:
    """Return a context that trusts the certificates of a file or folder."""
    folder = Path(bundle).is_dir()
    return ssl.create_default_context(cafile=None if folder else bundle, capath=bundle if folder else None)


def proxy_of(url: str) -> str | None:
    """Return the proxy from the environment for a URL."""
    proxy = select_proxy(url, get_environ_proxies(url))
    return prepend_scheme_if_needed(proxy, "http") if proxy else None


async def exchange(
    session: aiohttp.ClientSession,
    url: str,
    proxy: str | None,
    request: Request,
    headers: Mapping[str, str],
    limits: Limits,
) -> RawResponse:
    """
    Send one request and read the whole response.

    :param proxy: see :func:`proxy_of`.
    :raises VendorUnavailable: no connection, a broken one, or a time-out; the message contains no URL.
    :raises PayloadError: the body is too large or cannot be decoded, or the URL is not valid.
    """
    silence = aiohttp.ClientTimeout(total=None, sock_connect=limits.connect_seconds, sock_read=limits.read_seconds)
    deadline = asyncio.timeout(limits.total_seconds)
    failure: BillingError
    try:
        async with (
            deadline,
            session.request(
                request.method,
                URL(url, encoded=True),
                headers=headers,
                data=request.form,
                timeout=silence,
                allow_redirects=False,
                proxy=proxy,
                proxy_headers=_USER_AGENT,
            ) as response,
        ):
            return RawResponse(
                status=response.status,
                headers={name.lower(): value for name, value in response.headers.items()},
                body=await _read(response, limits, request),
                received_at=datetime.now(UTC),
            )
    except (aiohttp.ClientError, OSError) as error:  # among them every time-out
        failure = _failure(error, request, limits, too_late=deadline.expired())
    # raised here, so that the library's error, which quotes the whole signed URL, is not its __context__
    raise failure


async def _read(response: aiohttp.ClientResponse, limits: Limits, request: Request) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        body += chunk
        if len(body) > limits.body_bytes:
            raise PayloadError(f"{request.line} answered with more than {limits.body_bytes} bytes")
    codings = ",".join(response.headers.getall("Content-Encoding", []))
    try:
        return decode(bytes(body), codings, limits.body_bytes, request.line)
    except PayloadError:
        if response.status < 400:
            raise
        return b""  # the status alone says what is wrong


def _failure(error: Exception, request: Request, limits: Limits, *, too_late: bool) -> BillingError:
    root = _root(error)
    if not isinstance(root, Exception):  # Airflow's task time-out, raised by its signal while aiohttp read
        raise root
    if too_late:
        return VendorUnavailable(f"{request.line} did not finish within {limits.total_seconds:g} s")
    if isinstance(error, aiohttp.InvalidURL):
        return PayloadError(f"{request.line} was not sent: its URL is not valid")
    words = f" ({root.strerror})" if isinstance(root, OSError) and root.strerror else ""
    names = type(error).__name__ if root is error else f"{type(error).__name__}, {type(root).__name__}"
    return VendorUnavailable(
        f"{request.line} failed: {names}{words}"
    )  # class names and the system's error text: no URL


def _root(error: BaseException) -> BaseException:
    """Return the root cause of an error; a time-out stops before its cancellation, which says nothing more."""
    inner = error.__cause__ or error.__context__
    return error if inner is None or isinstance(inner, asyncio.CancelledError) else _root(inner)


async def _send_no_request_twice(
    request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Raise a broken connection as an error for which aiohttp does not resend the request by itself."""
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientConnectionError from error
