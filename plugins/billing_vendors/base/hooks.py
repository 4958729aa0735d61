"""The vendors' common hook: reads the connection, asks, and turns what comes back into an answer or an error."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from itertools import count
from types import TracebackType
from typing import Any, ClassVar, NoReturn, Self, TypeVar
from urllib.parse import urlencode

import requests
from airflow.providers.http.hooks.http import HttpHook
from airflow.sdk.exceptions import AirflowNotFoundException, AirflowRuntimeError
from airflow.sdk.log import amask_secret, mask_secret

from billing.answer import Answer
from billing.errors import BillingError, ConfigurationError, VendorUnavailable
from billing_vendors.base import async_transport, transport
from billing_vendors.base.access import Access, ConnectionFields
from billing_vendors.base.credential import Credential, Keeper
from billing_vendors.base.limits import Limits
from billing_vendors.base.question import Conversation, Pages, Question, step
from billing_vendors.base.refusal import Received, refusal, shown, wrong_body

# Triggers see a changed connection after that time, or when the vendor refuses the credential.
CONNECTION_SECONDS = 600.0

_SENT_AGAIN = frozenset({None, 429, 502, 503, 504})  # None: the connection broke
_USER_AGENT = f"tieout/{version('tieout')}"

T = TypeVar("T")


class VendorHook(HttpHook):
    """
    Ask one vendor, by one Airflow connection.

    Building a hook makes no call and reads no connection. ``ask`` and ``hold`` block and are for workers; ``aask`` and
    ``ahold`` await and are for triggers; all obey the same rules. As a context manager a hook keeps its line to the
    vendor open between questions.

    :param conn_id: the Airflow connection.
    :param limits: of time, size and attempts.
    :cvar request_id_headers: answer headers, lower case, that identify a request in the vendor's support.
    :cvar kept_headers: answer headers, lower case, that are stored with the answer.
    """

    conn_name_attr = "conn_id"
    request_id_headers: ClassVar[tuple[str, ...]] = ("x-request-id",)
    kept_headers: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, conn_id: str, *, limits: Limits | None = None) -> None:
        super().__init__(method="GET", http_conn_id=conn_id, tcp_keep_alive=False)
        self.conn_id = conn_id
        self.limits = limits or Limits()
        self._access: Access | None = None
        self._keeper = Keeper()
        self._session: requests.Session | None = None

    # What a vendor supplies.

    @classmethod
    def read_access(cls, connection: ConnectionFields, extra: object) -> Access:
        """
        Check a connection and say where the vendor is.

        :raises ConfigurationError: a field is missing, unknown or wrong.
        """
        raise NotImplementedError

    def sign_in(self, access: Access) -> Conversation[Credential]:
        """Get a credential: a conversation of unsigned questions, or of none where the connection holds it already."""
        raise NotImplementedError

    def probe(self) -> Question:
        """Give a cheap question that shows whether the connection works."""
        raise NotImplementedError

    def refusal(self, question: Question, received: Received) -> BillingError:
        """Give the error for a status that is not accepted; a vendor adds what it knows of its own answers."""
        return refusal(question, received)

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
                pause = _pause_seconds(attempt, error.retry_after, self.limits)
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
            answer = self.ask(question)
            yield answer
            question = pages.after(answer)

    # For triggers.

    async def aask(self, question: Question) -> Answer:
        """
        Ask, awaited. Nothing is sent again: a trigger asks again in its own time.

        :raises BillingError: what the refusal means, see :mod:`billing.errors`.
        """
        access = await self._aaccess()
        credential = await self._acredential(access) if question.signed else None
        received = await self._asend(access, question, credential)
        if received.status == 401 and credential and self._akeeper(access).refused(credential):
            received = await self._asend(access, question, await self._acredential(access))
        if received.status in {401, 403}:
            async_transport.loop_state().accesses.pop((type(self), self.conn_id), None)
        return self._answer(question, received, credential)

    async def ahold(self, conversation: Conversation[T]) -> T:
        """Hold a conversation, awaited."""
        question = step(conversation, None)
        while isinstance(question, Question):
            heard: Answer | BillingError
            try:
                heard = await self.aask(question)
            except BillingError as error:
                heard = error
            question = step(conversation, heard)
        return question.value

    # For Airflow.

    def test_connection(self) -> tuple[bool, str]:
        """Ask the vendor one cheap question; says what it answered. For the button in Airflow's connection form."""
        self.limits = Limits(attempts=1, total_seconds=30)
        try:
            answer = self.ask(self.probe())
        except BillingError as error:
            return False, str(error)
        return True, f"{answer.request} answered {answer.status}"

    def get_conn(self, headers: Any = None, extra_options: Any = None) -> requests.Session:  # noqa: ANN401, ARG002 (HttpHook's signature)
        """Open a session. It carries nothing of the connection: the stock hook sends its extra as headers."""
        return transport.open_session()

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
            received = self._send(access, question, self._credential(access))
        return self._answer(question, received, credential)

    def access(self) -> Access:
        """Read and check the connection, once per hook; for workers."""
        if self._access is None:
            with _connection_errors(self.conn_id):
                connection = self.get_connection(self.conn_id)
            self._access = self.read_access(connection, connection.extra_dejson)
            if self._access.password:
                mask_secret(self._access.password)
        return self._access

    async def _aaccess(self) -> Access:
        """Read the connection once in a while for all its triggers: each read goes through one supervisor."""
        state = async_transport.loop_state()
        key = (type(self), self.conn_id)
        async with state.lock(key):
            kept = state.accesses.get(key)
            if kept is not None and time.monotonic() - kept[0] < CONNECTION_SECONDS:
                return kept[1]
            with _connection_errors(self.conn_id):
                connection = await self.aget_connection(self.conn_id)
            access = self.read_access(connection, await connection.aextra_dejson())
            if access.password:
                await amask_secret(access.password)
            state.accesses[key] = (time.monotonic(), access)
            return access

    def _credential(self, access: Access) -> Credential:
        if (credential := self._keeper.get()) is None:
            credential = self._keeper.keep(self.hold(self.sign_in(access)))
            mask_secret(credential.secret)
        return credential

    async def _acredential(self, access: Access) -> Credential:
        async with async_transport.loop_state().lock((type(self), self.conn_id, "credential")):
            keeper = self._akeeper(access)
            if (credential := keeper.get()) is None:
                credential = keeper.keep(await self.ahold(self.sign_in(access)))
                await amask_secret(credential.secret)
            return credential

    def _akeeper(self, access: Access) -> Keeper:
        """Give the keeper that all triggers of this connection share; a changed connection starts anew."""
        keepers = async_transport.loop_state().keepers
        key = (type(self), self.conn_id)
        kept = keepers.get(key)
        if kept is None or kept[0] != access:
            kept = keepers[key] = (access, Keeper())
        return kept[1]

    def _send(self, access: Access, question: Question, credential: Credential | None) -> Received:
        started = time.monotonic()
        session = self._session or self.get_conn()
        try:
            headers = _headers(question, credential)
            received = transport.exchange(session, _url(access, question), question, headers, self.limits)
        finally:
            if session is not self._session:
                session.close()
        self._report(question, received, started)
        return received

    async def _asend(self, access: Access, question: Question, credential: Credential | None) -> Received:
        started = time.monotonic()
        headers = _headers(question, credential)
        received = await async_transport.exchange(_url(access, question), question, headers, self.limits)
        self._report(question, received, started)
        return received

    def _report(self, question: Question, received: Received, started: float) -> None:
        request_id = next((received.headers[n] for n in self.request_id_headers if n in received.headers), "-")
        self.log.info(
            "%s %s: %s, %s bytes, request id %s, %.0f ms",
            question.method,
            question.path,
            received.status,
            len(received.body),
            shown(request_id, most=80),
            (time.monotonic() - started) * 1000,
        )

    def _answer(self, question: Question, received: Received, credential: Credential | None) -> Answer:
        if received.status not in question.accepted:
            raise self.refusal(question, _without_secret(received, credential))
        if error := wrong_body(question, received):
            raise error
        return Answer(
            operation=question.operation,
            request=question.request,
            status=received.status,
            media_type=received.media_type,
            body=received.body,
            received_at=received.received_at,
            headers={name: value for name, value in received.headers.items() if name in self.kept_headers},
        )


