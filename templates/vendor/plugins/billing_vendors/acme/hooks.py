"""Read invoices from Acme's billing API."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import ClassVar

from billing.errors import BillingError
from billing.month import Month
from billing.payloads.response import Response
from billing_vendors.acme import endpoints
from billing_vendors.acme.errors import acme_status_error
from billing_vendors.acme.paging import InvoicePaging
from billing_vendors.base.client.connection import (
    ConnectionFields,
    ConnectionSettings,
    Credential,
    base_url_of,
    read_extra,
    required,
)
from billing_vendors.base.client.request import Request
from billing_vendors.base.client.status_errors import RawResponse
from billing_vendors.base.hooks import VendorHook

DEFAULT_HOST = "https://api.acme.example"


class AcmeBillingHook(VendorHook):
    """
    Send requests to Acme's billing API.

    Connection: ``password`` is the API token; ``host``, if set, replaces ``https://api.acme.example``.
    Any key in ``extra`` is refused.

    :param conn_id: the Airflow connection.
    """

    conn_type = "acme"
    hook_name = "Acme billing"
    default_conn_name = "acme_billing"
    request_id_headers: ClassVar[tuple[str, ...]] = ("x-request-id",)
    kept_headers: ClassVar[frozenset[str]] = frozenset({"x-request-id"})

    def list_invoices(self, month: Month) -> Iterator[Response]:
        """Yield each page of a month's invoices."""
        return self.list_pages(InvoicePaging(month))

    # what the common hook wants to know

    @classmethod
    def read_connection(cls, connection: ConnectionFields, extra: object) -> ConnectionSettings:
        """Check a connection: the token, and perhaps another host."""
        read_extra(connection.conn_id, extra, frozenset())
        return ConnectionSettings(
            conn_id=connection.conn_id,
            base_urls={"api": base_url_of(connection, DEFAULT_HOST)},
            password=required(connection, "password", "the API token"),
        )

    async def authenticate(self, connection_settings: ConnectionSettings) -> Credential:
        """Use the token of the connection."""
        token = connection_settings.password
        return Credential({"Authorization": f"Bearer {token}"}, secret=token)

    def test_request(self) -> Request:
        """Return the request of Airflow's *Test* button: last month's invoices."""
        return endpoints.list_invoices(Month.of(datetime.now(UTC)).shifted(-1))

    def status_error(self, request: Request, raw: RawResponse) -> BillingError:
        """Return the error for a status that is not accepted."""
        return acme_status_error(request, raw)
