"""
Accrual of a vendor that bills by contract: the charges of the month's billing periods and the month's share of what is
prepaid. Pure; no vendor is called.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from billing.accruals.proposal import Basis, Part, Proposal, RecordVersion, blocked
from billing.matching.price_book import ChargeType, PriceBook, PricedItem
from billing.models import Charge, Contract, ContractBillingPeriod, Wallet
from billing.money import minor_unit, product
from billing.month import Month
from billing.proration import round_fraction, served, split

_MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class ReadPeriod:
    """A stored version of a billing period; ``read_at`` is when the vendor first said so, UTC."""

    version: RecordVersion
    billing_period: ContractBillingPeriod
    read_at: datetime


@dataclass(frozen=True, slots=True)
class ReadContract:
    """A stored version of a contract."""

    version: RecordVersion
    contract: Contract


@dataclass(frozen=True, slots=True)
class _Figure:
    kind: str
    name: str
    source: RecordVersion
    source_amount: Decimal
    currency: str | None
    starts_on: date
    ends_on: date


class _MissingOperandError(Exception):
    """A figure that a proposal needs is missing; the text names it."""


def propose_from_periods(
    month: Month, currency: str, contracts: Sequence[ReadContract], periods: Sequence[ReadPeriod]
) -> Proposal:
    """
    Accrue the overage charges of the billing periods that end in the month, whole, and the month's days of what their
    contracts prepay, by the prices in force when each billing period begins. A period that is still open counts with
    what it has charged by the time it was read.

        October, prepaid 31.00, overage 12.00                      -> 43.00
        21 September to 20 October, then the next; each 310.00     -> 206.67 (20 of 30 days) + 110.00 (11 of 31)
        the billing period that holds the contract's first day of the month is not stored -> BLOCKED
        a charge or a quantity is missing                          -> BLOCKED, with its name
        two stored billing periods do not adjoin                   -> BLOCKED
        two currencies                                             -> BLOCKED

    After the last stored period the contract is assumed to continue in periods of the same length.

    :param contracts: all of the account's, as known then.
    :param periods: those that have a day in the month, as known then.
    """
    try:
        _check_read(month, contracts, periods)
        figures = [figure for each in contracts for figure in _of_contract(month, each, periods)]
        found = sorted({figure.currency or currency for figure in figures}) or [currency]
        unit = minor_unit(found[0])
        if len(found) > 1 or unit is None:
            raise _MissingOperandError(
                f"its figures are in {', '.join(found)}: one currency with a known smallest unit is needed"
            )
    except _MissingOperandError as missing:
        return blocked(month, Basis.PERIOD_CHARGES, currency, str(missing))
    as_of = min(each.read_at for each in periods)
    unfinished = sum((each.billing_period.status or "").casefold() != "closed" for each in periods)
    state = f", {unfinished} of them not closed" if unfinished else ""
    return Proposal(
        month,
        Basis.PERIOD_CHARGES,
        found[0],
        f"Charges of {len(periods)} billing periods{state}, plus the month's days of prepaid items; "
        f"read since {as_of:%Y-%m-%d %H:%M} UTC.",
        tuple(_part(figure, month, unit) for figure in figures),
        as_of,
    )


def _check_read(month: Month, contracts: Sequence[ReadContract], periods: Sequence[ReadPeriod]) -> None:
    if not any(each.billing_period.month == month for each in periods):
        raise _MissingOperandError(f"no billing period of {month} is stored")
    known = {each.contract.contract_id for each in contracts}
    unknown = sorted({each.billing_period.contract_id for each in periods} - known)
    if unknown:
        raise _MissingOperandError(f"contract {unknown[0]} of a stored billing period was not read")


def _of_contract(month: Month, read: ReadContract, periods: Sequence[ReadPeriod]) -> Iterator[_Figure]:
    contract = read.contract
    first = max(month.first_day, contract.starts_on or month.first_day)
    end = min(month.end.date(), contract.ends_on or month.end.date())
    if first >= end:
        return
    ours = sorted(
        (each for each in periods if each.billing_period.contract_id == contract.contract_id),
        key=lambda each: each.billing_period.starts_on,
    )
    if not ours or ours[0].billing_period.starts_on > first:
        raise _MissingOperandError(
            f"the billing period of contract {contract.contract_id} that holds {first} is not stored"
        )
    for before, after in pairwise(ours):
        if before.billing_period.ends_on != after.billing_period.starts_on:
            raise _MissingOperandError(
                f"billing periods {before.billing_period.billing_period_id} and "
                f"{after.billing_period.billing_period_id} do not adjoin"
            )
    for each in ours:
        if each.billing_period.month == month:
            yield from _charges(each)
    for starts_on, ends_on in _cycles([each.billing_period for each in ours], end):
        yield from _prepaid(read, starts_on, ends_on)


def _charges(read: ReadPeriod) -> Iterator[_Figure]:
    rows: tuple[Charge | Wallet, ...] = (*read.billing_period.charges, *read.billing_period.wallets)
    for row in rows:
        kind = "wallet_overage" if isinstance(row, Wallet) else "overage"
        name = row.sku or row.name or str(row.position)
        if row.overage_charge is None:
            if row.overage_quantity == 0:
                continue
            raise _MissingOperandError(f"{read.billing_period.billing_period_id} has no overage charge of {name}")
        if row.overage_charge:
            days = read.billing_period.starts_on, read.billing_period.ends_on
            yield _Figure(kind, name, read.version, row.overage_charge, row.currency, *days)


def _prepaid(read: ReadContract, starts_on: date, ends_on: date) -> Iterator[_Figure]:
    price_book, ours = PriceBook([read.contract]), frozenset({read.contract.contract_id})
    skus = dict.fromkeys(item.sku or item.product_name or "" for item in read.contract.items)
    for sku in skus:
        for priced in price_book.in_force(sku, ChargeType.PREPAID, ours, starts_on):
            whole = _price_of(priced, sku)
            if whole:
                yield _Figure("prepaid", sku, read.version, whole, priced.item.currency, starts_on, ends_on)


def _price_of(priced: PricedItem, sku: str) -> Decimal:
    if priced.item.quantity is None:
        raise _MissingOperandError(f"contract {priced.contract_id} prepays {sku} without a quantity")
    return product(priced.price, priced.item.quantity)


def _part(figure: _Figure, month: Month, unit: Decimal) -> Part:
    whole = round_fraction(Fraction(figure.source_amount), unit)
    if figure.kind != "prepaid":
        return Part(figure.kind, figure.name, figure.source, figure.source_amount, whole)
    shares = split(whole, *served(figure.starts_on, figure.ends_on), unit)
    amount = next((share.amount for share in shares if share.month == month), Decimal(0))
    return Part(figure.kind, figure.name, figure.source, figure.source_amount, amount)


def _cycles(periods: Sequence[ContractBillingPeriod], end: date) -> Iterator[tuple[date, date]]:
    """Return the stored periods, then further periods of the same length until a day."""
    for each in periods:
        yield each.starts_on, each.ends_on
    starts_on, ends_on = periods[-1].starts_on, periods[-1].ends_on
    while ends_on < end:
        starts_on, ends_on = ends_on, _next_end(starts_on, ends_on)
        yield starts_on, ends_on


def _next_end(starts_on: date, ends_on: date) -> date:
    months = (ends_on.year - starts_on.year) * _MONTHS_A_YEAR + ends_on.month - starts_on.month
    if starts_on.day != ends_on.day or not months:
        return ends_on + (ends_on - starts_on)
    later = Month.of(ends_on).shifted(months)
    return later.first_day.replace(day=min(ends_on.day, monthrange(later.year, later.month)[1]))
