"""F14: rates are the agreed ones, or else last month's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from billing.config.rate_card import CardRate, in_force
from billing.controls.aggregate import summarize_passes
from billing.controls.checks.line_types import ChargeKey, charge_key, charges_of, describe
from billing.controls.checks.prior_months import month_before
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, not_applicable
from billing.models import AccountMonth, InvoiceLine
from billing.money import difference
from billing_vendors.fastly.settings import FastlySettings

Rates = dict[ChargeKey, set[Decimal]]


@dataclass(frozen=True, slots=True)
class _Known:
    """The rates to compare with: the card's in force, and last month's."""

    card: list[CardRate]
    before: Rates


def rates_are_agreed(evidence: Evidence[FastlySettings]) -> Iterator[Finding]:
    """
    Compare the rate of each item charged for with the account's rate card, or with last month's if it has no entry.

    Tiers of one item have a rate each: every rate of this month must have been used last month. An item that was not
    charged last month has no rate to compare with; F22 reports it. Credits and shortfalls have no agreed rate.

        0.08, on the card 0.08 for this month              -> PASS
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
    rates = _rates(charges_of(account_month.invoices))
    if not rates:
        yield not_applicable(subject, "the month has no charge with a rate")
        return
    card = in_force(evidence.account.rate_card, account_month.month)
    on_card = {charged for charged in rates if _card_rate(charged, card) is not None}
    before = month_before(evidence)
    if isinstance(before, Finding) and len(on_card) < len(rates):
        yield before
    stored = before if isinstance(before, AccountMonth) else None
    known = _Known(card, _rates(charges_of(stored.invoices)) if stored else {})
    comparable = [charged for charged in rates if charged in on_card or charged in known.before]
    if stored and not comparable:
        yield not_applicable(subject, f"nothing of this month was charged in {stored.month}, and no rate card names it")
    currency = evidence.account.currency
    findings = (
        _finding(subject, charged, rate, known, currency) for charged in comparable for rate in sorted(rates[charged])
    )
    yield from summarize_passes(subject, "rates", findings, listed=True)


def _finding(subject: str, charged: ChargeKey, rate: Decimal, known: _Known, currency: str) -> Finding:
    agreed = _card_rate(charged, known.card)
    source = "last month" if agreed is None else "on the rate card"
    expected = {agreed} if agreed is not None else known.before[charged]
    nearest = min(expected, key=lambda other: (abs(difference(rate, other)), other))
    same = rate == nearest
    verdict = f"as {source}" if same else f"but {' or '.join(f'{each:f}' for each in sorted(expected))} {source}"
    return Finding(
        subject,
        State.PASS if same else State.EXCEPTION,
        f"{describe(charged)}: the rate is {rate:f}, {verdict}",
        expected=nearest,
        actual=rate,
        difference=difference(rate, nearest),
        currency=currency,
        operands={"charged": describe(charged), "rate": rate, "compared": sorted(expected), "source": source},
    )


def _rates(lines: Iterable[InvoiceLine]) -> Rates:
    found: Rates = defaultdict(set)
    for line in lines:
        if line.rate is not None:
            found[charge_key(line)].add(line.rate)
    return dict(found)


def _card_rate(charged: ChargeKey, card: list[CardRate]) -> Decimal | None:
    """Return the agreed rate of the most specific entry for an item."""
    product, region, usage_type = charged
    fitting = [
        entry
        for entry in card
        if entry.product == product and entry.region in {None, region} and entry.usage_type in {None, usage_type}
    ]
    best = max(fitting, key=lambda entry: (entry.region is not None) + (entry.usage_type is not None), default=None)
    return None if best is None else best.rate


F14 = Control(
    "F14",
    "Rates are the agreed ones, or last month's",
    "valuation",
    "exception",
    rates_are_agreed,
    operands="rate of each charge, the dated rate card, last month's rates",
)
