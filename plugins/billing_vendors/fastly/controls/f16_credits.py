"""F16: negative lines are credits with a coupon, and credits do not exceed the charges."""

from __future__ import annotations

from collections.abc import Iterator

from billing.controls.checks.line_types import is_credit
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, not_applicable
from billing.models import Invoice, InvoiceLine
from billing.money import difference, exact_sum, negated
from billing_vendors.fastly.controls.bill_totals import has_unsigned_credits
from billing_vendors.fastly.lines import is_discount
from billing_vendors.fastly.settings import FastlySettings


def credits_are_marked_and_covered(evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
    """
    Check that a line is negative if, and only if, it has a coupon, and that the month's charges cover the credits.

    A credit of zero is a credit. A separate correction document is covered by the month's bill. Whether a credit must
    have a coupon and a sign is not documented: without any coupon in the month credits are known by their sign, and
    with a header that takes them off (F1) by their coupon.

        -12.00 with coupon SVC-1, charges 100.00             -> PASS
        no credit at all                                     -> PASS
        -12.00 without coupon, and no other credit has one   -> PASS
        -12.00 without coupon, and another credit has one    -> EXCEPTION, unless it is called a discount
        12.00 with coupon, lines 100.00, total 88.00         -> PASS
        12.00 with coupon, lines 100.00, total 112.00        -> EXCEPTION
        credits 120.00, charges 100.00                       -> EXCEPTION
        within the account's tolerance for F16               -> VARIANCE_TOLERATED, for what is not covered
        the month has no invoice                             -> NOT_APPLICABLE
    """
    account_month = evidence.account_month
    if not account_month.invoices:
        yield not_applicable(str(account_month.month), "the month has no invoice")
        return
    marked = any(line.credit_coupon for invoice in account_month.invoices for line in invoice.lines)
    for invoice in account_month.invoices:
        unsigned = has_unsigned_credits(invoice, evidence.currency_of(invoice))
        for line in invoice.lines:
            unmarked = line.amount < 0 and line.credit_coupon is None and marked and not is_discount(line)
            if unmarked or (line.amount > 0 and line.credit_coupon is not None and not unsigned):
                yield _strange(invoice, line, evidence)
    currencies = sorted({evidence.currency_of(invoice) for invoice in account_month.invoices})
    yield from (_cover(evidence, currency) for currency in currencies)


def _strange(invoice: Invoice, line: InvoiceLine, evidence: Evidence[FastlySettings]) -> Finding:
    fault = "negative, but has no coupon" if line.amount < 0 else "charged, but has a coupon"
    return Finding(
        invoice.invoice_id,
        State.EXCEPTION,
        f"line {line.position} ({line.description}) is {fault}: {line.amount:f}",
        currency=evidence.currency_of(invoice),
        operands={"line": line.position, "amount": line.amount, "coupon": line.credit_coupon},
    )


def _cover(evidence: Evidence[FastlySettings], currency: str) -> Finding:
    """Compare credits with charges, both of one currency; the difference is what is not covered."""
    lines = [
        line for inv in evidence.account_month.invoices if evidence.currency_of(inv) == currency for line in inv.lines
    ]
    unsigned = [line.amount for line in lines if line.credit_coupon and line.amount > 0]
    given = exact_sum([*(negated(line.amount) for line in lines if line.amount < 0), *unsigned])
    charged = exact_sum(line.amount for line in lines if not is_credit(line))
    count = sum(is_credit(line) for line in lines)
    covered = given <= charged
    return Finding(
        str(evidence.account_month.month),
        State.PASS if covered else State.EXCEPTION,
        f"{count} credits of {given:f} {currency} {'are covered by' if covered else 'exceed'} charges of {charged:f}",
        expected=charged,
        actual=given,
        difference=None if covered else difference(given, charged),
        currency=currency,
        operands={"credits": count},
    )


F16 = Control(
    "F16",
    "Credits are marked, and covered by charges",
    "classification",
    "warning",
    credits_are_marked_and_covered,
    operands="sign and coupon of each line; sum of credits, sum of charges",
)
