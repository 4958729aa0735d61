"""G7: a wallet's balances roll forward."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from billing.controls.aggregate import compare_quantities, summarize_passes
from billing.controls.control import Control
from billing.controls.evidence import Evidence
from billing.controls.finding import Finding, blocked, not_applicable
from billing.matching.price_book import Purpose, purpose_of
from billing.models import Contract, ContractBillingPeriod, Wallet
from billing.money import difference, exact_sum
from billing.names import name_key
from billing_vendors.genesys_cloud.settings import GenesysSettings


def wallets_roll_forward(evidence: Evidence[GenesysSettings]) -> Iterator[Finding]:
    """
    Check three things of each wallet, in its own unit, exactly: the period's start + increase - decrease - consumption
    is its end, with overage below zero; the consumption is what the charges converted to tokens; and the period starts
    with the balance at the end of the one before. A missing figure is zero if the equation then holds. What is used
    beyond the balance may be shown in the consumption, or apart from it, or by the charges; the end is then zero or
    below. Tokens of a one-time item that begins between the periods may be in the start.

        420 + 0 - 0 - 1620, end 0, overage 1200      -> PASS
        420 + 0 - 0 - 420, end 0, overage 1200       -> PASS: the consumption is what the balance covers
        500 + 0 - 0 - 100, end 350                   -> EXCEPTION
        charges of 1620 tokens, consumption 1620     -> PASS; consumption 1670 -> EXCEPTION
        the period before ended with 420, start 420  -> PASS; start 470 -> EXCEPTION
        a balance is missing                         -> BLOCKED
        the month before is not stored               -> BLOCKED
        the first period, or a wallet that is new    -> NOT_APPLICABLE (continuity)
        no wallet                                    -> NOT_APPLICABLE
    """
    periods = [period for period in evidence.account_month.billing_periods if period.wallets]
    if not periods:
        yield not_applicable(str(evidence.account_month.month), "no wallet belongs to the month's billing periods")
    for period in periods:
        subject = period.billing_period_id
        findings = [_rolls(subject, wallet, _beyond_by_charges(period)) for wallet in period.wallets]
        findings += [_consumed(period), *(_continues(evidence, period, wallet) for wallet in period.wallets)]
        yield from summarize_passes(subject, "wallet equations", findings)


def _rolls(subject: str, wallet: Wallet, beyond_by_charges: Decimal) -> Finding:
    what = f"wallet {wallet.name or wallet.wallet_id}"
    parts = {
        "starting_balance": wallet.starting_balance,
        "balance_increase": wallet.balance_increase,
        "balance_decrease": wallet.balance_decrease,
        "balance_consumption": wallet.balance_consumption,
        "ending_balance": wallet.ending_balance,
    }
    known = {name: number or Decimal(0) for name, number in parts.items()}
    spent = exact_sum((known["balance_decrease"], known["balance_consumption"]))
    rest = difference(exact_sum((known["starting_balance"], known["balance_increase"])), spent)
    end, overage = known["ending_balance"], wallet.overage_quantity or Decimal(0)
    if not overage and rest < 0 and beyond_by_charges == -rest:
        overage = beyond_by_charges
    holds = (end, overage) == (rest, Decimal(0)) or (rest < 0 and end in (0, rest) and overage == -rest)
    apart = rest == end == 0 and overage > 0
    missing = [name for name, number in parts.items() if number is None]
    if not (holds or apart) and missing:
        return blocked(subject, f"{what} has no {missing[0].replace('_', ' ')}")
    if rest < 0 and wallet.overage_quantity is None and not overage:
        return blocked(subject, f"{what} falls to {rest}, and it shows no overage")
    found = compare_quantities(
        subject, f"end of {what}", expected=end if holds or apart else max(rest, Decimal(0)), actual=end
    )
    if found.difference == 0:
        expected = overage if holds or apart else max(-rest, Decimal(0))
        found = compare_quantities(subject, f"overage of {what}", expected=expected, actual=overage)
    return replace(found, operands={**known, "overage": overage})


def _beyond_by_charges(period: ContractBillingPeriod) -> Decimal:
    """Return the tokens beyond the balance that the charges show as their own overage."""
    rows = (charge for charge in period.charges if charge.converted_token_count)
    return exact_sum(charge.overage_quantity or Decimal(0) for charge in rows)


def _consumed(period: ContractBillingPeriod) -> Finding:
    """Compare what the charges converted to tokens with what the wallets consumed."""
    subject = period.billing_period_id
    tokens = [charge.converted_token_count for charge in period.charges if charge.converted_token_count is not None]
    consumed = exact_sum(wallet.balance_consumption or Decimal(0) for wallet in period.wallets)
    if not tokens:
        return not_applicable(subject, "no charge was converted to tokens")
    expected, what = exact_sum(tokens), "tokens that the charges converted against what the wallets consumed"
    if expected != consumed and any(wallet.balance_consumption is None for wallet in period.wallets):
        return blocked(subject, "a wallet has no consumption")
    beyond = exact_sum(wallet.overage_quantity or Decimal(0) for wallet in period.wallets) or _beyond_by_charges(period)
    if beyond and exact_sum((consumed, beyond)) == expected:
        what, consumed = f"{what}, with {beyond} beyond the balance", expected
    return compare_quantities(subject, what, expected=expected, actual=consumed)


def _continues(evidence: Evidence[GenesysSettings], period: ContractBillingPeriod, wallet: Wallet) -> Finding:
    subject, what = period.billing_period_id, f"wallet {wallet.name or wallet.wallet_id}"
    contract = next((each for each in evidence.account_month.contracts if each.contract_id == period.contract_id), None)
    if contract is not None and contract.starts_on is not None and contract.starts_on >= period.starts_on:
        return not_applicable(subject, f"{what}: the contract's first billing period has none before it")
    before = _before(evidence, period)
    if before is None:
        if evidence.account_month.month <= evidence.account.first_month:
            return not_applicable(subject, f"{what}: the account's first month has none before it")
        return blocked(subject, f"{what}: the billing period before is not stored")
    earlier = next((each for each in before.wallets if _name(each) == _name(wallet)), None)
    if earlier is None:
        return not_applicable(subject, f"{what}: the billing period before has no such wallet, it is new")
    ended, starts = earlier.ending_balance or Decimal(0), wallet.starting_balance or Decimal(0)
    if ended != starts and None in (earlier.ending_balance, wallet.starting_balance):
        return blocked(subject, f"{what}: a balance that should continue is missing")
    bought = difference(starts, max(ended, Decimal(0))) in _bought(contract, before.starts_on, period.ends_on)
    return compare_quantities(
        subject,
        f"start of {what} against the end of {before.billing_period_id}",
        expected=starts if bought else ended,
        actual=starts,
    )


def _name(wallet: Wallet) -> str:
    return wallet.wallet_id or name_key(wallet.sku or wallet.name)


def _bought(contract: Contract | None, start: date, end: date) -> set[Decimal | None]:
    """Return the quantities of one-time items that begin between two days."""
    items = contract.items if contract else ()
    return {
        item.quantity
        for item in items
        if purpose_of(item) is Purpose.ONE_TIME and item.effective_start and start <= item.effective_start < end
    }


def _before(evidence: Evidence[GenesysSettings], period: ContractBillingPeriod) -> ContractBillingPeriod | None:
    """Return the contract's billing period that ended where this one begins, of this month or of the one before."""
    earlier = evidence.previous.billing_periods if evidence.previous else ()
    known = (*evidence.account_month.billing_periods, *earlier)
    ours = (each for each in known if each.contract_id == period.contract_id)
    return next((each for each in ours if each.ends_on == period.starts_on), None)


G7 = Control(
    "G7",
    "Wallets roll forward",
    "accuracy",
    "exception",
    wallets_roll_forward,
    operands="balances of each wallet, now and in the period before; tokens that charges converted",
)
