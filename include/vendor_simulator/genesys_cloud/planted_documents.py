"""Errors of whole documents: what is missing, withdrawn, issued twice or printed otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from vendor_simulator import exact
from vendor_simulator.genesys_cloud.billing import DUPLICATE, invoice_id
from vendor_simulator.genesys_cloud.edits import (
    Corrupted,
    find_line,
    is_material,
    largest_line,
    with_invoice,
    with_line,
)
from vendor_simulator.genesys_cloud.month import GenesysMonth, Invoice, Line
from vendor_simulator.genesys_cloud.periods import has_period

_OTHER_CUSTOMER = "A-99999999"


def billed_twice(clean: GenesysMonth, _slight: bool) -> Corrupted | None:
    """G15: the same invoice once more under another id."""
    invoice = clean.invoices[0]
    again = replace(invoice, invoice_id=invoice_id(clean.period, DUPLICATE))
    return Corrupted(
        replace(clean, invoices=(*clean.invoices, again)),
        again.invoice_id,
        f"The content of {invoice.invoice_id} is billed again under another id.",
    )


def printed_total_off(clean: GenesysMonth, _slight: bool) -> Corrupted | None:
    """G21: the printed total is another one."""
    invoice = clean.invoices[0]
    printed = invoice.amount + 100
    return _printed(
        clean, replace(invoice, document_amount=printed), f"The PDF says {printed}, the API {invoice.amount}."
    )


def printed_sign_off(clean: GenesysMonth, _slight: bool) -> Corrupted | None:
    """G21: the printed total has the other sign."""
    invoice = clean.invoices[0]
    if not invoice.amount:
        return None
    wrong = replace(invoice, document_amount=-invoice.amount)
    return _printed(clean, wrong, f"The PDF says {-invoice.amount}, the API {invoice.amount}.")


def printed_zero(clean: GenesysMonth, _slight: bool) -> Corrupted | None:
    """G21: the printed total is zero."""
    invoice = clean.invoices[0]
    if not invoice.amount:
        return None
    wrong = replace(invoice, document_amount=invoice.amount * 0)
    return _printed(clean, wrong, f"The PDF says zero, the API {invoice.amount}.")


def printed_number_off(clean: GenesysMonth, _slight: bool) -> Corrupted | None:
    """G21: the number on the PDF is another one."""
    invoice = clean.invoices[0]
    other = invoice_id(replace(clean.period, month=clean.period.month.shift(-1)), 0)
    return _printed(clean, replace(invoice, printed_as=other), f"The PDF is numbered {other}.")


def printed_other_invoice(clean: GenesysMonth, _slight: bool) -> Corrupted | None:
    """G21: the link leads to the PDF of another invoice."""
    invoice = clean.invoices[0]
    other = invoice_id(replace(clean.period, month=clean.period.month.shift(-1)), 0)
    wrong = replace(invoice, printed_as=other, document_amount=invoice.amount + 17)
    return _printed(clean, wrong, f"The PDF is that of {other}.")


def line_dropped(clean: GenesysMonth, _slight: bool) -> Corrupted | None:
    """G1: one line of several is not in the list; the amount includes it."""
    found = _one_of_several(clean)
    if found is None:
        return None
    invoice, place = found
    lines = (*invoice.lines[:place], *invoice.lines[place + 1 :])
    corrupted = with_invoice(clean, invoice, replace(invoice, lines=lines))
    return Corrupted(corrupted, invoice.invoice_id, f"{invoice.lines[place].description}: the line is not listed.")


def line_sign_off(clean: GenesysMonth, _slight: bool) -> Corrupted | None:
    """G1: one line has the other sign than the amount includes."""
    found = _one_of_several(clean)
    if found is None:
        return None
    invoice, place = found
    line = invoice.lines[place]
    lines = (*invoice.lines[:place], replace(line, amount=-line.amount), *invoice.lines[place + 1 :])
    corrupted = with_invoice(clean, invoice, replace(invoice, lines=lines))
    return Corrupted(corrupted, invoice.invoice_id, f"{line.description}: {-line.amount} instead of {line.amount}.")


def page_lost(clean: GenesysMonth, _slight: bool) -> Corrupted | None:
    """G1: the list of lines ends after its first half, as if there were no further page."""
    invoice = max(clean.invoices, key=lambda each: len(each.lines))
    listed = (len(invoice.lines) + 1) // 2
    lost = exact.total(line.amount for line in invoice.lines[listed:])
    if not is_material(lost, invoice, len(invoice.lines) + 100):
        return None
    corrupted = with_invoice(clean, invoice, replace(invoice, listed=listed))
    return Corrupted(corrupted, invoice.invoice_id, f"Only {listed} of {len(invoice.lines)} lines are listed.")


def overage_not_billed(clean: GenesysMonth, _slight: bool) -> Corrupted | None:
    """G5: an overage that was charged has no line, nor is it in the invoice's amount."""
    found = largest_line(clean, "overage")
    if found is None or len(found[0].lines) < 2:
        return None
    invoice, line = found
    corrupted = with_line(clean, invoice, line)
    sentence = f"{line.description}: {line.amount} were charged and are not billed."
    return Corrupted(corrupted, invoice.invoice_id, sentence, ("G29",))