def _headers(question: Question, credential: Credential | None) -> dict[str, str]:
    fixed = {"Accept": question.accept, "Accept-Encoding": "gzip", "User-Agent": _USER_AGENT}
    return fixed | dict(question.headers) | dict(credential.headers if credential else {})


def _without_secret(received: Received, credential: Credential | None) -> Received:
    """Blot the secret out of an error body that quotes it: the error's text goes into logs and into the database."""
    if credential is None or not credential.secret:
        return received
    return replace(received, body=received.body.replace(credential.secret.encode(), b"***"))


def _url(access: Access, question: Question) -> str:
    query = f"?{urlencode(question.params)}" if question.params else ""
    return f"{access.sites[question.site]}{question.path}{query}"


def _pause_seconds(attempt: int, retry_after: float | None, limits: Limits) -> float:
    backoff: float = limits.first_pause_seconds * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)  # noqa: S311 (spreads load)
    return max(backoff, retry_after or 0.0)


@contextmanager
def _connection_errors(conn_id: str) -> Iterator[None]:
    """Tell a connection that does not exist from one that cannot be read at this moment."""
    try:
        yield
    except AirflowNotFoundException:
        raise ConfigurationError(f"there is no Airflow connection {conn_id!r}") from None
    except AirflowRuntimeError as error:
        raise VendorUnavailable(f"connection {conn_id} cannot be read now: {error.error.error.value}") from error
