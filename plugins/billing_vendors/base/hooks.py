"""The vendors' common hook: reads the connection, asks, and turns what comes back into an answer or an error."""

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
from billing.payloads.response import Answer
from billing_vendors.base.client import sync_transport
from billing_vendors.base.client.async_client import AwaitedAsking
from billing_vendors.base.client.base import connection_errors, headers_of, pause_seconds, url_of
from billing_vendors.base.client.connection import Access
from billing_vendors.base.client.credentials import Credential, Keeper
from billing_vendors.base.client.limits import Limits
from billing_vendors.base.client.request import Conversation, Pages, Question, one_page, step
from billing_vendors.base.client.status_errors import Received

_SENT_AGAIN = frozenset({None, 429, 502, 503, 504})  # None: the connection broke

T = TypeVar("T")


class VendorHook(AwaitedAsking, HttpHook):
    """
    Ask one vendor, by one Airflow connection.

    Building a hook makes no call and reads no connection. ``ask`` and ``hold`` block and are for workers; ``aask`` and
    ``ahold`` await and are for triggers; all obey the same rules. As a context manager a hook keeps its line to the
    vendor open between questions.

    :param conn_id: the Airflow connection.
    :param limits: of time, size and attempts.
    """

    conn_name_attr = "conn_id"

    def __init__(self, conn_id: str, *, limits: Limits | None = None) -> None:
        super().__init__(method="GET", http_conn_id=conn_id, tcp_keep_alive=False)
        self.conn_id = conn_id
        self.limits = limits or Limits()
        self._access: Access | None = None
        self._keeper = Keeper()
        self._session: requests.Session | None = None

    # For workers.

    def ask(self, question: Question) -> Answer:
        """
        Ask; a GET is sent again a few times if the vendor is busy or the connection breaks.

        :raises BillingError: what the refusal means, see :mod:`billing.errors`.
        """
        for attempt in count(1):
            try:
                return self._ask_once(question)
            except VendorUnavailable as error:
                if question.method != "GET" or attempt >= self.limits.attempts or error.status not in _SENT_AGAIN:
                    raise
                pause = pause_seconds(attempt, error.retry_after, self.limits)
                if pause > self.limits.longest_pause_seconds:
                    raise
                self.log.info("%s; asking again in %.1f s", error, pause)
                time.sleep(pause)
        raise AssertionError("unreachable")

    def hold(self, conversation: Conversation[T]) -> T:
        """Hold a conversation: ask its questions in turn; returns what came of it."""
        question = step(conversation, None)
        while isinstance(question, Question):
            heard: Answer | BillingError
            try:
                heard = self.ask(question)
            except BillingError as error:
                heard = error
            question = step(conversation, heard)
        return question.value

    def turn_pages(self, pages: Pages) -> Iterator[Answer]:
        """Yield each page as it arrives; the next one is asked for when the caller wants it."""
        question: Question | None = pages.first
        while question is not None:
            answer = self.hold(one_page(pages, question))
            yield answer
            question = pages.after(answer)

    # For Airflow.

    def test_connection(self) -> tuple[bool, str]:
        """Ask the vendor one cheap question; says what it answered. For the button in Airflow's connection form."""
        self.limits = Limits(attempts=1, total_seconds=30)
        try:
            answer = self.ask(self.probe())
        except BillingError as error:
            # Airflow tests what is in the form under a name that it has just made up
            return False, str(error).replace(f"connection {self.conn_id}", "this connection")
        return True, f"{answer.request} answered {answer.status}"

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

    def _ask_once(self, question: Question) -> Answer:
        access = self.access()
        credential = self._credential(access) if question.signed else None
        received = self._send(access, question, credential)
        if received.status == 401 and credential and self._keeper.refused(credential):
            credential = self._credential(access)
            received = self._send(access, question, credential)
        return self._answer(question, received, credential)

    def access(self) -> Access:
        """Read and check the connection, once per hook; for workers."""
        if self._access is None:
            with connection_errors(self.conn_id):
                connection = self.get_connection(self.conn_id)
            self._access = self.read_access(connection, connection.extra_dejson)
        return self._access

    def _credential(self, access: Access) -> Credential:
        if (credential := self._keeper.get()) is None:
            credential = self._keeper.keep(self.hold(self.sign_in(access)))
            if credential.secret != access.password:  # that one Airflow has masked
                mask_secret(credential.secret)
        return credential

    def _send(self, access: Access, question: Question, credential: Credential | None) -> Received:
        started = time.monotonic()
        session = self._session or self.get_conn()
        try:
            headers = headers_of(question, credential)
            received = sync_transport.exchange(session, url_of(access, question), question, headers, self.limits)
        finally:
            if session is not self._session:
                session.close()
        self.log.info("%s", self._line(question, received, started))
        return received
