"""Read contracts, invoices and usage from Genesys Cloud's billing API."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from functools import partial
from typing import ClassVar
from urllib.parse import urljoin, urlsplit

from billing.errors import (
    BillingError,
    BrokenResponse,
    ConfigurationError,
    PayloadError,
    VendorRejected,
    VendorUnavailable,
)
from billing.month import Month
from billing.payloads.json_reader import JsonObject
from billing.payloads.response import Response
from billing_vendors.base.client.connection import (
    ConnectionFields,
    ConnectionSettings,
    Credential,
    is_local,
    read_extra,
    required,
)
from billing_vendors.base.client.pdf_download import DOCUMENT_LIMITS, LinkRejected, fetch_pdf
from billing_vendors.base.client.request import Request
from billing_vendors.base.client.status_errors import RawResponse, error_text
from billing_vendors.base.client.transport import Limits
from billing_vendors.base.hooks import VendorHook
from billing_vendors.base.vendor import Document
from billing_vendors.genesys_cloud import endpoints
from billing_vendors.genesys_cloud.intervals import Interval
from billing_vendors.genesys_cloud.month_assignment import requested_dates
from billing_vendors.genesys_cloud.paging import GenesysPaging
from billing_vendors.genesys_cloud.parse_usage import is_complete
from billing_vendors.genesys_cloud.rate_limit import HEADERS, RateGate
from billing_vendors.genesys_cloud.regions import FIELDS, base_urls

_SHORTEST_TOKEN_SECONDS = 300.0  # the shortest lifetime of an OAuth token: for a response that states none
_REQUESTS_PER_REPORT = 5
_FILE_BUSY = frozenset({None, 408, 425, 429, *range(500, 600)})

# The rate limit is per connection, and all triggers of a process share it.
_GATES: dict[str, RateGate] = {}


class GenesysCloudBillingHook(VendorHook):
    """
    Read Genesys Cloud's billing API, with an OAuth client of grant type client credentials.

    Connection: ``login`` is the client's id, ``password`` its secret; extra ``region``, or ``api_host`` and
    ``login_host`` behind a private gateway. The token is requested when it is first needed, kept in the process and
    requested again when it expires or the vendor rejects it, also between two pages.

    :param conn_id: the Airflow connection.
    :param document_limits: of the file behind a document link.
    """

    conn_type = "genesys_cloud"
    hook_name = "Genesys Cloud billing"
    default_conn_name = "genesys_cloud_billing"
    request_id_headers: ClassVar[tuple[str, ...]] = ("inin-correlation-id",)
    kept_headers: ClassVar[frozenset[str]] = HEADERS | {"inin-correlation-id"}

    def __init__(
        self, conn_id: str, *, limits: Limits | None = None, document_limits: Limits = DOCUMENT_LIMITS
    ) -> None:
        super().__init__(conn_id, limits=limits)
        self._document_limits = document_limits
        self._files_fail = False

    # --- the vendor's operations

    def list_contracts(self) -> Iterator[Response]:
        """Yield each page of contracts, of any status."""
        return self._list(endpoints.contracts())

    def get_contract(self, contract_id: str) -> Response:
        """Read one contract with its plans and the billing periods it names."""
        return self.send(endpoints.contract(contract_id))

    def get_billing_period(self, contract_id: str, period_id: str) -> Response:
        """Read one billing period with its charges and wallets."""
        return self.send(endpoints.billing_period(contract_id, period_id))

    def list_invoices(self, month: Month) -> Iterator[Response]:
        """Yield each page of the invoices around a month, more than those of the month."""
        return self._list(endpoints.invoices(*requested_dates(month)))

    def list_invoice_lines(self, invoice_id: str) -> Iterator[Response]:
        """Yield each page of one invoice's lines."""
        return self._list(endpoints.invoice_lines(invoice_id))

    def get_document(self, invoice_id: str) -> Document:
        """
        Download the PDF of one invoice: request the link, follow it at once, do not keep it.

        If the file is not served, another link is requested; only once if the link is refused or leads to no PDF, and
        not at all after the files' host failed for another invoice.

        :raises VendorUnavailable: the link or the file cannot be read now.
        :raises VendorRejected: with status 404, the vendor has no document of this invoice.
        :raises PayloadError: the link points to a forbidden address, or not to a PDF.
        """
        return self.call(self._adocument, invoice_id)

    async def _adocument(self, invoice_id: str) -> Document:
        try:
            return await self.arepeat(
                partial(self._document_once, invoice_id),
                attempts=1 if self._files_fail else None,
                busy=_FILE_BUSY,
                broken=(BrokenResponse, LinkRejected),
            )
        except VendorUnavailable:
            self._files_fail = True
            raise

    async def _document_once(self, invoice_id: str) -> Document:
        request, api = endpoints.invoice_document(invoice_id), self.connection_settings().base_urls["api"]
        response = await self._send_once(request)
        link = _link(response, f"{api}{request.target}")
        body = await fetch_pdf(link, response.request, is_local(urlsplit(api).hostname or ""), self._document_limits)
        return Document(invoice_id, "pdf", "application/pdf", response.request, body)

    def get_billable_usage(self, dates: Month | Interval) -> Response:
        """
        Read the finished usage report of a month or of other days; one that is not complete is requested a few times.

        :raises VendorUnavailable: the report is not complete. Its figures so far are not returned.
        """
        interval = Interval.of(dates) if isinstance(dates, Month) else dates
        pause = self.limits.first_pause_seconds
        for probe in range(_REQUESTS_PER_REPORT):
            response = self.send(endpoints.billable_usage(interval))
            if is_complete(JsonObject(response.json_object(), response.request)):
                return response
            if probe < _REQUESTS_PER_REPORT - 1:
                time.sleep(pause * 2**probe)
        raise VendorUnavailable(
            f"{response.request}: the report is still InProgress after {_REQUESTS_PER_REPORT} requests"
        )

    def get_trustee_overview(self, organization_id: str, index: int) -> Response:
        """Read a trustee's overview of its client; see :func:`endpoints.trustee_overview` for the index."""
        return self.send(endpoints.trustee_overview(organization_id, index))

    # --- what the common hook wants to know

    @classmethod
    def read_connection(cls, connection: ConnectionFields, extra: object) -> ConnectionSettings:
        """Check a connection: client id, client secret, and a region or explicit hosts."""
        conn_id = connection.conn_id
        if connection.host or connection.schema or connection.port:
            raise ConfigurationError(
                f"connection {conn_id}: host, schema and port must be empty; set region, or api_host, in extra"
            )
        if ":" in (connection.login or ""):
            raise ConfigurationError(f"connection {conn_id}: login (the OAuth client's id) contains a colon")
        fields = read_extra(conn_id, extra, FIELDS)
        return ConnectionSettings(
            conn_id=conn_id,
            base_urls=base_urls(conn_id, fields),
            login=required(connection, "login", "the OAuth client's id"),
            password=required(connection, "password", "the OAuth client's secret"),
            fields=fields,
        )

    async def authenticate(self, connection_settings: ConnectionSettings) -> Credential:
        """Get a token. There is no refresh token for this grant: authenticate again."""
        pair = base64.b64encode(f"{connection_settings.login}:{connection_settings.password}".encode()).decode()
        response = await self.asend(endpoints.token(f"Basic {pair}"))
        row = JsonObject(response.json_object(), response.request)
        token, seconds = row.optional("access_token"), row.optional("expires_in")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or " " in token or not token:
            raise PayloadError(f"{response.request}: the response has no usable access_token")
        lives = float(seconds) if isinstance(seconds, int | Decimal) and seconds > 0 else _SHORTEST_TOKEN_SECONDS
        return Credential(headers={"Authorization": f"Bearer {token}"}, secret=token, lives_seconds=lives)

    def test_request(self) -> Request:
        """Return a cheap request that needs the permission to read contracts."""
        return endpoints.contracts(page_size="1")

    def status_error(self, request: Request, raw: RawResponse) -> BillingError:
        """Explain a rejected sign-in: the vendor responds 400 or 401 to a wrong client id or secret."""
        if request.base_url == "login" and raw.status in (400, 401):
            return VendorRejected(
                f"{request.line} answered {raw.status}{error_text(raw.body)}; the vendor refuses the client "
                f"id or secret of connection {self.conn_id}",
                status=raw.status,
            )
        return super().status_error(request, raw)

    # --- within the rate limit

    async def _send_once(self, request: Request) -> Response:
        """Send as the base hook does, but not faster than the vendor's rate limit allows."""
        gate = _GATES.setdefault(self.conn_id, RateGate())
        if pause := gate.turn(time.monotonic()):
            self.log.info("waiting %.1f s to stay within the vendor's rate limit", pause)
            await asyncio.sleep(pause)
        response = await super()._send_once(request)
        gate.note(response.headers, time.monotonic())
        return response

    def _list(self, first: Request) -> Iterator[Response]:
        return self.list_pages(GenesysPaging(first))


def _link(response: Response, url: str) -> str:
    """
    Return the link from the one response that is never stored; an error contains no part of it.

    :param url: of the request, which a relative link is relative to.
    """
    link = response.json_object().get("url")
    if not isinstance(link, str) or not link:
        raise PayloadError(f"{response.request}: the response has no url")
    with suppress(ValueError):  # it is refused where it is followed
        link = urljoin(url, link)
    return link
