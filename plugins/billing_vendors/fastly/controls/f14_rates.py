"""F14: rates are the agreed ones, or else last month's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from billing.config.rate_card import CardRate, in_force
from billing.controls.aggregate import summarize_passes
from billing.controls.checks.line_types import ChargeKey, charge_key, describe
from billing.controls.checks.prior_months import month_before
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, not_applicable
from billing.models import AccountMonth, InvoiceLine
from billing.money import difference, exact_sum
from billing.names import name_key
from billing_vendors.fastly.lines import ItemKey, charges, item_key
from billing_vendors.fastly.settings import FastlySettings


@dataclass(slots=True)
class _Item:
    """
    What is charged for, as a month bills it.

    :param units: by rate, how many units are charged at it.
    """

    name: str
    units: dict[Decimal, Decimal] = field(default_factory=lambda: defaultdict(Decimal))


Items = dict[ItemKey, _Item]


@dataclass(frozen=True, slots=True)
class _Known:
    """The rates to compare with: the card's in force, and last month's."""

    card: list[CardRate]
    before: Items


def rates_are_agreed(evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
    """
    Compare the rate of each item charged for with the account's rate card, or with last month's if it has no entry.

    Names are joined by what a person reads. Tiers of one item have a rate each: every rate of this month must be on the
    card, or have been used last month. An item that was not charged last month has no rate to compare with; F22 reports
    it. Credits, shortfalls and tax have no agreed rate.

        0.08, on the card 0.08 for this month              -> PASS
        0.08 and 0.07, on the card from the 15th           -> PASS
        0.10 for 50 units and 0.06 for 9; last month 0.10 for 50 at most -> PASS: a tier that was reached
        0.088, on the card 0.08                            -> EXCEPTION
        0.088, not on the card, last month 0.08            -> EXCEPTION
        within the account's tolerance for F14             -> VARIANCE_TOLERATED
        not on the card, and nothing was billed last month -> NOT_APPLICABLE
        not on the card, and the account's first month     -> NOT_APPLICABLE
        not on the card, and last month is not stored      -> BLOCKED
        no charge has a rate                               -> NOT_APPLICABLE (F2 names what lacks one)
    """
    account_month = evidence.account_month
    subject = str(account_month.month)
    items = _items(charges(account_month.invoices))
    if not items:
        yield not_applicable(subject, "the month has no charge with a rate")
        return
    card = in_force(evidence.account.rate_card, account_month.month)
    on_card = {charged for charged in items if _card_rates(charged, card)}
    before = month_before(evidence)
    if isinstance(before, Finding) and len(on_card) < len(items):
        yield before
    stored = before if isinstance(before, AccountMonth) else None
    known = _Known(card, _items(charges(stored.invoices)) if stored else {})
    comparable = [charged for charged in items if charged in on_card or charged in known.before]
    if stored and not comparable:
        yield not_applicable(subject, f"nothing of this month was charged in {stored.month}, and no rate card names it")
    currency = evidence.account.currency
    findings = (
        _finding(subject, items[charged], rate, _agreed(charged, items[charged], known), currency)
        for charged in comparable
        for rate in sorted(items[charged].units)
    )
    yield from summarize_passes(subject, "rates", findings, listed=True)


def _agreed(charged: ItemKey, item: _Item, known: _Known) -> tuple[set[Decimal], str]:
    """Return the rates that an item may have, and whose they are."""
    on_card = _card_rates(charged, known.card)
    if on_card:
        return on_card, "on the rate card"
    before = known.before[charged].units
    reached = {rate for rate in item.units if _is_next_tier(rate, item.units, before)}
    return set(before) | reached, "last month"


def _is_next_tier(rate: Decimal, now: dict[Decimal, Decimal], before: dict[Decimal, Decimal]) -> bool:
    """
    Return whether a new rate is of a tier that was reached: below all others, which are all used again; those that were
    full are as full as before, and the last one is at least as full.
    """
    lowest = min(before)
    if rate >= lowest or not set(before) <= set(now):
        return False
    return now[lowest] >= before[lowest] and all(now[full] == before[full] for full in before if full != lowest)


def _finding(subject: str, item: _Item, rate: Decimal, agreed: tuple[set[Decimal], str], currency: str) -> Finding:
    expected, source = agreed
    nearest = min(expected, key=lambda other: (abs(difference(rate, other)), other))
    same = rate == nearest
    verdict = f"as {source}" if same else f"but {' or '.join(f'{each:f}' for each in sorted(expected))} {source}"
    return Finding(
        subject,
        State.PASS if same else State.EXCEPTION,
        f"{item.name}: the rate is {rate:f}, {verdict}",
        expected=nearest,
        actual=rate,
        difference=difference(rate, nearest),
        currency=currency,
        operands={"charged": item.name, "rate": rate, "compared": sorted(expected), "source": source},
    )


def _items(lines: Iterable[InvoiceLine]) -> Items:
    units: dict[tuple[ChargeKey, Decimal], list[Decimal]] = defaultdict(list)
    for line in lines:
        if line.rate is not None:
            units[charge_key(line), line.rate].append(line.quantity or Decimal(0))
    found: Items = {}
    for (charged, rate), quantities in units.items():  # thousands of lines charge for the same few things
        key = item_key(charged)
        item = found[key] = found.get(key) or _Item(describe(charged))
        item.units[rate] = exact_sum((item.units[rate], *quantities))
    return found


def _card_rates(charged: ItemKey, card: list[CardRate]) -> set[Decimal]:
    """Return the agreed rates of the most specific entries for an item: of each tier, and of each part of the month."""
    product, region, usage_type = charged
    fitting = [
        (entry, (entry.region is not None) + (entry.usage_type is not None))
        for entry in card
        if name_key(entry.product) == product
        and name_key(entry.region) in {"", region}
        and name_key(entry.usage_type) in {"", usage_type}
    ]
    most = max((said for _, said in fitting), default=0)
    return {entry.rate for entry, said in fitting if said == most}


F14 = Control(
    "F14",
    "Rates are the agreed ones, or last month's",
    "valuation",
    "exception",
    rates_are_agreed,
    operands="rate of each charge, the dated rate card, last month's rates",
)
