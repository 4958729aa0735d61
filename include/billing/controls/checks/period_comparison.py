"""Compare the lines of a month with those of an earlier one, for the month-on-month controls."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from billing.config.tolerances import Tolerance
from billing.controls.checks.line_types import ChargeKey, describe
from billing.controls.checks.price_volume import Split, split, sum_of
from billing.controls.finding import Finding, State, not_applicable
from billing.models import AccountMonth, Invoice, InvoiceLine
from billing.money import exact_sum

POLICY = Tolerance(percent=Decimal(100), minor_units=100_000)
_SHOWN = 10


def compared(
    account_month: AccountMonth,
    before: AccountMonth,
    lines_of: Callable[[AccountMonth], list[InvoiceLine]],
    currency_of: Callable[[Invoice], str | None],
) -> Finding:
    """
    Compare the sums of two months' lines and split the difference; a difference is an EXCEPTION before any policy.

    :param lines_of: which lines count, each with the rate that separates price from volume.
    :param currency_of: an invoice's currency; NOT_APPLICABLE unless both months have the same single one.
    """
    subject, against = str(account_month.month), f"compared with {before.month}"
    if not account_month.invoices or not before.invoices:
        return not_applicable(
            subject, f"{against}: {before.month if account_month.invoices else subject} has no invoice"
        )
    currencies = {currency_of(invoice) for invoice in (*account_month.invoices, *before.invoices)}
    if len(currencies) > 1:
        return not_applicable(subject, f"{against}: no common currency")
    then, now = lines_of(before), lines_of(account_month)
    parts = split(then, now)
    whole = sum_of(parts.values())
    expected, actual = exact_sum(line.amount for line in then), exact_sum(line.amount for line in now)
    return Finding(
        subject,
        State.EXCEPTION if whole.total else State.PASS,
        f"{actual:f} after {expected:f} in {before.month}: {whole.price:+f} by price, {whole.volume:+f} by volume, "
        f"{whole.rounding:+f} by rounding, {whole.other:+f} by credits and other items",
        expected=expected,
        actual=actual,
        difference=whole.total,
        currency=currencies.pop(),
        operands={"compared_with": str(before.month), **_parts(whole), "largest": _largest(parts)},
    )


def _largest(parts: dict[ChargeKey, Split]) -> list[dict[str, Any]]:
    ordered = sorted(parts.items(), key=lambda item: (-abs(item[1].total), describe(item[0])))
    return [{"charged": describe(charged), **_parts(each)} for charged, each in ordered[:_SHOWN]]


def _parts(each: Split) -> dict[str, Decimal]:
    return {"price": each.price, "volume": each.volume, "rounding": each.rounding, "other": each.other}
