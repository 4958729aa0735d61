"""
Parse rows of the invoice and line listings. Pure.

Amounts are in the currency of the invoice; a line has none of its own. The vendor's dates are calendar days without a
zone; ends are returned half-open. Whether the vendor writes last days or the days after them is read from the lines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from billing.errors import PayloadError
from billing.matching.service_months import end_votes
from billing.models import Invoice, InvoiceLine
from billing.month import Month
from billing.payloads.json_reader import JsonObject
from billing_vendors.genesys_cloud.month_assignment import ContractTerm, Service
from billing_vendors.genesys_cloud.vocabulary import PAYMENT_STATUS, UNIT, UnknownFields, day_or_none, half_open

_ONE_DAY = timedelta(days=1)
_CREDIT = re.compile(r"credit|gutschrift|avoir|abono|nota de cr|クレジット", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class InvoiceHeader:
    """
    An invoice as in the listing, without its month and its lines.

    :param invoiced_on: the vendor's calendar day; it has no zone and is read as UTC.
    :param purchase_order: the customer's, as the vendor copied it.
    """

    invoice_id: str
    invoiced_on: date
    purchase_order: str | None
    kind: str
    currency: str | None
    total: Decimal
    payment_status: str | None
    attributes: dict[str, Any]

    def with_lines(self, lines: Sequence[InvoiceLine], month: Month, evidence: str) -> Invoice:
        """Return the whole invoice."""
        return Invoice(
            invoice_id=self.invoice_id,
            month=month,
            period_evidence=evidence,
            total=self.total,
            currency=self.currency,
            lines=tuple(lines),
            kind=self.kind,
            issued_at=datetime.combine(self.invoiced_on, time(), UTC),
            payment_status=self.payment_status,
            attributes=self.attributes,
        )


def parse_header(row: JsonObject, unknown_fields: UnknownFields) -> InvoiceHeader:
    """
    Read one element of the invoice listing.

    ``paymentLink`` is left out: anyone who has it can open the payment page. Currency and payment status may be
    missing.

    :raises PayloadError: id, date or amount is missing or of another type.
    """
    invoice_id = row.identifier("id")
    row.where = f"invoice {invoice_id}"
    row.optional("paymentLink")
    return InvoiceHeader(
        invoice_id=invoice_id,
        invoiced_on=_invoiced_on(row),
        purchase_order=row.text_or_none("customerPoNumber"),
        kind=_kind(row),
        currency=row.text_or_none("currencyIsoCode"),
        total=row.number("amount"),
        payment_status=unknown_fields.enum("invoice", row, "paymentStatus", PAYMENT_STATUS),
        attributes=_parties(row, unknown_fields)
        | unknown_fields.attributes("invoice", row, "paymentTerms", "customerPoNumber", "customerInvoiceType"),
    )


def parse_line(row: JsonObject, position: int, invoice_id: str, unknown_fields: UnknownFields) -> InvoiceLine:
    """
    Read one element of an invoice's line listing.

    The quantity is documented as an integer; a fractional one is kept exactly.

    :raises PayloadError: the amount is missing, or a field has another type.
    """
    row.where = f"invoice {invoice_id}, line {position}"
    product = unknown_fields.nested(row, "product", "product")
    attributes = {"product": product, "organization": unknown_fields.nested(row, "organization", "organization")}
    return InvoiceLine(
        position=position,
        description=row.text_or_none("description") or product.get("name", ""),
        amount=row.number("amount"),
        line_id=row.identifier_or_none("id"),
        product=product.get("sku") or product.get("name"),
        quantity=row.number_or_none("quantity"),
        unit=unknown_fields.enum("invoice_line", row, "unitOfMeasure", UNIT),
        service_start=day_or_none(row, "dateStart"),
        service_end=half_open(day_or_none(row, "dateEnd"), exclusive=False),
        attributes={name: value for name, value in attributes.items() if value}
        | unknown_fields.attributes("invoice_line", row, "dateTransacted"),
    )


def with_half_open_ends(lines: Sequence[InvoiceLine], terms: Sequence[ContractTerm]) -> list[InvoiceLine]:
    """
    Return the lines of one invoice with their ends read as most of them show it: as last days or as the days after.

    A line shows it by its length or by the line that follows it, else by the billing period that it ends with.

        1 to 31 January                                        -> 1 January to 1 February, end not included
        1 January to 1 February, and the period ends on the 31st -> the same
    """
    written = {
        (line.service_start, line.service_end - _ONE_DAY) for line in lines if line.service_start and line.service_end
    }
    starts = {cycle.ends_on for term in terms for cycle in term.cycles}
    known = {(day, day) for day in starts if any(end in (day, day - _ONE_DAY) for _, end in written)}
    if (end_votes(written) or end_votes(written | known)) <= 0:
        return list(lines)
    return [replace(line, service_end=_a_day_less(line)) for line in lines]


def _a_day_less(line: InvoiceLine) -> date | None:
    """Return a line's end a day earlier, but not so early that a single day is none."""
    if line.service_start is None or line.service_end is None:
        return line.service_end
    return max(line.service_end - _ONE_DAY, min(line.service_end, line.service_start + _ONE_DAY))


def services_of(lines: Sequence[InvoiceLine]) -> list[Service]:
    """Return the service intervals of the lines that carry both dates."""
    return [
        Service(line.service_start, line.service_end)
        for line in lines
        if line.service_start is not None and line.service_end is not None
    ]


def _kind(row: JsonObject) -> str:
    """Return the kind of a document by its type, which is free text; by its sign if the type does not say it."""
    named = row.text_or_none("customerInvoiceType") or ""
    by_sign = row.number("amount") < 0 and "invoice" not in named.casefold()
    return "credit_memo" if _CREDIT.search(named) or by_sign else "invoice"


def _parties(row: JsonObject, unknown_fields: UnknownFields) -> dict[str, Any]:
    customers = {
        name: unknown_fields.nested(row, name, "customer")
        for name in ("billToCustomer", "shipToCustomer", "soldToCustomer")
    }
    addresses = {name: unknown_fields.nested(row, name, "address") for name in ("billToAddress", "shipToAddress")}
    return {name: value for name, value in (customers | addresses).items() if value}


def _invoiced_on(row: JsonObject) -> date:
    day = day_or_none(row, "dateInvoiced")
    if day is None or day.year == 9999:
        raise PayloadError(
            f"{row.where}: dateInvoiced is {day or 'missing'}; its month cannot be determined without it"
        )
    return day
