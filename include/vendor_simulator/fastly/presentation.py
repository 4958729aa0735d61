"""Which lines an invoice shows, under which signs and names, and for which period, by what the contract leaves open."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from vendor_simulator.fastly.accounts import FastlyAccount
from vendor_simulator.fastly.model import FastlyMonth, Invoice, Line
from vendor_simulator.fastly.readings import Values

_ZONES = {"utc": timedelta(0), "east": timedelta(hours=-9), "west": timedelta(hours=8)}
_MINIMUM_NAME = "Monthly minimum adjustment"


def shown_month(content: FastlyMonth, values: Values) -> FastlyMonth:
    """Return the month as the account's documents show it; what is charged is the same."""
    return replace(content, invoices=tuple(_shown(content.account, each, values) for each in content.invoices))


def _shown(account: FastlyAccount, invoice: Invoice, values: Values) -> Invoice:
    lines = tuple(_named(_credited(line, values["credit"]), values["shortfall_name"]) for line in invoice.lines)
    apart: tuple[Line, ...] = ()
    if account.api == "v2":
        if values["v2_shortfall"] == "total":
            apart = tuple(line for line in lines if line.kind == "shortfall")
            lines = tuple(line for line in lines if line.kind != "shortfall")
        lines += _voided(lines, values["v2_voided"])
    shift = _ZONES[values["zone"]]
    return replace(
        invoice,
        lines=lines,
        apart=apart,
        start=invoice.start + shift,
        end=invoice.end + shift,
        by_id=invoice.by_id and _shown(account, invoice.by_id, values),
        changed=invoice.changed and _shown(account, invoice.changed, values),
    )


def _credited(line: Line, form: str) -> Line:
    if line.kind != "credit" or form == "own":
        return line
    coupon = "" if form == "no_coupon" else line.coupon or "SERVICE-CREDIT"
    if form != "positive":
        return replace(line, coupon=coupon)
    return replace(line, coupon=coupon, rate=-line.rate, amount=-line.amount)


def _named(line: Line, form: str) -> Line:
    if line.kind != "shortfall" or form == "shortfall":
        return line
    return replace(line, meter=replace(line.meter, name=_MINIMUM_NAME))


def _voided(lines: tuple[Line, ...], form: str) -> tuple[Line, ...]:
    """Return the first charge once more as a line that was voided."""
    charged = next((line for line in lines if line.kind in {"usage", "fee"}), None)
    if form == "none" or charged is None:
        return ()
    return (replace(charged, kind="voided", amount=Decimal(0) if form == "nulled" else charged.amount),)
