"""The base hook of all vendors: Airflow's interface to the one HTTP client, for blocking code."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from types import TracebackType
from typing import Any, NoReturn, Self, TypeVar

from airflow.providers.http.hooks.http import HttpHook

from billing.errors import BillingError
from billing.payloads.response import Response
from billing_vendors.base.client.client import Access, VendorClient, connection_errors
from billing_vendors.base.client.connection import ConnectionSettings
from billing_vendors.base.client.paging import Paging
from billing_vendors.base.client.request import Request
from billing_vendors.base.client.transport import Limits

T = TypeVar("T")


class VendorHook(VendorClient, HttpHook):
    """
    Send requests to one vendor, by one Airflow connection.

    Building a hook makes no call and reads no connection. Workers call ``send``, which runs ``asend`` to its end;
    triggers await ``asend``. As a context manager (``with`` in workers, ``async with`` in triggers) a hook keeps its
    connections to the vendor open between requests.

    :param conn_id: the Airflow connection.
    :param limits: of time, size and attempts.
    """

    conn_name_attr = "conn_id"

    def __init__(self, conn_id: str, *, limits: Limits | None = None) -> None:
        super().__init__(method="GET", http_conn_id=conn_id, tcp_keep_alive=False)
        self.conn_id = conn_id
        self.limits = limits or Limits()
        self._runner: asyncio.Runner | None = None
        self._interrupt: BaseException | None = None

    # For workers.

    def send(self, request: Request) -> Response:
        """
        Send a request, see :meth:`VendorClient.asend`.

        :raises BillingError: by the kind of failure, see :mod:`billing.errors`.
        """
        return self.call(self.asend, request)

    def list_pages(self, paging: Paging) -> Iterator[Response]:
        """Yield each page as it arrives; the next one is requested when the caller asks for it."""
        while paging.request is not None:
            page = self.call(self.aget_page, paging)
            yield page
            paging.advance(page)
        self.call(self.aconfirm, paging)

    def connection_settings(self) -> ConnectionSettings:
        """Read and check the connection, once per hook."""
        if self._access is None:
            with connection_errors(self.conn_id):
                connection = self.get_connection(self.conn_id)
            self._access = Access(self.read_connection(connection, connection.extra_dejson))
        return self._access.settings

    def call(self, function: Callable[..., Coroutine[Any, Any, T]], *arguments: object) -> T:
        """
        Run a coroutine function to its end, on the hook's own event loop.

        The connection is read first: Airflow's asynchronous access needs a thread that a fork may have lost.
        """
        self.connection_settings()
        if self._runner is None:
            with self:
                return self.call(function, *arguments)
        try:
            return self._runner.get_loop().run_until_complete(function(*arguments))
        except RuntimeError:
            if self._interrupt is not None:
                raise self._interrupt from None
            raise

    def __enter__(self) -> Self:
        self._runner, self._interrupt = asyncio.Runner(), None
        self._runner.get_loop().set_exception_handler(self._stop_if_interrupted)
        self._runner.get_loop().run_until_complete(self.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            with self._runner as runner:
                self._runner = None
                runner.get_loop().run_until_complete(self.__aexit__())

    def _stop_if_interrupted(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Stop at Airflow's task time-out: its signal may come in a callback of the loop, which would only log it."""
        error = context.get("exception")
        if error is None or isinstance(error, Exception):
            loop.default_exception_handler(context)
        else:
            self._interrupt = error
            loop.stop()

    # For Airflow.

    def test_connection(self) -> tuple[bool, str]:
        """Send one cheap request and return whether it worked, for the Test button of Airflow's connection form."""
        self.limits = Limits(attempts=1, total_seconds=30)
        try:
            response = self.send(self.test_request())
        except BillingError as error:
            # Airflow tests the form's values under a temporary connection id
            return False, str(error).replace(f"connection {self.conn_id}", "this connection")
        return True, f"{response.request} answered {response.status}"

    def get_conn(self, headers: Any = None, extra_options: Any = None) -> NoReturn:  # noqa: ANN401, ARG002 (HttpHook's signature)
        """Raise an error: the stock session sends the connection's extra as headers."""
        raise TypeError(f"{type(self).__name__} does not provide a session; call send(request)")

    def run(self, *args: Any, **kwargs: Any) -> NoReturn:  # noqa: ANN401, ARG002 (HttpHook's signature)
        """Raise an error: the stock method logs whole bodies, has no time-out and follows redirects with the token."""
        raise TypeError(f"{type(self).__name__} has no run(); call send(request)")
