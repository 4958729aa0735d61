"""
Download a file by a link that a vendor sent: the link is a credential, and its host is not known in advance.

So no part of it is logged, stored or put into an error; the vendor's token is not sent; and it may lead to a public
address only. The address that the connection uses is checked, not one looked up before, which may differ. Redirects
are followed here, each checked like the first link.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from contextlib import suppress
from functools import partial
from urllib.parse import urljoin, urlsplit

from aiohttp import AddrInfoType

from billing.errors import BrokenResponse, PayloadError, VendorRejected
from billing_vendors.base.client.addresses import Address, is_in_our_network, is_loopback, is_public
from billing_vendors.base.client.connection import is_local, simulator_host
from billing_vendors.base.client.request import ANY, Request
from billing_vendors.base.client.status_errors import RawResponse, sanitize, status_error
from billing_vendors.base.client.transport import Limits, exchange, open_session, proxy_of

DOCUMENT_LIMITS = Limits(total_seconds=120.0, body_bytes=50 * 1024 * 1024)
_MAX_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# object stores often use one of the last two for every file; the first bytes show the format
_PDF_TYPES = frozenset({"application/pdf", "application/octet-stream", "binary/octet-stream"})
_PDF_MAGIC = b"%PDF-"
_HEADERS = {"Accept": "application/pdf", "Accept-Encoding": "gzip"}


class LinkRejected(VendorRejected):
    """A link that is refused, unlike the request for it: another link may work."""


async def fetch_pdf(link: str, link_request: str, local: bool = False, limits: Limits = DOCUMENT_LIMITS) -> bytes:
    """
    Download the PDF of a link, once.

    :param link: absolute; https, or http to this machine if ``local``.
    :param link_request: where the link came from, for messages: ``GET /…/document``.
    :param local: the vendor is on this machine, or is the simulator: a link to it is allowed.
    :raises VendorUnavailable: no connection, a time-out, 429 or 5xx.
    :raises LinkRejected: the link is refused, e.g. expired.
    :raises BrokenResponse: its file is not a PDF.
    :raises PayloadError: the link points to a forbidden address, or its file is too large.
    """
    method, _, path = link_request.partition(" ")
    request = Request(operation="document", path=f"{path}, the file behind it", accept=ANY, method=method)
    raw = await _follow(link, request, local, limits)
    if 400 <= raw.status < 500 and isinstance(error := status_error(request, raw), VendorRejected):
        raise LinkRejected(str(error), status=error.status)
    if raw.status != 200:
        raise status_error(request, raw)
    if raw.media_type not in _PDF_TYPES or not raw.body.startswith(_PDF_MAGIC):
        kind = sanitize(raw.media_type or "no media type", most=60)
        raise BrokenResponse(f"{request.line} is not a PDF: {kind}, {len(raw.body)} bytes")
    return raw.body


async def _follow(link: str, request: Request, local: bool, limits: Limits) -> RawResponse:
    for _ in range(_MAX_REDIRECTS + 1):
        host, proxy = _checked_host(link, request, local), proxy_of(link)
        for address in await _known_addresses(host, behind_proxy=proxy is not None):
            _check_address(address, request, local)
        # a session for each link: behind a proxy the address to check is not the one connected to
        socket_factory = None if proxy else partial(_checked_socket, request=request, local=local)
        async with open_session(socket_factory) as session:
            raw = await exchange(session, link, proxy, request, _HEADERS, limits)
        if raw.status not in _REDIRECTS:
            return raw
        link = urljoin(link, raw.headers.get("location", ""))
    raise PayloadError(f"{request.line} was redirected more than {_MAX_REDIRECTS} times")


def _checked_host(link: str, request: Request, local: bool) -> str:
    """Return the host of a link; check what can be checked without its address."""
    try:
        parts = urlsplit(link)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise PayloadError(f"{request.line}: the link is not a URL") from None
    if not host or parts.scheme not in {"https", "http"} or parts.username is not None:
        raise PayloadError(f"{request.line}: the link is not a plain https URL")
    if parts.scheme == "http" and not (local and is_local(host)):
        raise PayloadError(f"{request.line}: the link is not https")
    return host


async def _known_addresses(host: str, *, behind_proxy: bool) -> list[Address]:
    """
    Return the addresses of a host that can be checked before connecting.

    An address is its own result, in unusual notation too: ``127.1`` and ``2130706433`` are ``127.0.0.1``. A name is
    looked up here only for a proxy, which must not reach a private network for us; its own look-up may differ.
    """
    with suppress(ValueError):
        return [ipaddress.ip_address(host)]
    with suppress(OSError, ValueError):
        return [ipaddress.ip_address(socket.inet_aton(host))]
    if not behind_proxy:
        return []
    with suppress(OSError):  # a name that only the proxy can resolve
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
        return [_address(place) for *_, place in found]
    return []


def _checked_socket(connects_to: AddrInfoType, *, request: Request, local: bool) -> socket.socket:
    """Create the socket of a connection; raise an error before it connects to a private address."""
    family, kind, protocol, _, place = connects_to
    _check_address(_address(place), request, local)
    return socket.socket(family, kind, protocol)


def _address(place: tuple[object, ...]) -> Address:
    return ipaddress.ip_address(str(place[0]).partition("%")[0])


def _check_address(address: Address, request: Request, local: bool) -> None:
    ours = is_loopback(address) or (simulator_host() and is_in_our_network(address))
    if not is_public(address) and not (local and ours):
        raise PayloadError(f"{request.line}: the link points to a private network")
