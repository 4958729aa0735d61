"""Parse usage responses into usage reports. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from billing.models import Listing, UsageLine, UsageReport
from billing.month import Month
from billing.payloads.json_reader import JsonObject
from billing.payloads.response import Response
from billing_vendors.fastly.endpoints import V3_SERVICE_USAGE
from billing_vendors.fastly.paging import declared_total, service_cursor, service_usage_of
from billing_vendors.fastly.parse import parse_usage
from billing_vendors.fastly.vocabulary import UnknownFields, amount, end_of, start_of, text_or_none

USAGE = "usage_metrics"
SERVICE_USAGE = "service_usage"


def usage_report(responses: Iterable[Response], month: Month, unknown_fields: UnknownFields) -> UsageReport:
    """Read the usage metrics of a month. Rows of other months are left out."""
    rows = [row for response in responses for row in usage_rows(response, unknown_fields)]
    of_month = [row for row in rows if row.text_or_none("month") == str(month)]
    lines = tuple(parse_usage(row, position, unknown_fields) for position, row in enumerate(of_month, start=1))
    return UsageReport(
        report_id=f"{USAGE}/{month}",
        kind=USAGE,
        month=month,
        starts_at=month.start,
        ends_at=month.end,
        currency=None,
        lines=lines,
    )


def usage_rows(response: Response, unknown_fields: UnknownFields) -> list[JsonObject]:
    """
    Return the rows of a usage metrics response; null is no rows.

    :raises PayloadError: it has no ``data``, or something else than objects in it.
    """
    document = JsonObject(response.json_object(), response.request)
    rows = document.listed("data")
    unknown_fields.attributes("usage_metrics", document, "meta")
    return rows


def metered_rows(response: Response, month: Month) -> list[JsonObject]:
    """Return the rows of one month."""
    return [row for row in usage_rows(response, UnknownFields()) if row.text_or_none("month") == str(month)]


def metered_kinds(response: Response, month: Month) -> list[tuple[str, str]]:
    """Return each pair of product id and usage type in a month's usage: service usage is requested by them."""
    rows = metered_rows(response, month)
    pairs = [(text_or_none(row, "product_id"), text_or_none(row, "usage_type")) for row in rows]
    return list(dict.fromkeys((product, usage) for product, usage in pairs if product and usage))


class ServiceUsage:
    """The service usage of a month: one listing for each product and usage type, all rows in one report."""

    def __init__(self, responses: Sequence[Response], month: Month, unknown_fields: UnknownFields) -> None:
        self._period = month
        self._noted = unknown_fields
        self._reads: dict[tuple[str, str], list[Response]] = {}
        for response in responses:
            self._reads.setdefault(_asked_for(response), []).append(response)
        self._lines: list[UsageLine] = []
        self._starts: list[datetime] = []
        self._ends: list[datetime] = []
        self.listings = tuple(self._listing(kind, pages) for kind, pages in self._reads.items())

    def report(self) -> UsageReport:
        """Return the report with the rows of all listings."""
        return UsageReport(
            report_id=f"{SERVICE_USAGE}/{self._period}",
            kind=SERVICE_USAGE,
            month=self._period,
            starts_at=min(self._starts, default=None),
            ends_at=max(self._ends, default=None),
            currency=None,
            lines=tuple(self._lines),
        )

    def _listing(self, kind: tuple[str, str], pages: list[Response]) -> Listing:
        row_ids: list[str] = []
        total = None
        cursor = None
        for page in pages:
            document = JsonObject(page.json_object(), page.request)
            for data in service_usage_of(document):
                for line in self._page_lines(kind, data):
                    self._lines.append(line)
                    row_ids.append("/".join((*kind, line.attributes["service_id"])))
                total = declared_total(data)
                self._noted.attributes("service_usage", data, "customer_id", "usage_type", "meta")
            cursor = service_cursor(document)
            self._noted.attributes("service_usage_page", document, "data")
        return Listing(V3_SERVICE_USAGE, tuple(row_ids), total, ended=not cursor)

    def _page_lines(self, kind: tuple[str, str], data: JsonObject) -> Iterator[UsageLine]:
        product, usage_type = kind
        unit = text_or_none(data, "unit")
        self._starts += [moment for moment in [start_of(data, "start_time")] if moment]
        self._ends += [moment for moment in [end_of(data, "end_time")] if moment]
        for position, row in enumerate(data.listed("details"), start=len(self._lines) + 1):
            service_id = row.identifier("service_id")
            yield UsageLine(
                position=position,
                name=text_or_none(row, "service_name") or service_id,
                quantity=amount(row, "usage_units"),
                product=product or None,
                usage_type=usage_type or None,
                unit=unit,
                attributes={"service_id": service_id} | self._noted.attributes("service_usage_row", row, "customer_id"),
            )


def _asked_for(response: Response) -> tuple[str, str]:
    """Return product and usage type of the request; two empty strings if it was for all together."""
    query = parse_qs(urlsplit(response.request.partition(" ")[2]).query)
    return query.get("product_id", [""])[0], query.get("usage_type_name", [""])[0]