def prepayment_missing(clean: GenesysMonth, _slight: bool) -> Corrupted | None:
    """
    G29: the invoice with the prepayment of one period does not come.

    That a year's prepayment is missing can be known only by who has stored the bills of the year before.
    """
    return _without(clean, "The prepayment", lambda line: line.kind == "prepay" and _is_of_one_period(line))


def arrears_missing(clean: GenesysMonth, _slight: bool) -> Corrupted | None:
    """G29: the invoice of the overage does not come, although charges are above zero."""
    return _without(clean, "The overage", lambda line: line.kind == "overage")


def one_time_missing(clean: GenesysMonth, _slight: bool) -> Corrupted | None:
    """G29: a one-time item is never billed; its tokens are in the wallet."""
    found = find_line(clean, lambda line: line.kind == "one_time")
    if found is None:
        return None
    invoice, line = found
    alone = len(invoice.lines) == 1
    corrupted = with_invoice(clean, invoice) if alone else with_line(clean, invoice, line)
    sentence = f"{line.description} of {line.start}, {line.amount} {invoice.currency}, is never billed."
    return Corrupted(corrupted, clean.period.id, sentence)


def withdrawn(clean: GenesysMonth, _slight: bool) -> Corrupted | None:
    """G25: an invoice is no longer there; to be planted after it was read once."""
    invoice = clean.invoices[-1]
    return Corrupted(
        with_invoice(clean, invoice), invoice.invoice_id, f"{invoice.invoice_id} is no longer listed.", ("G29",)
    )


def restated(clean: GenesysMonth, _slight: bool) -> Corrupted | None:
    """G25: an invoice has another amount under the same id; to be planted after it was read once."""
    invoice = clean.invoices[0]
    line = invoice.lines[0]
    changed = replace(line, amount=line.amount + Decimal(211).scaleb(-exact.EXPONENTS[invoice.currency]))
    sentence = f"{line.description}: {changed.amount} under the same number, {line.amount} before."
    return Corrupted(with_line(clean, invoice, line, changed), invoice.invoice_id, sentence, ("G2", "G5"))


def reissued(clean: GenesysMonth, _slight: bool) -> Corrupted | None:
    """G25: an invoice is voided, and issued again under another id; to be planted after it was read once."""
    invoice = clean.invoices[0]
    again = replace(invoice, invoice_id=invoice_id(clean.period, DUPLICATE))
    sentence = f"{invoice.invoice_id} is no longer listed, {again.invoice_id} has its content."
    return Corrupted(with_invoice(clean, invoice, again), invoice.invoice_id, sentence)


def period_missing(clean: GenesysMonth, _slight: bool) -> Corrupted | None:
    """G16: the contract names the periods before and after, not this one."""
    month = clean.period.month
    if not (has_period(clean.contract, month.shift(-1)) and has_period(clean.contract, month.shift(1))):
        return None
    sentence = f"The contract does not name the period from {clean.period.start} to {clean.period.end}."
    return Corrupted(replace(clean, omitted=True), clean.period.id, sentence)


def credit_as_invoice(clean: GenesysMonth, _slight: bool) -> Corrupted | None:
    """G19: a credit memo calls itself an invoice."""
    memo = next((each for each in clean.invoices if each.type == "Credit Memo"), None)
    if memo is None:
        return None
    corrupted = with_invoice(clean, memo, replace(memo, type="Invoice"))
    return Corrupted(corrupted, memo.invoice_id, f"{memo.amount} {memo.currency} are credited by an invoice.")


def other_customer(clean: GenesysMonth, _slight: bool) -> Corrupted | None:
    """G22: the invoice is addressed to another customer."""
    invoice = clean.invoices[0]
    corrupted = with_invoice(clean, invoice, replace(invoice, bill_to=_OTHER_CUSTOMER))
    return Corrupted(corrupted, invoice.invoice_id, f"{invoice.invoice_id} is billed to {_OTHER_CUSTOMER}.")


def _printed(clean: GenesysMonth, wrong: Invoice, sentence: str) -> Corrupted:
    return Corrupted(with_invoice(clean, clean.invoices[0], wrong), wrong.invoice_id, sentence)


def _one_of_several(clean: GenesysMonth) -> tuple[Invoice, int] | None:
    """Return an invoice of several lines, and the place of the one that is worth most."""
    for invoice in clean.invoices:
        place = max(range(len(invoice.lines)), key=lambda each: abs(invoice.lines[each].amount), default=0)
        if len(invoice.lines) > 1 and is_material(invoice.lines[place].amount, invoice, len(invoice.lines) + 100):
            return invoice, place
    return None


def _without(clean: GenesysMonth, words: str, wanted: Callable[[Line], bool]) -> Corrupted | None:
    billed = [each for each in clean.invoices if any(wanted(line) and line.amount for line in each.lines)]
    if not billed:
        return None
    invoice = billed[0]
    sentence = f"{words} of {clean.period.start} to {clean.period.end}: the invoice of {invoice.amount} is missing."
    return Corrupted(with_invoice(clean, invoice), clean.period.id, sentence)


def _is_of_one_period(line: Line) -> bool:
    return line.plan is not None and line.plan.months == 1
