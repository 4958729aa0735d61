"""Errors in the documents of Fastly's months: missing, twice, different, or another's. Each changes a correct month."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from vendor_simulator import exact, seeded_random
from vendor_simulator.fastly.model import (
    DUPLICATE,
    SECOND_PRIMARY,
    FastlyMonth,
    Invoice,
    invoice_number,
    statement_number,
)
from vendor_simulator.fastly.month import flat
from vendor_simulator.fastly.planted_figures import Corrupted, with_first

_CHANGES_AFTER = timedelta(days=10)
_OTHER = {"USD": "EUR", "EUR": "USD"}


def other_currency(clean: FastlyMonth) -> Corrupted | None:
    """F3: the amounts are those of the account's currency, the code is another."""
    invoice = clean.invoices[0]
    places = exact.EXPONENTS[invoice.currency]
    others = (code for code, decimals in exact.EXPONENTS.items() if decimals == places and code != invoice.currency)
    other = _OTHER.get(invoice.currency) or next(others)
    return (
        with_first(clean, replace(invoice, currency=other)),
        str(invoice.invoice_id),
        f"The invoice is in {other}, the account in {invoice.currency}.",
    )


def period_short(clean: FastlyMonth) -> Corrupted | None:
    """F4: the last three days are missing."""
    invoice = clean.invoices[0]
    short = replace(invoice, end=invoice.end - timedelta(days=3))
    return with_first(clean, short), str(invoice.invoice_id), "The period ends three days before the month does."


def period_of_last_month(clean: FastlyMonth) -> Corrupted | None:
    """F4, F9: the month's invoice says that it is for the month before."""
    invoice, before = clean.invoices[0], clean.month.shift(-1)
    if before < clean.account.first_month:
        return None
    moved = replace(invoice, start=before.start, end=before.end)
    return (
        with_first(clean, moved),
        str(invoice.invoice_id),
        f"The invoice for {clean.month} has the period of {before}.",
    )


def billed_twice(clean: FastlyMonth) -> Corrupted | None:
    """F6: a second primary invoice with the month's first fee; usage is billed once."""
    fees = tuple(line for line in clean.invoices[0].lines if line.kind == "fee")[:1]
    if not fees:
        return None
    first = clean.invoices[0]
    second = _another(clean, SECOND_PRIMARY, timedelta(hours=3))
    second = replace(second, lines=fees, total=exact.money(fees[0].amount, first.currency))
    return (
        replace(clean, invoices=(*clean.invoices, second)),
        str(second.invoice_id),
        f"A second primary invoice for the month bills {fees[0].meter.name} again.",
    )


def listed_twice(clean: FastlyMonth) -> Corrupted | None:
    """F7: the list has the same invoice as two rows."""
    number = str(clean.invoices[0].invoice_id)
    return replace(clean, listed_twice=True), number, f"The list has invoice {number} twice."


def statement_twice(clean: FastlyMonth) -> Corrupted | None:
    """F7: the whole statement once more under another id."""
    again = replace(_another(clean, DUPLICATE, timedelta(days=1)), statement_number=clean.invoices[0].statement_number)
    return (
        replace(clean, invoices=(*clean.invoices, again)),
        str(again.invoice_id),
        f"Statement {again.statement_number} is billed again under another id.",
    )


def posted_early(clean: FastlyMonth) -> Corrupted | None:
    """F8: posted two days before the period ends."""
    invoice = clean.invoices[0]
    early = replace(invoice, posted_at=invoice.end - timedelta(days=2))
    return with_first(clean, early), str(invoice.invoice_id), "It was posted two days before its period ended."


def usage_not_billed(clean: FastlyMonth) -> Corrupted | None:
    """F9: usage was metered, and there is no invoice."""
    if not any(row.quantity for row in clean.usage):
        return None
    return replace(clean, invoices=()), f"month {clean.month}", "The month has usage and no invoice."


