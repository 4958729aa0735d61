"""G28: how the month compares with the one before and with the same month last year, product by product."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from billing.agreement import Agreement
from billing.controls.control import Control, Evidence
from billing.controls.line_kinds import Charged, in_words
from billing.controls.month_on_month import POLICY
from billing.controls.neighbours import month_before, year_before
from billing.controls.price_and_volume import Split, split, sum_of
from billing.controls.result import Finding, State, not_applicable
from billing.models import AccountMonth, InvoiceLine
from billing.money import exact_sum
from billing.receipts import held_documents

_SHOWN = 10
# A cost per user is a hint and may be rounded; nothing is judged by it.
_PER_USER = Context(prec=200, rounding=ROUND_HALF_UP)


def products_compare(evidence: Evidence) -> Iterator[Finding]:
    """
    Compare what is billed with the month before, then with the same month a year before, as F21 does, but by SKU and
    leg: an invoice line has no rate, so the contract's price in force stands in for it. The difference is split into
    price + volume + rounding + other, with nothing left over; the ten largest products and the cost per user are
    shown. Held duplicates are left out.

    This is analysis, not proof. Default policy: only more than 100 % **and** more than 100,000 minor units
    (1,000.00 EUR) needs a person.

        36000.00 then, 36000.00 now                   -> PASS
        36000.00 then, 37485.00 now                   -> VARIANCE_TOLERATED
        36000.00 then, 90000.00 now                   -> EXCEPTION
        one of the two months has no invoice          -> NOT_APPLICABLE
        the account's first month, or its first year  -> NOT_APPLICABLE
        the month to compare with is not stored       -> BLOCKED, names it
        the two months are in different currencies    -> NOT_APPLICABLE (G8 judges that)
    """
    for before in (month_before(evidence), year_before(evidence)):
        yield before if isinstance(before, Finding) else _compared(evidence.month, before)


def _compared(month: AccountMonth, before: AccountMonth) -> Finding:
    subject, against = str(month.period), f"compared with {before.period}"
    if not month.invoices or not before.invoices:
        return not_applicable(subject, f"{against}: {before.period if month.invoices else subject} has no invoice")
    currencies = {invoice.currency for invoice in (*month.invoices, *before.invoices)}
    if len(currencies) > 1:
        return not_applicable(subject, f"{against}: no common currency")
    then, now = _priced_lines(before), _priced_lines(month)
    parts = split(then, now)
    whole = sum_of(parts.values())
    expected, actual = exact_sum(line.amount for line in then), exact_sum(line.amount for line in now)
    return Finding(
        subject,
        State.EXCEPTION if whole.total else State.PASS,
        f"{actual:f} after {expected:f} in {before.period}: {whole.price:+f} by price, {whole.volume:+f} by volume, "
        f"{whole.rounding:+f} by rounding, {whole.other:+f} by credits and the like",
        expected=expected,
        actual=actual,
        difference=whole.total,
        currency=currencies.pop(),
        operands={
            "compared_with": str(before.period),
            **_parts(whole),
            "largest": _largest(parts),
            "per_user": {str(before.period): _per_user(before, expected), subject: _per_user(month, actual)},
        },
    )


def _priced_lines(month: AccountMonth) -> list[InvoiceLine]:
    """Give the month's lines, each with its leg as usage type and the contract's price as rate, where there is one."""
    agreement, held = Agreement(month.contracts), held_documents(month.invoices)
    found = []
    for invoice in month.invoices:
        if invoice.invoice_id not in held:
            contracts = agreement.contracts_of(invoice)
            found += [_priced(line, agreement, contracts) for line in invoice.lines]
    return found


def _priced(line: InvoiceLine, agreement: Agreement, contracts: frozenset[str]) -> InvoiceLine:
    leg = agreement.leg_of(line, contracts)
    if line.amount < 0 or leg is None or line.service_start is None:
        return line
    prices = {each.price for each in agreement.in_force(line.product or "", leg, contracts, line.service_start)}
    return replace(line, usage_type=str(leg), rate=prices.pop() if len(prices) == 1 else None)


def _per_user(month: AccountMonth, total: Decimal) -> Decimal | None:
    """Give what a used seat cost, to four decimals; None where no charge counts users."""
    charges = (charge for period in month.billing_periods for charge in period.charges if charge.unit == "User")
    users = exact_sum(charge.actual_quantity for charge in charges if charge.actual_quantity is not None)
    if not users:
        return None
    return _PER_USER.quantize(_PER_USER.divide(total, users), Decimal("0.0001"))


def _largest(parts: dict[Charged, Split]) -> list[dict[str, Any]]:
    ordered = sorted(parts.items(), key=lambda item: (-abs(item[1].total), in_words(item[0])))
    return [{"charged": in_words(charged), **_parts(each)} for charged, each in ordered[:_SHOWN]]


def _parts(each: Split) -> dict[str, Decimal]:
    return {"price": each.price, "volume": each.volume, "rounding": each.rounding, "other": each.other}


G28 = Control(
    "G28",
    "Products compare with last month and last year",
    "accuracy",
    "variance",
    products_compare,
    operands="lines by SKU, the contract's prices, users charged; of the month, the one before and a year before",
    tolerance=POLICY,
)
