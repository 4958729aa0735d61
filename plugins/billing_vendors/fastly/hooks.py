"""Read bills, estimates and usage from Fastly's billing API, both generations."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import ClassVar

from billing.errors import BillingError, ConfigurationError, NotReady
from billing.month import Month
from billing.payloads.response import Response
from billing_vendors.base.client.connection import (
    ConnectionFields,
    ConnectionSettings,
    Credential,
    base_url_of,
    read_extra,
    required,
)
from billing_vendors.base.client.paging import check_end
from billing_vendors.base.client.request import JSON, Request
from billing_vendors.base.client.status_errors import RawResponse
from billing_vendors.base.hooks import VendorHook
from billing_vendors.fastly import endpoints
from billing_vendors.fastly.errors import fastly_status_error
from billing_vendors.fastly.paging import InvoicePaging, ServiceUsagePaging

DEFAULT_HOST = "https://api.fastly.com"


class FastlyBillingHook(VendorHook):
    """
    Read Fastly's billing API: every operation is a GET.

    Connection: ``password`` is the API token; ``host``, if set, replaces ``https://api.fastly.com``. A login or any
    key in ``extra`` is an error.

    :param conn_id: the Airflow connection.
    """

    conn_type = "fastly"
    hook_name = "Fastly billing"
    default_conn_name = "fastly_billing"
    request_id_headers: ClassVar[tuple[str, ...]] = ("x-request-id", "x-timer")
    kept_headers: ClassVar[frozenset[str]] = frozenset(
        {"x-request-id", "x-served-by", "x-timer", "fastly-ratelimit-remaining", "fastly-ratelimit-reset"}
    )

    # v2, the legacy API

    def get_invoice_by_month(self, month: Month, form: str = JSON) -> Response:
        """
        Read the v2 bill of a month, as JSON, CSV or PDF; of the running month it is an estimate of status ``MTD``.

        :param form: the media type.
        :raises NoBill: there is no bill.
        :raises RouteRetired: Fastly has taken v2 out of service.
        """
        return self.send(endpoints.v2_invoice_by_month(month, form))

    def get_legacy_invoice(self, customer_id: str, invoice_id: str, form: str = JSON) -> Response:
        """
        Read one v2 bill, as JSON, CSV or PDF.

        :raises NoBill: there is no bill.
        :raises RouteRetired: Fastly has taken v2 out of service.
        """
        return self.send(endpoints.v2_invoice_by_id(customer_id, invoice_id, form))

    def get_legacy_month_to_date(self, customer_id: str, month: Month) -> Response:
        """
        Read the v2 estimate of a month.

        :raises NotReady: Fastly has not generated it yet (202): try again in some seconds.
        """
        return _finished(self.send(endpoints.v2_month_to_date(customer_id, month)))

    # v3

    def list_invoices(self, month: Month) -> Iterator[Response]:
        """Yield each page of the v3 invoices around a month: more than those of the month."""
        return self.list_pages(InvoicePaging(month))

    def get_invoice(self, invoice_id: str) -> Response:
        """Read one v3 invoice."""
        return self.send(endpoints.v3_invoice_by_id(invoice_id))

    def get_month_to_date(self) -> Response:
        """
        Read the v3 estimate of the running month.

        :raises NotReady: Fastly has not generated it yet (202): try again in some seconds.
        """
        return _finished(self.send(endpoints.v3_month_to_date()))

    def get_usage_metrics(self, month: Month, end: Month | None = None) -> Response:
        """
        Read what was metered in a month, and in those after it up to ``end``, by product, usage type and region.

        :raises PayloadError: the response says that more follows: it is not documented to come in pages.
        """
        response = self.send(endpoints.v3_usage_metrics(month, end))
        check_end(response, response.json_object())
        return response

    def list_service_usage_metrics(self, month: Month, product_id: str, usage_type: str) -> Iterator[Response]:
        """Yield each page of one product's use by service; of all products together if both strings are empty."""
        return self.list_pages(ServiceUsagePaging(month, product_id, usage_type))

    # called by the base hook

    @classmethod
    def read_connection(cls, connection: ConnectionFields, extra: object) -> ConnectionSettings:
        """Check a connection: the token, and another host if set."""
        read_extra(connection.conn_id, extra, frozenset())
        if connection.login:
            raise ConfigurationError(
                f"connection {connection.conn_id}: login should be empty; the token is the password"
            )
        return ConnectionSettings(
            conn_id=connection.conn_id,
            base_urls={"api": base_url_of(connection, DEFAULT_HOST)},
            password=required(connection, "password", "the API token"),
        )

    async def authenticate(self, connection_settings: ConnectionSettings) -> Credential:
        """Use the token of the connection."""
        return Credential({"Fastly-Key": connection_settings.password}, secret=connection_settings.password)

    def test_request(self) -> Request:
        """Return a request for last month's usage, which works for customers of both generations."""
        return endpoints.v3_usage_metrics(Month.of(datetime.now(UTC)).shifted(-1))

    def status_error(self, request: Request, raw: RawResponse) -> BillingError:
        """Return the error for a retired route or a month without a bill, else as the base class."""
        return fastly_status_error(request, raw)


def _finished(response: Response) -> Response:
    if response.status == 202:
        raise NotReady(f"{response.request} answered 202: the estimate is not ready")
    return response
