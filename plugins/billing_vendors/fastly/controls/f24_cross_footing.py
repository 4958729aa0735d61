"""F24: sums by product, sums by region and the vendor's own subtotals agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from billing.controls.aggregate import summarize_passes
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, compare_amounts, not_applicable
from billing.models import Invoice, InvoiceLine
from billing.money import exact_sum, negated, product
from billing.names import name_key
from billing_vendors.fastly.controls.bill_totals import figure, kept_shares, totals_of
from billing_vendors.fastly.lines import charges
from billing_vendors.fastly.settings import FastlySettings

Amounts = list[Decimal | None]
Reading = tuple[Decimal | None, Amounts]
"""A subtotal, and the amounts that it may be the sum of. None is what the bill does not state: it is not compared."""


def sums_cross_foot(evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
    """
    Add up each invoice by product, by region, and (v2) by the subtotals of the bill itself.

    F1 alone checks whether the header is the sum of the lines, so that one error is found once. v3 has no subtotals, so
    there the two sums are of the same lines. Of v2 it is documented that ``incurred_cost`` is bandwidth and requests,
    and that ``cost_before_discount`` is that and the extras; not where other usage counts, nor what a region's cost
    includes: each reading agrees.

        by product 30.00, by region 30.00                                   -> PASS
        v2: bandwidth_cost 20.00 + requests_cost 5.00, incurred_cost 25.00  -> PASS
        v2: 4 usage lines 25.01, incurred_cost 25.00                        -> PASS_WITHIN_ROUNDING (bound 0.02)
        v2: usage lines 25.00 and Compute 7.00, incurred_cost 25.00 or 32.00 -> PASS
        v2: regions 25.00 in sum, and no subtotal is 25.00                  -> EXCEPTION
        within the account's tolerance for F24                              -> VARIANCE_TOLERATED
        the month has no invoice                                            -> NOT_APPLICABLE
    """
    if not evidence.account_month.invoices:
        yield not_applicable(str(evidence.account_month.month), "the month has no invoice")
    for invoice in evidence.account_month.invoices:
        findings = [_lines(invoice, evidence), *_subtotals(invoice, evidence)]
        yield from summarize_passes(invoice.invoice_id, "sums", findings, listed=True)


def _lines(invoice: Invoice, evidence: Evidence[FastlySettings]) -> Finding:
    by_product = _sums((line.product or line.description, line.amount) for line in invoice.lines)
    by_region = _sums((line.region, line.amount) for line in invoice.lines)
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
    for what, readings in _readings(invoice).items():
        findings = [
            compare_amounts(
                invoice.invoice_id,
                what,
                expected=exact_sum(given),
                actual=whole,
                currency=evidence.currency_of(invoice),
                roundings=len(given),
            )
            for whole, summands in readings
            if whole is not None and len(given := _given(summands)) == len(summands)
        ]
        if findings:
            yield next((found for found in findings if found.state is not State.EXCEPTION), findings[0])


def _readings(invoice: Invoice) -> dict[str, list[Reading]]:
    """Return what each subtotal of a v2 bill may be the sum of, the usual reading first."""
    totals, costs = totals_of(invoice), _costs(invoice.attributes.get("regions"))
    if not totals and not costs:
        return {}
    charged = charges([invoice])
    incurred, extras_cost = figure(totals, "incurred_cost"), figure(totals, "extras_cost")
    before_discount = figure(totals, "cost_before_discount")
    parts: Amounts = [figure(totals, "bandwidth_cost"), figure(totals, "requests_cost")]
    usage = [line for line in charged if line.usage_type]
    amounts: Amounts = [line.amount for line in usage]
    delivery: Amounts = [line.amount for line in usage if _is_delivery(line)]
    other: Amounts = [line.amount for line in usage if not _is_delivery(line)]
    subtotals = (incurred, exact_sum(_given(parts)), exact_sum(_given(amounts)), before_discount)
    without_extras: Amounts = [*(line.amount for line in charged), extras_cost and negated(extras_cost)]
    return {
        "bandwidth and requests against incurred_cost": [
            (incurred, parts),
            (incurred, parts + other),
            (incurred, [*parts, figure(totals, "percentile_cost")]),
        ],
        "regions against incurred_cost": [(whole, costs) for whole in subtotals if costs],
        "usage lines against incurred_cost": [
            (incurred and product(incurred, share), lines)
            for share in kept_shares(invoice)  # a discount may be in the lines
            for lines in (amounts, delivery, without_extras)
            if usage
        ],
        "extras against extras_cost": [(extras_cost, _extras(totals))],
        "incurred_cost and extras_cost against cost_before_discount": [
            (before_discount, [incurred, extras_cost]),
            (before_discount, [incurred, extras_cost, *other]),
        ],
    }


def _is_delivery(line: InvoiceLine) -> bool:
    """Return whether a line bills bandwidth or requests, and no other usage."""
    words = f"{name_key(line.usage_type)} {name_key(line.description)}"
    return "bandwidth" in words or "request" in words


def _costs(regions: object) -> Amounts:
    return [figure(region, "cost") for region in regions.values()] if isinstance(regions, dict) else []


def _extras(totals: dict[str, Any]) -> Amounts:
    """Return what extras cost; a member that is left out is 0."""
    extras = totals.get("extras")
    if not isinstance(extras, list):
        return [None]
    return [
        amount for extra in extras for name in ("recurring", "setup") if (amount := figure(extra, name)) is not None
    ]


def _given(amounts: Amounts) -> list[Decimal]:
    return [amount for amount in amounts if amount is not None]


def _sums(amounts: Iterable[tuple[str | None, Decimal]]) -> dict[str, Decimal]:
    """Add up amounts by name, as a person reads it."""
    sums: dict[str, list[Decimal]] = defaultdict(list)
    for name, amount in amounts:
        sums[name_key(name)].append(amount)
    return {name: exact_sum(members) for name, members in sums.items()}


F24 = Control(
    "F24",
    "Sums by product, region and subtotal agree",
    "accuracy",
    "exception",
    sums_cross_foot,
    operands="lines by product, lines by region; v2: total.*, regions.*.cost",
)
