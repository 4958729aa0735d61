"""Asking for triggers: awaited, on an event loop that a thousand of them share."""

from __future__ import annotations

import time
from typing import TypeVar

from airflow.sdk import BaseHook
from airflow.sdk.log import amask_secret

from billing.errors import BillingError
from billing.payloads.response import Response
from billing_vendors.base.client import async_transport
from billing_vendors.base.client.async_transport import loop_state
from billing_vendors.base.client.base import VendorClient, connection_errors, headers_of, url_of
from billing_vendors.base.client.connection import ConnectionSettings
from billing_vendors.base.client.credentials import Credential, CredentialCache
from billing_vendors.base.client.request import Request, RequestFlow, next_step
from billing_vendors.base.client.status_errors import RawResponse

# Triggers see a changed connection after that time, or when the vendor refuses the credential.
CONNECTION_SECONDS = 3600.0

T = TypeVar("T")


class AsyncVendorClient(VendorClient, BaseHook):
    """Ask, awaited. What was read of a connection, and its credential, are shared by all triggers of the process."""

    async def asend(self, request: Request) -> Response:
        """
        Ask once. Nothing is sent again: a trigger asks again in its own time.

        :raises BillingError: what the refusal means, see :mod:`billing.errors`.
        """
        connection_settings = await self._aconnection_settings()
        credential = await self._acredential(connection_settings) if request.signed else None
        raw = await self._aexchange(connection_settings, request, credential)
        if raw.status == 401 and credential and self._acredentials(connection_settings).invalidate(credential):
            credential = await self._acredential(connection_settings)
            raw = await self._aexchange(connection_settings, request, credential)
        if raw.status in {400, 401, 403}:
            loop_state().connection_settings.pop((type(self), self.conn_id), None)
        return self._answer(request, raw, credential)

    async def arun_flow(self, flow: RequestFlow[T]) -> T:
        """Hold a conversation: ask its requests in turn; returns what came of it."""
        request = next_step(flow, None)
        while isinstance(request, Request):
            result: Response | BillingError
            try:
                result = await self.asend(request)
            except BillingError as error:
                result = error
            request = next_step(flow, result)
        return request.value

    async def _aconnection_settings(self) -> ConnectionSettings:
        """Read the connection once in a while for all its triggers: each read goes through one supervisor."""
        state = loop_state()
        key = (type(self), self.conn_id)
        async with state.lock(key):
            kept = state.connection_settings.get(key)
            if kept is not None and time.monotonic() - kept[0] < CONNECTION_SECONDS:
                return kept[1]
            with connection_errors(self.conn_id):
                connection = await self.aget_connection(self.conn_id)
            connection_settings = self.read_connection(connection, await connection.aextra_dejson())
            state.connection_settings[key] = (time.monotonic(), connection_settings)
            return connection_settings

    async def _acredential(self, connection_settings: ConnectionSettings) -> Credential:
        async with loop_state().lock((type(self), self.conn_id, "credential")):
            cached = self._acredentials(connection_settings)
            if (credential := cached.get()) is None:
                credential = cached.store(await self.arun_flow(self.authenticate(connection_settings)))
                if (
                    credential.secret != connection_settings.password
                ):  # that one Airflow has masked: spare a trip to the supervisor
                    await amask_secret(credential.secret)
            return credential

    def _acredentials(self, connection_settings: ConnectionSettings) -> CredentialCache:
        """Return the keeper that all triggers of this connection share; a changed connection starts again."""
        credential_caches = loop_state().credential_caches
        key = (type(self), self.conn_id)
        kept = credential_caches.get(key)
        if kept is None or kept[0] != connection_settings:
            kept = credential_caches[key] = (connection_settings, CredentialCache())
        return kept[1]

    async def _aexchange(
        self, connection_settings: ConnectionSettings, request: Request, credential: Credential | None
    ) -> RawResponse:
        started = time.monotonic()
        headers = headers_of(request, credential)
        raw = await async_transport.exchange(url_of(connection_settings, request), request, headers, self.limits)
        self.log.info("%s", self._line(request, raw, started))
        return raw
