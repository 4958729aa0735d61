"""F24: sums by product, sums by region and the vendor's own subtotals agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any

from billing.controls.aggregate import summarize_passes
from billing.controls.checks.line_types import charge_key, is_charge
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, compare_amounts, not_applicable
from billing.models import Invoice, InvoiceLine
from billing.money import exact_sum
from billing_vendors.fastly.settings import FastlySettings


def sums_cross_foot(evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
    """
    Add up each invoice by product, by region, and (v2) by the subtotals of the bill itself.

    F1 alone checks whether the header is the sum of the lines, so that one error is found once. v3 has no subtotals, so
    there the two sums are of the same lines.

        by product 30.00, by region 30.00                                   -> PASS
        v2: bandwidth_cost 20.00 + requests_cost 5.00, incurred_cost 25.00  -> PASS
        v2: 4 usage lines 25.01, incurred_cost 25.00                        -> PASS_WITHIN_ROUNDING (bound 0.02)
        v2: regions 25.00 in sum, incurred_cost 26.00                       -> EXCEPTION
        within the account's tolerance for F24                              -> VARIANCE_TOLERATED
        the month has no invoice                                            -> NOT_APPLICABLE
    """
    if not evidence.account_month.invoices:
        yield not_applicable(str(evidence.account_month.month), "the month has no invoice")
    for invoice in evidence.account_month.invoices:
        findings = [_lines(invoice, evidence), *_subtotals(invoice, evidence)]
        yield from summarize_passes(invoice.invoice_id, "sums", findings, listed=True)


def _lines(invoice: Invoice, evidence: Evidence[FastlySettings]) -> Finding:
    by_product = _sums(invoice.lines, lambda line: charge_key(line)[0])
    by_region = _sums(invoice.lines, lambda line: line.region or "none")
    return compare_amounts(
        invoice.invoice_id,
        f"{len(by_product)} products against {len(by_region)} regions",
        expected=exact_sum(by_product.values()),
        actual=exact_sum(by_region.values()),
        currency=evidence.currency_of(invoice),
        roundings=0,
    )


def _subtotals(invoice: Invoice, evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
    """Compare v2's subtotals with each other and with the lines; what a bill does not have is not compared."""
    totals, regions = _members(invoice, "total"), _members(invoice, "regions")
    costs = [_number(region, "cost") for region in regions.values()] or [None]
    usage = [line.amount for line in invoice.lines if is_charge(line) and line.usage_type]
    extras = [
        amount
        for extra in totals.get("extras", ())
        for amount in (_number(extra, "recurring"), _number(extra, "setup"))
    ]
    incurred, extras_cost = _number(totals, "incurred_cost"), _number(totals, "extras_cost")
    parts = [_number(totals, "bandwidth_cost"), _number(totals, "requests_cost")]
    for what, whole, summands in (
        ("bandwidth and requests against incurred_cost", incurred, parts),
        ("regions against incurred_cost", incurred, costs),
        ("usage lines against incurred_cost", incurred, usage),
        ("extras against extras_cost", extras_cost, [amount for amount in extras if amount is not None]),
        (
            "incurred_cost and extras_cost against cost_before_discount",
            _number(totals, "cost_before_discount"),
            [incurred, extras_cost],
        ),
    ):
        given = [amount for amount in summands if amount is not None]
        if whole is not None and len(given) == len(summands):
            yield compare_amounts(
                invoice.invoice_id,
                what,
                expected=exact_sum(given),
                actual=whole,
                currency=evidence.currency_of(invoice),
                roundings=len(given),
            )


def _sums(lines: Iterable[InvoiceLine], of: Callable[[InvoiceLine], str]) -> dict[str, Decimal]:
    amounts: dict[str, list[Decimal]] = defaultdict(list)
    for line in lines:
        amounts[of(line)].append(line.amount)
    return {name: exact_sum(members) for name, members in amounts.items()}


def _members(invoice: Invoice, name: str) -> dict[str, Any]:
    value = invoice.attributes.get(name)
    return value if isinstance(value, dict) else {}


def _number(row: object, name: str) -> Decimal | None:
    value = row.get(name) if isinstance(row, dict) else None
    return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


F24 = Control(
    "F24",
    "Sums by product, region and subtotal agree",
    "accuracy",
    "exception",
    sums_cross_foot,
    operands="lines by product, lines by region; v2: total.*, regions.*.cost",
)
