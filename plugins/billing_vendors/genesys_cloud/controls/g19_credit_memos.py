"""G19: a credit memo credits a stored invoice, and no more than its total."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from billing.controls.control import Control
from billing.controls.evidence import Evidence, InvoiceSummary
from billing.controls.finding import Finding, State, blocked, not_applicable
from billing.models import Invoice
from billing.money import difference, exact_sum
from billing_vendors.genesys_cloud.settings import GenesysSettings

_WORD = re.compile(r"[A-Za-z]{1,6}-?[0-9]{4,}")


def credits_are_credits(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    Check each document's sign: an invoice is not below zero, a credit memo and each of its lines are, or all amounts of
    the month's memos are above zero, as their type says what they are. Check also which
    invoice a credit memo credits: the vendor has no field for it, but its lines may name one; all memos on one invoice
    must not credit more than it bills, in its own currency.

        invoice 100.00, credit memo -30.00                     -> PASS
        every credit memo and each of their lines above zero   -> PASS: the type says it
        invoice -100.00, or one of two credit memos 30.00      -> EXCEPTION
        credit memo -30.00 with a line of +5.00                -> EXCEPTION
        memo "Credit for INV1", INV1 bills 100.00, memo -30.00 -> PASS
        the same, INV1 bills 20.00                             -> EXCEPTION
        the memo is in USD, INV1 in EUR                        -> EXCEPTION
        INV1 is not stored                                     -> BLOCKED
        no line of the memo names an invoice                   -> NOT_APPLICABLE: the API has no reference
        no document                                            -> NOT_APPLICABLE
    """
    account_month = evidence.account_month
    if not account_month.invoices:
        yield not_applicable(str(account_month.month), "the month has no invoice")
    memos = [invoice for invoice in account_month.invoices if invoice.kind == "credit_memo"]
    by_type = all(memo.total > 0 and all(line.amount >= 0 for line in memo.lines) for memo in memos)
    for invoice in account_month.invoices:
        yield _sign(invoice, by_type=by_type)
    yield from _references(evidence)


def _sign(invoice: Invoice, *, by_type: bool) -> Finding:
    memo = invoice.kind == "credit_memo" and not by_type
    wrong = [line.position for line in invoice.lines if memo and line.amount > 0]
    good = invoice.total <= 0 and not wrong if memo else invoice.total >= 0
    name = "credit memo" if invoice.kind == "credit_memo" else "invoice"
    verdict = "as its type says" if good else "its type says otherwise"
    if wrong:
        verdict = f"its lines {', '.join(map(str, wrong[:5]))} charge something"
    return Finding(
        invoice.invoice_id,
        State.PASS if good else State.EXCEPTION,
        f"a {name} with a total of {invoice.total}: {verdict}",
        actual=invoice.total,
        currency=invoice.currency,
        operands={"kind": invoice.kind, "charging_lines": wrong[:20]},
    )


def _references(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    memos: dict[str, list[Invoice]] = defaultdict(list)
    for memo in evidence.account_month.invoices:
        if memo.kind != "credit_memo":
            continue
        named = _named(memo)
        if not named:
            yield not_applicable(memo.invoice_id, "it names no invoice: the vendor's API has no reference to one")
        for invoice_id in named:
            memos[invoice_id].append(memo)
    known = {summary.invoice_id: summary for summary in evidence.history}
    here = {invoice.invoice_id: invoice for invoice in evidence.account_month.invoices}
    for invoice_id, found in memos.items():
        original = here.get(invoice_id) or known.get(invoice_id)
        yield _within(invoice_id, original, found)


def _within(invoice_id: str, original: Invoice | InvoiceSummary | None, memos: list[Invoice]) -> Finding:
    subject = memos[0].invoice_id
    if original is None:
        return blocked(subject, f"it credits {invoice_id}, which is not stored for this month or the one before")
    credited = exact_sum(abs(memo.total) for memo in memos)
    currencies = sorted({str(original.currency), *(str(memo.currency) for memo in memos)})
    operands = {"original": invoice_id, "memos": [memo.invoice_id for memo in memos], "currencies": currencies}
    if len(currencies) > 1:
        text = f"it credits {invoice_id} in another currency: {', '.join(currencies)}"
        return Finding(subject, State.EXCEPTION, text, operands=operands)
    above = difference(credited, original.total)
    good = above <= 0 and original.kind != "credit_memo"
    return Finding(
        subject,
        State.PASS if good else State.EXCEPTION,
        f"{credited} of {original.total} of {invoice_id} are credited",
        expected=original.total,
        actual=credited,
        difference=above if above > 0 else Decimal(0),
        currency=original.currency,
        operands=operands,
    )


def _named(memo: Invoice) -> list[str]:
    """
    Return the invoices that a memo's lines name, each once: words like ``INV00501234``, not the memo's own number.
    """
    words = (enum for line in memo.lines for enum in _WORD.findall(line.description))
    return [enum for enum in dict.fromkeys(words) if enum != memo.invoice_id]


G19 = Control(
    "G19",
    "Credits do not exceed what was billed",
    "classification",
    "exception",
    credits_are_credits,
    operands="type and sign of each document, total of the invoice that a credit memo names",
)
