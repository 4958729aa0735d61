"""One vendor response as received: every row is derived from one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from billing.errors import PayloadError
from billing.payloads import exact_json
from billing.payloads.unstorable import place_of_unstorable


@dataclass(frozen=True)
class Response:
    """
    A successful HTTP response of a vendor.

    :param operation: the vendor's operation and API generation, e.g. ``v3.list_invoices``; parsers choose by it.
    :param request: method, path and parameters, e.g. ``GET /billing/v3/invoices?limit=200``; never a secret.
    :param status: HTTP status.
    :param media_type: of the body, lower case, without parameters.
    :param headers: the few response headers worth keeping (correlation id, rate limit), names in lower case.
    :param body: the bytes after content decoding.
    :param received_at: UTC.
    """

    operation: str
    request: str
    status: int
    media_type: str
    body: bytes
    received_at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def sha256(self) -> bytes:
        """Hash of the body, 32 bytes: the key under which the body is stored."""
        return hashlib.sha256(self.body).digest()

    @cached_property
    def parsed(self) -> Any:  # noqa: ANN401 (as json)
        """The body as exact JSON, parsed once: a fetch reads a page several times."""
        return self.json()

    def json(self) -> Any:  # noqa: ANN401 (JSON is any of six types; the parser that asked narrows it)
        """
        Read the body as exact JSON.

        :raises PayloadError: names the request as well as what is wrong with the body.
        """
        try:
            return exact_json.loads(self.body)
        except PayloadError as error:
            place = place_of_unstorable(self.body)
            where = f"; it is in {place}, and a retry is useless" if place else ""
            raise PayloadError(f"{self.request}: {error}{where}") from error

    def json_object(self) -> dict[str, Any]:
        """
        Read the body as one JSON object.

        :raises PayloadError: the body is not JSON, or is another JSON type.
        """
        value = self.json()
        if not isinstance(value, dict):
            raise PayloadError(f"{self.request}: expected a JSON object, found {type(value).__name__}")
        return value
