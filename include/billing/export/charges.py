"""
The charges of a vendor's month: each line of each invoice, and what an accepted difference to its total is.

By construction the charges of an invoice sum to what is payable, or there are none at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Context, Decimal

from sqlalchemy import Connection

from billing.content_hash import content_text
from billing.errors import ExportStopped
from billing.export.sources import (
    Cycles,
    InvoiceVersion,
    StoredInvoice,
    accepted_differences,
    load_invoices,
)
from billing.export.terms import BillTerms, ChargeTerms, ExportTerms, Service
from billing.models import InvoiceLine
from billing.money import difference, product
from billing.month import Month

Interval = tuple[datetime, datetime]
_NAMED = 12  # invoices that a message can name
_PRICE = Context(prec=18)  # a price of more digits is no price


@dataclass(frozen=True, slots=True)
class Issuer:
    """A vendor, as the export sees it."""

    name: str
    title: str
    terms: ExportTerms


@dataclass(frozen=True, slots=True)
class Charge:
    """
    One charge of an issued invoice.

    :param line: None for the difference between total and lines.
    :param correction: the vendor changed it after it had issued the invoice, or it credits an earlier period.
    :param suffix: of its identifier, where a line is corrected: it is there more than once.
    """

    issuer: Issuer
    stored: StoredInvoice
    bill: BillTerms
    terms: ChargeTerms
    line: InvoiceLine | None
    amount: Decimal
    description: str
    billing_period: Interval
    charge_period: Interval
    correction: bool
    suffix: str = ""

    @property
    def account_id(self) -> str:
        """The billing account: the vendor's own number where its invoice has it."""
        return f"{self.issuer.name}:{self.bill.account_id or self.stored.account}"

    @property
    def detail_id(self) -> str:
        """The line of its invoice, by position: a vendor's own identifier of a line may be missing or appear twice."""
        return f"{self.stored.invoice.invoice_id}/{self.line.position if self.line else 'not-itemised'}{self.suffix}"

    @property
    def is_usage(self) -> bool:
        """Whether it is of a quantity at a price."""
        return self.terms.category == "Usage" and self.line is not None

    @property
    def quantity(self) -> Decimal | None:
        """What was ordered or metered; a fee is one unit."""
        if self.line is None or not self.is_usage:
            return None
        return Decimal(1) if self.line.quantity is None else self.line.quantity

    @property
    def unit_price(self) -> Decimal | None:
        """The price that times the quantity is the amount, as FOCUS requires; None if rounding leaves none."""
        if not self.quantity:
            return None
        price = _PRICE.divide(self.amount, self.quantity)
        return price if product(price, self.quantity) == self.amount else None

    @property
    def region_id(self) -> str | None:
        """The region in small letters, without spaces."""
        return self.terms.region and "_".join(self.terms.region.casefold().split())

    @property
    def sku(self) -> str | None:
        """What is sold, with what is metered of it."""
        if self.line is None or not self.is_usage:
            return None
        return "/".join(filter(None, (self.line.product or self.terms.service.name, self.line.usage_type)))


def charges(
    connection: Connection, issuer: Issuer, month: Month, versions: Sequence[InvoiceVersion], cycles: Cycles
) -> Iterator[Charge]:
    """
    Yield the charges of a month's invoices, in the order of accounts, invoices and lines.

    :param cycles: the contracts' billing periods of the month.
    :raises ExportStopped: totals differ from their lines, and neither a control nor a person has accepted that; names
        the invoices and the differences.
    """
    accepted: dict[tuple[str, str], str] | None = None
    refused = []
    for stored in load_invoices(connection, versions):
        residual = stored.residual
        if residual and accepted is None:
            accepted = accepted_differences(connection, issuer.name, month, issuer.terms.footing_control)
        why = (accepted or {}).get((stored.account, stored.invoice.invoice_id), "")
        if residual and not why:
            refused.append(f"{stored.account} {stored.invoice.invoice_id!a}: {_gap(stored, residual)}")
        else:
            yield from charges_of_invoice(issuer, stored, billing_period(stored, month, cycles), why)
    if refused:
        raise ExportStopped(
            f"{issuer.title} {month} is not exported: {_some(refused)}. A control found it: when the vendor has "
            "corrected the invoice, or a person has explained it as accepted, export the month again"
        )


def check_payable(billed: Mapping[tuple[str, str], Decimal], payable: Mapping[tuple[str, str], Decimal]) -> None:
    """
    Compare the sum of each invoice's billed cost, by account and id, with what is payable, to the last digit.

    :raises ExportStopped: names each invoice and its difference.
    """
    nothing = Decimal(0)
    compared = ((key, billed.get(key, nothing), payable.get(key, nothing)) for key in sorted({*billed, *payable}))
    wrong = [
        f"invoice {invoice_id!a} of {account}: billed {found}, payable {owed}, difference {difference(found, owed)}"
        for (account, invoice_id), found, owed in compared
        if found != owed
    ]
    if wrong:
        raise ExportStopped(f"the export does not say what is payable: {_some(wrong)}")


def charges_of_invoice(issuer: Issuer, stored: StoredInvoice, period: Interval, why: str) -> Iterator[Charge]:
    """
    Yield one invoice's charges, which sum to its total.

    :param why: its total may differ from its lines.
    """
    bill, invoice = issuer.terms.bill(stored.invoice), stored.invoice
    unchanged = Counter(map(content_text, stored.before.lines)) if stored.before else None
    for line in invoice.lines:
        served = _charge_period(line, period)
        corrects = invoice.kind == "credit_memo" and served[1] <= period[0]
        if unchanged is not None:
            text = content_text(line)
            corrects = corrects or not unchanged[text]
            unchanged[text] -= bool(unchanged[text])
        yield Charge(
            *(issuer, stored, bill, issuer.terms.charge(line), line, line.amount, line.description),
            *(period, served, corrects),
        )
    if stored.residual:
        terms = ChargeTerms(_of_bill(issuer, invoice.lines), issuer.terms.residual_category(invoice), "One-Time")
        yield Charge(issuer, stored, bill, terms, None, stored.residual, f"Not itemised: {why}", period, period, False)


def _some(invoices: Sequence[str]) -> str:
    more = f"; and {len(invoices) - _NAMED} more" if len(invoices) > _NAMED else ""
    return "; ".join(invoices[:_NAMED]) + more


def _of_bill(issuer: Issuer, lines: tuple[InvoiceLine, ...]) -> Service:
    return issuer.terms.charge(lines[0]).service if lines else Service(issuer.title)


def _gap(stored: StoredInvoice, residual: Decimal) -> str:
    total = stored.invoice.total
    return f"lines {difference(total, residual)}, payable {total}, difference {residual} {stored.currency}"


def billing_period(stored: StoredInvoice, month: Month, cycles: Cycles) -> Interval:
    """Return the invoice's own interval; else the contract's billing period, if there is one; else the month."""
    start, end = stored.invoice.service_start, stored.invoice.service_end
    if start is not None and end is not None and start < end:
        return start, end
    own = cycles.get(stored.account, {})
    if len(own) == 1:
        starts_on, ends_on = next(iter(own))
        return midnight(starts_on), midnight(ends_on)
    return month.start, month.end


def _charge_period(line: InvoiceLine, period: Interval) -> Interval:
    if line.service_start and line.service_end and line.service_start < line.service_end:
        return midnight(line.service_start), midnight(line.service_end)
    return period


def midnight(day: date) -> datetime:
    """Return the first instant of a day, UTC."""
    return datetime.combine(day, time(), UTC)
