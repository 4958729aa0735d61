"""The vendors' common hook: reads the connection, asks, and turns what comes back into a response or an error."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count
from types import TracebackType
from typing import Any, NoReturn, Self, TypeVar

import requests
from airflow.providers.http.hooks.http import HttpHook
from airflow.sdk.log import mask_secret

from billing.errors import BillingError, VendorUnavailable
from billing.payloads.response import Response
from billing_vendors.base.client import sync_transport
from billing_vendors.base.client.async_client import AsyncVendorClient
from billing_vendors.base.client.base import connection_errors, headers_of, pause_seconds, url_of
from billing_vendors.base.client.connection import ConnectionSettings
from billing_vendors.base.client.credentials import Credential, CredentialCache
from billing_vendors.base.client.limits import Limits
from billing_vendors.base.client.request import Pages, Request, RequestFlow, next_step, one_page
from billing_vendors.base.client.status_errors import RawResponse

_SENT_AGAIN = frozenset({None, 429, 502, 503, 504})  # None: the connection broke

T = TypeVar("T")


class VendorHook(AsyncVendorClient, HttpHook):
    """
    Ask one vendor, by one Airflow connection.

    Building a hook makes no call and reads no connection. ``send`` and ``run_flow`` block and are for workers;
    ``asend``
    and
    ``arun_flow`` await and are for triggers; all obey the same rules. As a context manager a hook keeps its line to the
    vendor open between questions.

    :param conn_id: the Airflow connection.
    :param limits: of time, size and attempts.
    """

    conn_name_attr = "conn_id"

    def __init__(self, conn_id: str, *, limits: Limits | None = None) -> None:
        super().__init__(method="GET", http_conn_id=conn_id, tcp_keep_alive=False)
        self.conn_id = conn_id
        self.limits = limits or Limits()
        self._connection_settings: ConnectionSettings | None = None
        self._credentials = CredentialCache()
        self._session: requests.Session | None = None

    # For workers.

    def send(self, request: Request) -> Response:
        """
        Ask; a GET is sent again a few times if the vendor is busy or the connection breaks.

        :raises BillingError: what the refusal means, see :mod:`billing.errors`.
        """
        for attempt in count(1):
            try:
                return self._send_once(request)
            except VendorUnavailable as error:
                if request.method != "GET" or attempt >= self.limits.attempts or error.status not in _SENT_AGAIN:
                    raise
                pause = pause_seconds(attempt, error.retry_after, self.limits)
                if pause > self.limits.longest_pause_seconds:
                    raise
                self.log.info("%s; asking again in %.1f s", error, pause)
                time.sleep(pause)
        raise AssertionError("unreachable")

    def run_flow(self, flow: RequestFlow[T]) -> T:
        """Hold a conversation: ask its requests in turn; returns what came of it."""
        request = next_step(flow, None)
        while isinstance(request, Request):
            result: Response | BillingError
            try:
                result = self.send(request)
            except BillingError as error:
                result = error
            request = next_step(flow, result)
        return request.value

    def turn_pages(self, pages: Pages) -> Iterator[Response]:
        """Yield each page as it arrives; the next one is asked for when the caller wants it."""
        request: Request | None = pages.first
        while request is not None:
            response = self.run_flow(one_page(pages, request))
            yield response
            request = pages.after(response)

    # For Airflow.

    def test_connection(self) -> tuple[bool, str]:
        """Ask the vendor one cheap request; says what it answered. For the button in Airflow's connection form."""
        self.limits = Limits(attempts=1, total_seconds=30)
        try:
            response = self.send(self.test_request())
        except BillingError as error:
            # Airflow tests what is in the form under a name that it has just made up
            return False, str(error).replace(f"connection {self.conn_id}", "this connection")
        return True, f"{response.request} answered {response.status}"

    def get_conn(self, headers: Any = None, extra_options: Any = None) -> requests.Session:  # noqa: ANN401, ARG002 (HttpHook's signature)
        """Open a session. It carries nothing of the connection: the stock hook sends its extra as headers."""
        return sync_transport.open_session()

    def run(self, *args: Any, **kwargs: Any) -> NoReturn:  # noqa: ANN401, ARG002 (HttpHook's signature)
        """Refuse: the stock way logs whole bodies, has no time-out and follows redirects with the token."""
        raise TypeError(f"{type(self).__name__} asks with ask(question), not with run()")

    def __enter__(self) -> Self:
        self._session = self.get_conn()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    # How.

    def _send_once(self, request: Request) -> Response:
        connection_settings = self.connection_settings()
        credential = self._credential(connection_settings) if request.signed else None
        raw = self._exchange(connection_settings, request, credential)
        if raw.status == 401 and credential and self._credentials.invalidate(credential):
            credential = self._credential(connection_settings)
            raw = self._exchange(connection_settings, request, credential)
        return self._answer(request, raw, credential)

    def connection_settings(self) -> ConnectionSettings:
        """Read and check the connection, once per hook; for workers."""
        if self._connection_settings is None:
            with connection_errors(self.conn_id):
                connection = self.get_connection(self.conn_id)
            self._connection_settings = self.read_connection(connection, connection.extra_dejson)
        return self._connection_settings

    def _credential(self, connection_settings: ConnectionSettings) -> Credential:
        if (credential := self._credentials.get()) is None:
            credential = self._credentials.store(self.run_flow(self.authenticate(connection_settings)))
            if credential.secret != connection_settings.password:  # that one Airflow has masked
                mask_secret(credential.secret)
        return credential

    def _exchange(
        self, connection_settings: ConnectionSettings, request: Request, credential: Credential | None
    ) -> RawResponse:
        started = time.monotonic()
        session = self._session or self.get_conn()
        try:
            headers = headers_of(request, credential)
            raw = sync_transport.exchange(session, url_of(connection_settings, request), request, headers, self.limits)
        finally:
            if session is not self._session:
                session.close()
        self.log.info("%s", self._line(request, raw, started))
        return raw
