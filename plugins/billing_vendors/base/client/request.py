"""What is asked of a vendor, as plain values: the same for workers, which block, and for triggers, which await."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar
from urllib.parse import urlencode

from billing.errors import BillingError, PayloadError, VendorRejected, VendorUnavailable
from billing.payloads.response import Response

JSON = "application/json"
CSV = "text/csv"
PDF = "application/pdf"
ANY = "*/*"

_CURSOR_REFUSED = frozenset({400, 404, 410})

_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]*")


@dataclass(frozen=True)
class Request:
    """
    One request.

    :param operation: the vendor's operation and API generation, e.g. ``v3.list_invoices``.
    :param path: from the base URL on, its parts already made safe by :func:`segment`.
    :param params: query parameters, never a secret: they are stored with the response.
    :param accept: the media type wanted; a body in another one is a ``PayloadError``, except for ``*/*``.
    :param accepted: the statuses that are answers; every other one is raised as an error.
    :param form: fields of a form-encoded POST body; never logged, never stored.
    :param base_url: which of the vendor's hosts, where it has several (``api``, ``login``).
    :param signed: send the vendor's credential.
    :param headers: more request headers, e.g. to sign in; never logged, never stored.
    """

    operation: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    accept: str = JSON
    accepted: tuple[int, ...] = (200,)
    method: str = "GET"
    form: Mapping[str, str] | None = field(default=None, repr=False)
    base_url: str = "api"
    signed: bool = True
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def line(self) -> str:
        """Method, path and parameters, as they are stored and shown."""
        query = f"?{urlencode(self.params)}" if self.params else ""
        return f"{self.method} {self.path}{query}"


T = TypeVar("T")

RequestFlow = Generator[Request, Response, T]
"""
Questions that depend on earlier responses: yields a request, is sent its response, returns what came of it.

An error of a request is raised where it was yielded. ``VendorHook.run_flow`` and ``VendorHook.arun_flow`` hold one.
"""


@dataclass(frozen=True)
class FlowResult(Generic[T]):
    """A conversation is over; this came of it."""

    value: T


def next_step(flow: RequestFlow[T], result: Response | BillingError | None) -> Request | FlowResult[T]:
    """
    Take a conversation one step on: to its next request, or to its end.

    :param result: what the last request brought; None at the beginning.
    """
    try:
        if isinstance(result, BillingError):
            return flow.throw(result)
        return next(flow) if result is None else flow.send(result)
    except StopIteration as end:
        return FlowResult(end.value)


def segment(value: str, name: str) -> str:
    """
    Check an identifier that becomes a part of a path.

    :raises PayloadError: it holds a slash, a dot alone or anything else that would lead to another path.
    """
    if not _SEGMENT.fullmatch(value):
        raise PayloadError(f"{name} {ascii(value)[:60]} cannot be part of a path")
    return value


class Pages:
    """
    The requests of one paged read, by cursor.

    :param first: the first request, without a cursor.
    :param cursor_of: reads the next cursor from a response; None or an empty text ends the read.
    :param parameter: the query parameter that carries the cursor.
    :param most: more pages than this are an error: some listings never end.
    :param check: is shown each page and the cursor it names, and raises an error if it does not fit the pages before.
    """

    def __init__(
        self,
        first: Request,
        cursor_of: Callable[[Response], str | None],
        *,
        parameter: str = "cursor",
        most: int = 1000,
        check: Callable[[Response, str | None], None] = lambda _page, _cursor: None,
    ) -> None:
        self._first = first
        self._cursor_of = cursor_of
        self._parameter = parameter
        self._most = most
        self._check = check
        self._seen: set[str] = set()

    @property
    def first(self) -> Request:
        """The question for the first page."""
        return self._first

    def after(self, response: Response) -> Request | None:
        """
        Return the request for the page after this one; None at the end.

        :raises PayloadError: the cursor was used before, or there are too many pages.
        """
        cursor = self._cursor_of(response)
        if cursor in self._seen:
            raise PayloadError(f"{self._first.operation}: page {len(self._seen) + 1} leads back to an earlier page")
        self._check(response, cursor)
        if not cursor:
            return None
        if len(self._seen) + 1 >= self._most:
            raise PayloadError(f"{self._first.operation}: no end after {self._most} pages")
        self._seen.add(cursor)
        return replace(self._first, params={**self._first.params, self._parameter: cursor})


def one_page(pages: Pages, request: Request) -> RequestFlow[Response]:
    """
    Ask for one page.

    :raises VendorUnavailable: the vendor does not take its own cursor any more; a new reading gets new ones.
    """
    try:
        response = yield request
    except VendorRejected as error:
        if request is pages.first or error.status not in _CURSOR_REFUSED:
            raise
        raise VendorUnavailable(
            f"{request.line} answered {error.status}: the vendor no longer takes the cursor that it gave; read anew"
        ) from error
    return response


def all_pages(pages: Pages) -> RequestFlow[tuple[Response, ...]]:
    """Ask for every page; returns them in order."""
    responses: list[Response] = []
    request: Request | None = pages.first
    while request is not None:
        response = yield from one_page(pages, request)
        responses.append(response)
        request = pages.after(response)
    return tuple(responses)
