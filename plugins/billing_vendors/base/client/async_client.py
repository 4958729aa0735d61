"""Asking for triggers: awaited, on an event loop that a thousand of them share."""

from __future__ import annotations

import time
from typing import TypeVar

from airflow.sdk import BaseHook
from airflow.sdk.log import amask_secret

from billing.errors import BillingError
from billing.payloads.response import Answer
from billing_vendors.base.client import async_transport
from billing_vendors.base.client.async_transport import loop_state
from billing_vendors.base.client.base import Asking, connection_errors, headers_of, url_of
from billing_vendors.base.client.connection import Access
from billing_vendors.base.client.credentials import Credential, Keeper
from billing_vendors.base.client.request import Conversation, Question, step
from billing_vendors.base.client.status_errors import Received

# Triggers see a changed connection after that time, or when the vendor refuses the credential.
CONNECTION_SECONDS = 3600.0

T = TypeVar("T")


class AwaitedAsking(Asking, BaseHook):
    """Ask, awaited. What was read of a connection, and its credential, are shared by all triggers of the process."""

    async def aask(self, question: Question) -> Answer:
        """
        Ask once. Nothing is sent again: a trigger asks again in its own time.

        :raises BillingError: what the refusal means, see :mod:`billing.errors`.
        """
        access = await self._aaccess()
        credential = await self._acredential(access) if question.signed else None
        received = await self._asend(access, question, credential)
        if received.status == 401 and credential and self._akeeper(access).refused(credential):
            credential = await self._acredential(access)
            received = await self._asend(access, question, credential)
        if received.status in {400, 401, 403}:
            loop_state().accesses.pop((type(self), self.conn_id), None)
        return self._answer(question, received, credential)

    async def ahold(self, conversation: Conversation[T]) -> T:
        """Hold a conversation: ask its questions in turn; returns what came of it."""
        question = step(conversation, None)
        while isinstance(question, Question):
            heard: Answer | BillingError
            try:
                heard = await self.aask(question)
            except BillingError as error:
                heard = error
            question = step(conversation, heard)
        return question.value

    async def _aaccess(self) -> Access:
        """Read the connection once in a while for all its triggers: each read goes through one supervisor."""
        state = loop_state()
        key = (type(self), self.conn_id)
        async with state.lock(key):
            kept = state.accesses.get(key)
            if kept is not None and time.monotonic() - kept[0] < CONNECTION_SECONDS:
                return kept[1]
            with connection_errors(self.conn_id):
                connection = await self.aget_connection(self.conn_id)
            access = self.read_access(connection, await connection.aextra_dejson())
            state.accesses[key] = (time.monotonic(), access)
            return access

    async def _acredential(self, access: Access) -> Credential:
        async with loop_state().lock((type(self), self.conn_id, "credential")):
            keeper = self._akeeper(access)
            if (credential := keeper.get()) is None:
                credential = keeper.keep(await self.ahold(self.sign_in(access)))
                if credential.secret != access.password:  # that one Airflow has masked: spare a trip to the supervisor
                    await amask_secret(credential.secret)
            return credential

    def _akeeper(self, access: Access) -> Keeper:
        """Give the keeper that all triggers of this connection share; a changed connection starts anew."""
        keepers = loop_state().keepers
        key = (type(self), self.conn_id)
        kept = keepers.get(key)
        if kept is None or kept[0] != access:
            kept = keepers[key] = (access, Keeper())
        return kept[1]

    async def _asend(self, access: Access, question: Question, credential: Credential | None) -> Received:
        started = time.monotonic()
        headers = headers_of(question, credential)
        received = await async_transport.exchange(url_of(access, question), question, headers, self.limits)
        self.log.info("%s", self._line(question, received, started))
        return received
