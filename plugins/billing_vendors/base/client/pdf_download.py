"""
Fetch a file behind a link that a vendor gave: a link is a credential, and it leads to a host nobody has vetted.

So nothing of it is logged, stored or put into an error; the vendor's token does not go with it; and it may lead to
a public address only, judged by the address the connection really has, not by a look-up before, which may see another
one. Redirects are followed by hand, each judged like the first link.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urljoin, urlsplit

import requests
from requests.utils import get_environ_proxies, select_proxy
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection

from billing.errors import PayloadError
from billing_vendors.base.client import sync_transport
from billing_vendors.base.client.addresses import Address, is_in_our_network, is_loopback, is_public
from billing_vendors.base.client.connection import is_local, simulator_host
from billing_vendors.base.client.limits import Limits
from billing_vendors.base.client.request import ANY, Request
from billing_vendors.base.client.status_errors import RawResponse, sanitize, status_error

DOCUMENT_LIMITS = Limits(total_seconds=120.0, body_bytes=50 * 1024 * 1024)
_MOST_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# stores of files often serve everything under one of the last two; what it is, its first bytes tell
_PDF_TYPES = frozenset({"application/pdf", "application/octet-stream", "binary/octet-stream"})
_PDF_MAGIC = b"%PDF-"
_NETWORK_LOGGERS = ("urllib3.connectionpool", "urllib3.util.retry")


def fetch_pdf(link: str, link_request: str, *, local: bool = False, limits: Limits = DOCUMENT_LIMITS) -> bytes:
    """
    Fetch the PDF behind a link, at once and once.

    :param link: absolute; https, or http to this machine if ``local``.
    :param link_request: how the link was come by, for messages: ``GET /…/document``.
    :param local: the vendor itself is on this machine, or is the simulator: a link to such a place is fine.
    :raises VendorUnavailable: no connection, a time-out, 429 or 5xx.
    :raises VendorRejected: the link is refused, e.g. expired.
    :raises PayloadError: the link leads where it must not, or to something that is not a PDF, or is too large.
    """
    method, _, path = link_request.partition(" ")
    request = Request(operation="document", path=f"{path}, the file behind it", accept=ANY, method=method)
    raw = _follow(link, request, local, limits)
    if raw.status != 200:
        raise status_error(request, raw)
    if raw.media_type not in _PDF_TYPES or not raw.body.startswith(_PDF_MAGIC):
        kind = sanitize(raw.media_type or "no media type", most=60)
        raise PayloadError(f"{request.line} is not a PDF: {kind}, {len(raw.body)} bytes")
    return raw.body


def _follow(link: str, request: Request, local: bool, limits: Limits) -> RawResponse:
    with _session(request, local) as session, _unlogged():
        for _ in range(_MOST_REDIRECTS + 1):
            _check_link(link, request, local)
            raw = sync_transport.exchange(session, link, request, {"Accept": "application/pdf"}, limits)
            if raw.status not in _REDIRECTS:
                return raw
            link = urljoin(link, raw.headers.get("location", ""))
    raise PayloadError(f"{request.line} was redirected more than {_MOST_REDIRECTS} times")


def _check_link(link: str, request: Request, local: bool) -> None:
    """Refuse what can be refused without a look-up; the address is judged once it is known."""
    try:
        parts = urlsplit(link)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise PayloadError(f"{request.line}: the link is not a URL") from None
    if not host or parts.scheme not in {"https", "http"} or parts.username is not None:
        raise PayloadError(f"{request.line}: the link is not a plain https URL")
    if parts.scheme == "http" and not (local and is_local(host)):
        raise PayloadError(f"{request.line}: the link is not https")
    try:
        _judge(ipaddress.ip_address(host), request, local)
    except ValueError:
        if select_proxy(link, get_environ_proxies(link)):
            for address in _addresses_of(host):
                _judge(address, request, local)


def _addresses_of(host: str) -> Iterator[Address]:
    """Return what a name stands for as seen from here; nothing where only the proxy can tell."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return
    for *_, place in found:
        yield ipaddress.ip_address(str(place[0]).partition("%")[0])


def _judge(address: Address, request: Request, local: bool) -> None:
    ours = is_loopback(address) or (simulator_host() and is_in_our_network(address))
    if not is_public(address) and not (local and ours):
        raise PayloadError(f"{request.line}: the link leads into a private network")


@contextmanager
def _session(request: Request, local: bool) -> Iterator[requests.Session]:
    """Open a session that carries no credential and drops a connection to a private address before it speaks."""

    def judge(peer: str) -> None:
        _judge(ipaddress.ip_address(peer.partition("%")[0]), request, local)

    with sync_transport.open_session() as session:
        for scheme in ("https://", "http://"):
            session.mount(scheme, _JudgingAdapter(judge))
        yield session


class _JudgingAdapter(sync_transport.CuttableAdapter):
    """
    Shows each connection's real address to ``judge`` before a byte is sent.

    Through the environment's proxy the address is the proxy's to know: then the link's name is judged before by what
    it stands for here, and the proxy must not reach into a private network for us.
    """

    def __init__(self, judge: Callable[[str], None]) -> None:
        self._judge = judge
        super().__init__()

    def _pools(self) -> dict[str, type[HTTPConnectionPool]]:
        return {scheme: self._judged(pool) for scheme, pool in super()._pools().items()}

    def _judged(self, pool: type[HTTPConnectionPool]) -> type[HTTPConnectionPool]:
        members = {"judge": staticmethod(self._judge)}
        connection = type("JudgedConnection", (_JudgedConnection, pool.ConnectionCls), members)
        return type("JudgedPool", (pool,), {"ConnectionCls": connection})


class _JudgedConnection(HTTPConnection):
    """Put in front of the plain and of the encrypted connection: closes what leads to a wrong address."""

    judge: Callable[[str], None]

    def _new_conn(self) -> socket.socket:
        opened = super()._new_conn()
        if self.proxy is None:
            try:
                self.judge(opened.getpeername()[0])
            except BaseException:
                opened.close()
                raise
        return opened


@contextmanager
def _unlogged() -> Iterator[None]:
    """Keep this thread's network libraries quiet: at level DEBUG they log the path with its signature."""
    thread = threading.get_ident()

    def keep(record: logging.LogRecord) -> bool:
        return record.thread != thread

    loggers = [logging.getLogger(name) for name in _NETWORK_LOGGERS]
    for logger in loggers:
        logger.addFilter(keep)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(keep)
