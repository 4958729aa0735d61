"""G16: a contract's billing periods follow each other without a gap or an overlap."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from itertools import pairwise

from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, State, blocked, not_applicable
from billing.models import Contract, ContractBillingPeriod
from billing.names import name_key
from billing_vendors.genesys_cloud.settings import GenesysSettings

_LONGEST_MONTH = 31


def billing_periods_adjoin(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    For each contract, compare the billing periods that end in this month with those that end in the month before: each
    must begin on the day on which the one before it ended, and an active contract must have one.

        1 to 30 September, 1 to 31 October             -> PASS
        1 to 30 September, 5 to 31 October             -> EXCEPTION: a gap of 4 days
        1 to 30 September, 28 September to 31 October  -> EXCEPTION: an overlap of 3 days
        1 to 30 September, none in October, one later  -> EXCEPTION: a period is missing
        none in October, nor any later                 -> BLOCKED: the vendor does not list it
        none in September, nor any earlier             -> BLOCKED
        the contract begins with the period            -> PASS
        the contract has ended, by its date or by those of all its items, or is inactive -> NOT_APPLICABLE
        the account's first month                      -> NOT_APPLICABLE
        the month before is not stored                 -> BLOCKED
        no contract was read                           -> NOT_APPLICABLE
    """
    account_month = evidence.account_month
    if not account_month.contracts:
        yield not_applicable(str(account_month.month), "no contract was read")
    for contract in account_month.contracts:
        yield from _of_contract(evidence, contract)


def _of_contract(evidence: Evidence[GenesysSettings], contract: Contract) -> Iterator[Finding]:
    now = _periods(evidence.account_month.billing_periods, contract)
    before = _periods(evidence.previous.billing_periods if evidence.previous else (), contract)
    name = contract.external_number or contract.contract_id
    if not now:
        yield _without_period(evidence, contract, name, before)
        return
    yield from (_adjoin(one, next_one) for one, next_one in pairwise(now))
    first = now[0]
    if before:
        yield _adjoin(before[-1], first)
    elif contract.starts_on is not None and contract.starts_on == first.starts_on:
        yield Finding(
            first.billing_period_id, State.PASS, f"the contract {name} begins on {first.starts_on}, as the period does"
        )
    elif evidence.account_month.month <= evidence.account.first_month:
        yield not_applicable(first.billing_period_id, "the account's first month has none before it")
    elif evidence.previous is None:
        yield blocked(
            first.billing_period_id, f"the month before, {evidence.account_month.month.shifted(-1)}, is not stored"
        )
    elif gap := _gap(contract, lambda _, begins: begins == first.starts_on):
        yield Finding(first.billing_period_id, State.EXCEPTION, f"contract {name}: {gap}", operands={"gap": gap})
    else:
        yield blocked(first.billing_period_id, f"the vendor lists no billing period of contract {name} before this one")


def _gap(contract: Contract, wanted: Callable[[date, date], bool]) -> str | None:
    """Return, in words, days between listed billing periods that no listed one has."""
    for days in contract.attributes.get("billingPeriodGaps", ()):
        ended, begins = map(date.fromisoformat, days)
        if wanted(ended, begins):
            return (
                f"no listed billing period has the days {ended} to {begins} (not included), but others before and after"
            )
    return None


def _without_period(
    evidence: Evidence[GenesysSettings], contract: Contract, name: str, before: list[ContractBillingPeriod]
) -> Finding:
    subject, month = str(evidence.account_month.month), evidence.account_month.month
    begins, ends, after = contract.starts_on, _last_day_after(contract), month.shifted(1).first_day
    if begins is not None and begins >= after:
        return not_applicable(subject, f"contract {name} begins on {begins}")
    if ends is not None and ends <= (before[-1].ends_on if before else month.first_day):
        return not_applicable(subject, f"contract {name} ended on {ends}")
    gap = _gap(contract, lambda ended, begins: ended < after and begins > month.first_day)
    if name_key(contract.status) == "inactive" and not gap:
        return not_applicable(subject, f"contract {name} is no longer active")
    if not before and begins is not None and begins >= month.first_day:
        return not_applicable(subject, f"contract {name} began on {begins}; its first period ends later")
    if before and (before[-1].ends_on - before[-1].starts_on).days > _LONGEST_MONTH:
        return not_applicable(subject, f"contract {name} has longer billing periods; the present one ends later")
    if not gap and not before:
        return blocked(subject, f"the vendor lists no billing period of contract {name} that ends in {month}")
    return Finding(
        subject,
        State.EXCEPTION,
        f"contract {name} runs, but no billing period of it ends in {month}" + (f": {gap}" if gap else ""),
        operands={"contract": contract.contract_id, "before": before[-1].billing_period_id if before else None},
    )


def _last_day_after(contract: Contract) -> date | None:
    """Return the day after a contract's last one, by its items if it names none; None if it goes on."""
    ends = [item.effective_end for item in contract.items]
    known = [end for end in ends if end is not None]
    return contract.ends_on or (max(known) if known and len(known) == len(ends) else None)


def _adjoin(one: ContractBillingPeriod, following: ContractBillingPeriod) -> Finding:
    days = (following.starts_on - one.ends_on).days
    fault = f"there is a gap of {days} days" if days > 0 else f"they overlap by {-days} days"
    return Finding(
        following.billing_period_id,
        State.EXCEPTION if days else State.PASS,
        f"after {one.billing_period_id}, which ends before {one.ends_on}, this one begins on {following.starts_on}: "
        + (fault if days else "they adjoin"),
        operands={"before": one.billing_period_id, "ended": str(one.ends_on), "begins": str(following.starts_on)},
    )


def _periods(periods: tuple[ContractBillingPeriod, ...], contract: Contract) -> list[ContractBillingPeriod]:
    ours = (period for period in periods if period.contract_id == contract.contract_id)
    return sorted(ours, key=lambda period: (period.starts_on, period.ends_on))


G16 = Control(
    "G16",
    "Billing periods adjoin",
    "completeness",
    "exception",
    billing_periods_adjoin,
    operands="billing periods of this month and the one before, dates of the contract",
)
