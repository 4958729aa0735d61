"""F15: the shortfall fills the charges up to the minimum, no more and no less."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from billing.config.rate_card import in_force
from billing.controls.checks.footing import footing_of
from billing.controls.checks.line_types import invoices_without_credits, is_credit, is_shortfall
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked, compare_amounts, not_applicable
from billing.models import Invoice
from billing.money import difference, exact_sum, negated, product
from billing_vendors.fastly.controls.bill_totals import kept_shares, lifted, minimum_of, totals_of
from billing_vendors.fastly.lines import counts_as_charge, is_discount
from billing_vendors.fastly.settings import FastlySettings


def shortfall_fills_the_minimum(evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
    """
    Compare the shortfall billed with the minimum minus the charges, or with zero if the charges reach it.

    The minimum is the invoice's own (v2: ``total.plan_minimum``) or the account's ``commitments``. Tax does not count;
    whether credits and a v2 discount do is not documented: each reading agrees. The shortfall is a line, or of a v2
    bill ``total.commit_shortfall`` or what the header is lifted by. It is due once a month, on the first invoice
    posted; any other must bill none.

        minimum 3500.000, charges 3120.250, shortfall 379.750  -> PASS
        minimum 50.00, charges 62.10, no shortfall             -> PASS
        minimum 50.00, charges 62.10, credit -20.00, shortfall 7.90 -> PASS: credits count
        minimum 3500.000, 6 charges, shortfall 379.752 KWD     -> PASS_WITHIN_ROUNDING (bound 0.0035)
        minimum 50.00, charges 31.00, shortfall 29.00          -> EXCEPTION
        within the account's tolerance for F15                 -> VARIANCE_TOLERATED
        a shortfall is billed, but no minimum is known         -> BLOCKED
        no shortfall and no minimum, or no invoice             -> NOT_APPLICABLE
    """
    bills = invoices_without_credits(evidence.account_month.invoices)
    if not bills:
        yield not_applicable(str(evidence.account_month.month), "the month has no invoice")
        return
    yield _of_first(bills[0], evidence)
    for other in bills[1:]:
        if _billed(other, evidence):
            yield _compared(other, Decimal(0), "a second shortfall", evidence)


def _of_first(bill: Invoice, evidence: Evidence[FastlySettings]) -> Finding:
    minimum = _minimum(bill, evidence)
    if minimum is None:
        if _billed(bill, evidence):
            missing = (
                "a shortfall is billed, but neither the invoice nor `commitments` in accounts.yaml states a minimum"
            )
            return blocked(bill.invoice_id, missing)
        return not_applicable(bill.invoice_id, "no minimum is known and no shortfall is billed")
    charged = exact_sum(line.amount for line in bill.lines if counts_as_charge(line))
    # some credits are written without a sign
    credited = exact_sum(negated(line.amount.copy_abs()) for line in bill.lines if is_credit(line))
    discounted = exact_sum(line.amount for line in bill.lines if is_discount(line))
    readings = [
        exact_sum((product(charged, share), credit))
        for share in kept_shares(bill)
        for credit in (Decimal(0), discounted, credited)
    ]
    findings = [
        _compared(
            bill,
            max(Decimal(0), difference(minimum, counted)),
            f"the shortfall of charges of {counted:f} to the minimum of {minimum:f}",
            evidence,
        )
        for counted in readings
    ]
    return next((found for found in findings if found.state is not State.EXCEPTION), findings[0])


def _compared(bill: Invoice, due: Decimal, what: str, evidence: Evidence[FastlySettings]) -> Finding:
    billed = _billed(bill, evidence)
    return compare_amounts(
        bill.invoice_id,
        what,
        expected=due,
        actual=billed,
        currency=evidence.currency_of(bill),
        # each charge was rounded once, and so was the shortfall, if there is one
        roundings=1 + sum(counts_as_charge(line) for line in bill.lines) if due and billed else 0,
    )


def _billed(bill: Invoice, evidence: Evidence[FastlySettings]) -> Decimal:
    """Return the shortfall of a bill: its lines, or what its totals state, or what a v2 header has beyond its lines."""
    lines = exact_sum(line.amount for line in bill.lines if is_shortfall(line))
    if lines or not totals_of(bill):
        return lines
    beyond = footing_of(bill, evidence.currency_of(bill)).state is State.EXCEPTION
    return lifted(bill) or (max(Decimal(0), difference(bill.total, bill.lines_total)) if beyond else Decimal(0))


def _minimum(bill: Invoice, evidence: Evidence[FastlySettings]) -> Decimal | None:
    agreed = in_force(evidence.account.commitments, evidence.account_month.month)
    return minimum_of(bill) or (agreed[0].amount if agreed else None)


F15 = Control(
    "F15",
    "The shortfall fills the minimum exactly",
    "accuracy",
    "variance",
    shortfall_fills_the_minimum,
    operands="minimum, sum of the charges, shortfall line",
)