def commitment_not_billed(clean: FastlyMonth) -> Corrupted | None:
    """F9: nothing was used, a minimum was agreed, and there is no invoice for it."""
    minimum = clean.account.minimum_in(clean.month)
    if not minimum:
        return None
    sentence = f"A minimum of {minimum} {clean.account.currency} was agreed, and there is no invoice."
    return replace(clean, invoices=(), usage=()), f"month {clean.month}", sentence


def row_not_listed(clean: FastlyMonth) -> Corrupted | None:
    """F10: the list counts one row more than it has."""
    return replace(clean, unlisted=1), f"month {clean.month}", "The list says one row more than it has."


def by_id_description(clean: FastlyMonth) -> Corrupted | None:
    """F11: the list and the document by its id are not the same."""
    invoice = clean.invoices[0]
    line, meter = invoice.lines[0], invoice.lines[0].meter
    revised = replace(meter, description=f"{meter.description or meter.name} (revised)")
    changed = replace(invoice, lines=(replace(line, meter=revised), *invoice.lines[1:]))
    return (
        with_first(clean, replace(invoice, by_id=changed)),
        str(invoice.invoice_id),
        "The document by its id describes line 1 in other words than the list does.",
    )


def by_id_amount(clean: FastlyMonth) -> Corrupted | None:
    """F11: one amount, and the total with it, is another in the document by its id."""
    invoice = clean.invoices[0]
    line = invoice.lines[0]
    higher = replace(line, amount=line.amount + 3)
    changed = replace(invoice, lines=(higher, *invoice.lines[1:]), total=invoice.total + 3)
    return (
        with_first(clean, replace(invoice, by_id=changed)),
        str(invoice.invoice_id),
        f"Line 1 costs {higher.amount} in the document by its id, {line.amount} in the list.",
    )


def by_id_line(clean: FastlyMonth) -> Corrupted | None:
    """F11: the document by its id lacks the last line."""
    invoice = clean.invoices[0]
    if len(invoice.lines) < 2:
        return None
    changed = replace(invoice, lines=invoice.lines[:-1])
    return (
        with_first(clean, replace(invoice, by_id=changed)),
        str(invoice.invoice_id),
        "The document by its id lacks the last line.",
    )


def restated_later(clean: FastlyMonth) -> Corrupted | None:
    """F20: ten days after its posting the invoice has one line more."""
    invoice = clean.invoices[0]
    line = flat("fee", "Late adjustment", "Adjustments", exact.money(invoice.total / 50 + 1, invoice.currency))
    changed = replace(invoice, lines=(*invoice.lines, line), total=exact.total((invoice.total, line.amount)))
    when = invoice.posted_at + _CHANGES_AFTER
    return (
        with_first(clean, replace(invoice, changes_at=when, changed=changed)),
        str(invoice.invoice_id),
        f"From {when:%Y-%m-%d} on the invoice has {line.amount} more.",
    )


def withdrawn_later(clean: FastlyMonth) -> Corrupted | None:
    """F20: ten days after its posting the invoice is not there any more."""
    invoice = clean.invoices[0]
    when = invoice.posted_at + _CHANGES_AFTER
    return (
        with_first(clean, replace(invoice, changes_at=when)),
        str(invoice.invoice_id),
        f"From {when:%Y-%m-%d} on the invoice is not there any more.",
    )


def other_customer(clean: FastlyMonth) -> Corrupted | None:
    """F23: the invoice is another customer's."""
    invoice = clean.invoices[0]
    stranger = seeded_random.text(22, "stranger", clean.account.customer_id)
    return (
        with_first(clean, replace(invoice, customer_id=stranger)),
        str(invoice.invoice_id),
        f"The invoice is customer {stranger}'s.",
    )


def _another(clean: FastlyMonth, which: int, later: timedelta) -> Invoice:
    first, number = clean.invoices[0], invoice_number(clean.account, clean.month, which)
    return replace(
        first, invoice_id=number, statement_number=statement_number(number), posted_at=first.posted_at + later
    )
