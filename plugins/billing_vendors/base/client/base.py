"""What a vendor supplies to be asked, and what is the same for those who block and those who await."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from typing import ClassVar
from urllib.parse import urlencode

from airflow.sdk.exceptions import AirflowNotFoundException, AirflowRuntimeError

from billing.errors import BillingError, ConfigurationError, VendorUnavailable
from billing.payloads.response import Response
from billing_vendors.base.client.connection import ConnectionFields, ConnectionSettings
from billing_vendors.base.client.credentials import Credential
from billing_vendors.base.client.limits import Limits
from billing_vendors.base.client.request import Request, RequestFlow
from billing_vendors.base.client.status_errors import RawResponse, sanitize, status_error, wrong_body

_USER_AGENT = f"tieout/{version('tieout')}"


class VendorClient:
    """
    A vendor's rules: connection, credential, refusals; and the way from what was received to a response.

    :ivar conn_id: the Airflow connection.
    :ivar limits: of time, size and attempts.
    :cvar request_id_headers: answer headers, lower case, that identify a request to the vendor's support.
    :cvar kept_headers: answer headers, lower case, that are stored with the response.
    """

    request_id_headers: ClassVar[tuple[str, ...]] = ("x-request-id",)
    kept_headers: ClassVar[frozenset[str]] = frozenset()

    conn_id: str
    limits: Limits

    # What a vendor supplies.

    @classmethod
    def read_connection(cls, connection: ConnectionFields, extra: object) -> ConnectionSettings:
        """
        Check a connection and say where the vendor is.

        :raises ConfigurationError: a field is missing, unknown or wrong.
        """
        raise NotImplementedError

    def authenticate(self, connection_settings: ConnectionSettings) -> RequestFlow[Credential]:
        """Get a credential: a conversation of unsigned requests, or of none where the connection holds it already."""
        raise NotImplementedError

    def test_request(self) -> Request:
        """Return a cheap request that shows whether the connection works."""
        raise NotImplementedError

    def status_error(self, request: Request, raw: RawResponse) -> BillingError:
        """Return the error for a status that is not accepted; a vendor adds what it knows of its own responses."""
        return status_error(request, raw)

    # How.

    def _line(self, request: Request, raw: RawResponse, started: float) -> str:
        """
        Return the log line of a request: what was asked, never what was answered.

        :param started: when it was sent, monotonic seconds.
        """
        milliseconds = (time.monotonic() - started) * 1000
        request_id = next((raw.headers[n] for n in self.request_id_headers if n in raw.headers), None)
        known_as = f", request id {sanitize(request_id, most=80)}" if request_id else ""
        return (
            f"{sanitize(request.line, most=240)}: {raw.status}, {len(raw.body)} bytes, {milliseconds:.0f} ms{known_as}"
        )

    def _answer(self, request: Request, raw: RawResponse, credential: Credential | None) -> Response:
        if raw.status not in request.accepted:
            raise self.status_error(request, _without_secret(raw, credential))
        if error := wrong_body(request, raw):
            raise error
        return Response(
            operation=request.operation,
            request=request.line,
            status=raw.status,
            media_type=raw.media_type,
            body=raw.body,
            received_at=raw.received_at,
            headers={name: value for name, value in raw.headers.items() if name in self.kept_headers},
        )


def headers_of(request: Request, credential: Credential | None) -> dict[str, str]:
    """Return the headers of a request: these and no others."""
    fixed = {"Accept": request.accept, "Accept-Encoding": "gzip", "User-Agent": _USER_AGENT}
    return fixed | dict(request.headers) | dict(credential.headers if credential else {})


def url_of(connection_settings: ConnectionSettings, request: Request) -> str:
    """Return the whole URL of a request."""
    query = f"?{urlencode(request.params)}" if request.params else ""
    return f"{connection_settings.base_urls[request.base_url]}{request.path}{query}"


def pause_seconds(attempt: int, retry_after: float | None, limits: Limits) -> float:
    """Return the pause before a request is sent again: growing, spread, and never shorter than the vendor asks."""
    backoff: float = limits.first_pause_seconds * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)  # noqa: S311 (spreads load)
    return max(backoff, retry_after or 0.0)


@contextmanager
def connection_errors(conn_id: str) -> Iterator[None]:
    """Return a connection that does not exist from one that cannot be read at this moment."""
    try:
        yield
    except AirflowNotFoundException:
        raise ConfigurationError(f"there is no Airflow connection {conn_id!r}") from None
    except AirflowRuntimeError as error:
        raise VendorUnavailable(f"connection {conn_id} cannot be read now: {error.error.error.value}") from error


def _without_secret(raw: RawResponse, credential: Credential | None) -> RawResponse:
    """Blot the secret out of an error body that quotes it: the error's text goes into logs and into the database."""
    if credential is None or not credential.secret:
        return raw
    return replace(raw, body=raw.body.replace(credential.secret.encode(), b"***"))
