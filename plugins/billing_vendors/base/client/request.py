"""A request to a vendor, as a plain value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from billing.errors import PayloadError

JSON = "application/json"
CSV = "text/csv"
PDF = "application/pdf"
ANY = "*/*"

_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]*")


@dataclass(frozen=True)
class Request:
    """
    One request.

    :param operation: the vendor's operation and API generation, e.g. ``v3.list_invoices``.
    :param path: from the base URL on, its parts already made safe by :func:`segment`.
    :param params: query parameters, never a secret: they are stored with the response.
    :param cursor: a further query parameter with its name, ``after=abc%3D``: sent as the vendor wrote it.
    :param accept: the media type expected; a body in another one is a ``PayloadError``, except for ``*/*``.
    :param accepted: the statuses that are returned; every other one is raised as an error.
    :param form: fields of a form-encoded POST body; never logged, never stored.
    :param base_url: which of the vendor's hosts, where it has several (``api``, ``login``).
    :param signed: send the vendor's credential.
    :param headers: more request headers, e.g. to sign in; never logged, never stored.
    """

    operation: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    cursor: str = ""
    accept: str = JSON
    accepted: tuple[int, ...] = (200,)
    method: str = "GET"
    form: Mapping[str, str] | None = field(default=None, repr=False)
    base_url: str = "api"
    signed: bool = True
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def line(self) -> str:
        """Method, path and parameters, as stored and shown."""
        return f"{self.method} {self.target}"

    @property
    def target(self) -> str:
        """Path and parameters."""
        query = "&".join(part for part in (urlencode(self.params), self.cursor) if part)
        return f"{self.path}?{query}" if query else self.path


def segment(value: str, name: str) -> str:
    """
    Check an identifier that becomes a part of a path.

    :raises PayloadError: it contains a slash, is only dots, or would lead to another path in any other way.
    """
    if not _SEGMENT.fullmatch(value):
        raise PayloadError(f"{name} {ascii(value)[:60]} cannot be part of a path")
    return value
